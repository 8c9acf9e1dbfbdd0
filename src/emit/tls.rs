//! The process-wide TLS provider.

/// Installs ring as rustls' provider, once; later calls do nothing. reqwest and redis panic where none is installed, so
/// whoever opens such a client calls this first.
pub fn install_tls() {
    // An error means that a provider is installed already, which is all that is asked for.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
