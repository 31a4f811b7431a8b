//! The certificates that a connection trusts, and the one that it presents.

use std::path::Path;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

use super::version::Version;

/// The trusted certificates: those of the system, or those of a file. There is no way to trust every certificate.
#[derive(Clone, Debug)]
pub struct Trust {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

impl Trust {
    /// Trusts the certificates that the system trusts.
    ///
    /// # Errors
    /// If the system trusts none.
    pub fn of_system() -> Result<Self, String> {
        let found = rustls_native_certs::load_native_certs();
        Trust::of(found.certs, "the system trusts no certificate: name a file with `--ca-file`")
    }

    /// Trusts the certificates in a PEM file, and no others.
    ///
    /// # Errors
    /// If the file cannot be read, or contains no certificate.
    pub fn of_file(path: &Path) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| {
            format!("no certificate can be read from {}: {error}", path.display())
        };
        let certificates = certificates_in(path).map_err(|error| wrong(&error))?;
        Trust::of(certificates, &wrong(&"it contains none"))
    }

    /// Presents a certificate to servers that ask clients to identify themselves: the first certificate in a PEM file,
    /// which may be followed by those of intermediate authorities. The private key is in another PEM file.
    ///
    /// # Errors
    /// If the files cannot be read, or if certificate and key do not belong together. No message contains the key.
    pub fn presenting(self, certificate: &Path, key: &Path) -> Result<Self, String> {
        let wrong = |path: &Path, what: &str, error: &dyn std::fmt::Display| {
            Err(format!("no {what} can be read from {}: {error}", path.display()))
        };
        let chain = match certificates_in(certificate) {
            Ok(chain) if chain.is_empty() => return wrong(certificate, "certificate", &"it contains none"),
            Ok(chain) => chain,
            Err(error) => return wrong(certificate, "certificate", &error),
        };
        let private = match PrivateKeyDer::from_pem_file(key) {
            Ok(private) => private,
            Err(rustls::pki_types::pem::Error::NoItemsFound) => {
                return wrong(key, "private key", &"it contains none in PEM");
            }
            Err(error) => return wrong(key, "private key", &error),
        };
        let identity = CertifiedKey::from_der(chain, private, &provider()).map_err(|error| {
            let (certificate, key) = (certificate.display(), key.display());
            format!("the certificate of {certificate} cannot be used with the key of {key}: {error}")
        })?;
        let resolver: Arc<dyn ResolvesClientCert> = Arc::new(SingleCertAndKey::from(identity));
        let with = |config: &ClientConfig| {
            let mut config = config.clone();
            config.client_auth_cert_resolver = Arc::clone(&resolver);
            Arc::new(config)
        };
        Ok(Trust { http1: with(&self.http1), http2: with(&self.http2) })
    }

    fn of(certificates: Vec<CertificateDer<'static>>, none: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates);
        if roots.is_empty() {
            return Err(none.to_owned());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let speaking = |version: Version| {
            let mut config = config.clone();
            config.alpn_protocols = version.protocol().map(<[u8]>::to_vec).into_iter().collect();
            Arc::new(config)
        };
        Ok(Trust { http1: speaking(Version::Http1), http2: speaking(Version::Http2) })
    }

    /// Returns the configuration of a handshake.
    pub(super) fn config(&self, version: Version) -> Arc<ClientConfig> {
        Arc::clone(match version {
            Version::Http1 => &self.http1,
            Version::Http2 => &self.http2,
        })
    }
}

fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

/// Returns all certificates in a PEM file.
fn certificates_in(path: &Path) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_file_iter(path)?.collect()
}
