//! Leased jobs in the application's own database.
