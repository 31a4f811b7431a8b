//! Whom a connection trusts.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Which certificates are trusted: those of the system, or those of a file. There is no way to trust any.
#[derive(Clone, Debug)]
pub struct Trust(pub(crate) Arc<ClientConfig>);

impl Trust {
    /// The certificates that the system trusts.
    ///
    /// # Errors
    /// When it has none.
    pub fn of_system() -> Result<Self, String> {
        let found = rustls_native_certs::load_native_certs();
        Trust::of(found.certs, "the system trusts no certificate: name a file with `--ca-file`")
    }

    /// The certificates of a PEM file, and no others.
    ///
    /// # Errors
    /// When it cannot be read, or holds none.
    pub fn of_file(path: &Path) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| {
            format!("no certificate can be read from {}: {error}", path.display())
        };
        let certificates = CertificateDer::pem_file_iter(path)
            .map_err(|error| wrong(&error))?
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| wrong(&error))?;
        Trust::of(certificates, &wrong(&"it holds none"))
    }

    fn of(certificates: Vec<CertificateDer<'static>>, none: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates);
        if roots.is_empty() {
            return Err(none.to_owned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Trust(Arc::new(config)))
    }
}
