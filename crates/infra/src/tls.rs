//! The cryptography of TLS.

/// Makes ring the cryptography that HTTP clients of this process find when they are made; they have none of their own.
/// What was chosen before stays: there is no other in the program.
pub fn use_ring() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
