//! TLS of the receiving end, and certificates of instances.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::emit::install_tls;

/// Files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that lead to its authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// The authority of instances: whoever has no certificate of it is not spoken to.
    pub client_authority: Option<PathBuf>,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{} cannot be read as {what}: {message}", file.display())]
    File {
        file: PathBuf,
        what: &'static str,
        message: String,
    },
    #[error("the certificate {} and the key {} do not go together: {message}", certificate.display(), key.display())]
    Pair {
        certificate: PathBuf,
        key: PathBuf,
        message: String,
    },
}

/// What makes TLS of connections.
#[derive(Clone)]
pub(super) struct Tls(TlsAcceptor);

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tls")
    }
}

impl Tls {
    pub(super) fn new(files: &TlsFiles) -> Result<Tls, TlsError> {
        install_tls();
        let chain = certificates(&files.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unreadable(&files.key, "a key", &error))?;
        let config = match &files.client_authority {
            None => ServerConfig::builder().with_no_client_auth(),
            Some(file) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(file)? {
                    roots
                        .add(authority)
                        .map_err(|error| unreadable(file, "an authority", &error))?;
                }
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
                let verifier = verifier.map_err(|error| unreadable(file, "an authority", &error))?;
                ServerConfig::builder().with_client_cert_verifier(verifier)
            }
        };
        let config = config.with_single_cert(chain, key).map_err(|error| TlsError::Pair {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            message: error.to_string(),
        })?;
        Ok(Tls(TlsAcceptor::from(Arc::new(config))))
    }

    pub(super) fn acceptor(self) -> TlsAcceptor {
        self.0
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if certificates.is_empty() => Err(unreadable(file, "certificates", &"it holds none")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unreadable(file, "certificates", &error)),
    }
}

fn unreadable(file: &Path, what: &'static str, message: &dyn std::fmt::Display) -> TlsError {
    TlsError::File {
        file: file.to_owned(),
        what,
        message: message.to_string(),
    }
}
