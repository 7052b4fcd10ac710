//! Streaming portfolio files: CSV and XLSX in and out.
