//! The application, feature by feature.
