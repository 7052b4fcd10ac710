//! What tests share: private PostgreSQL and Redis instances.
