//! The address of a PostgreSQL server, and the settings of its connection.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use postgres::config::{Host, SslMode};
use postgres::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::StoreError;

/// The time within which sent data must be acknowledged.
const TCP_TIMEOUT: Duration = Duration::from_secs(30);

/// A server, a user and a database.
///
/// The connection is encrypted if the server supports it, except to this machine, and the server must then present a
/// certificate for its name, from an authority that the system trusts. Two parameters override this: `sslmode` is
/// `disable` (the default for this machine), `prefer` (the default for others), or `require`, with the synonyms
/// `verify-ca` and `verify-full`; `sslrootcert` names a file (PEM) with the authorities to trust instead.
pub(super) struct Address {
    name: String,
    config: Config,
    /// `None` if the connection is not encrypted.
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    /// Reads `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?PARAMETER=VALUE&…]`.
    ///
    /// # Errors
    /// [`StoreError::Database`] if PostgreSQL would not understand the address, or the authorities are not
    /// certificates; [`StoreError::Io`] if their file cannot be read.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let name = without_password(url);
        let (server, parameters) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authorities, mut others) = (None, None, Vec::new());
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", "verify-ca" | "verify-full")) => mode = Some("require"),
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => {
                    authorities = Some(PathBuf::from(percent_decode_str(value).decode_utf8_lossy().as_ref()));
                }
                _ => others.push(parameter),
            }
        }
        let mode_parameter = mode.map(|mode| format!("sslmode={mode}"));
        others.extend(mode_parameter.as_deref());
        let parameters = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
        let mut config: Config = format!("{server}{parameters}")
            .parse()
            .map_err(|error: postgres::Error| wrong(&name, &with_cause(&error)))?;
        let is_here = config.get_hosts().iter().all(is_this_machine)
            && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
        if mode.is_none() && authorities.is_none() && is_here {
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_tcp_user_timeout().is_none() {
            // A connection that was dropped on the way must be noticed in good time.
            config.tcp_user_timeout(TCP_TIMEOUT);
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new(client_config(&name, authorities.as_deref())?)),
        };
        Ok(Address { name, config, tls })
    }

    /// The address as people may see it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Tries to connect once.
    pub(super) fn connect(&self) -> Result<Client, postgres::Error> {
        match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(postgres::NoTls),
        }
    }
}

/// Explains the failure of the encryption; `None` for any other error.
pub(super) fn not_trusted(error: &postgres::Error) -> Option<String> {
    let cause = std::error::Error::source(error)?.downcast_ref::<std::io::Error>()?;
    let tls = cause.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(format!(
        "its connection cannot be encrypted: {tls}; `?sslrootcert=FILE` names the authorities to trust, \
         `?sslmode=disable` connects without encryption"
    ))
}

/// Formats an error with its cause; without the cause, it is only "db error".
pub(super) fn with_cause(error: &postgres::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    }
}

fn client_config(name: &str, authorities: Option<&Path>) -> Result<ClientConfig, StoreError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(path) => {
            let (added, _) = roots.add_parsable_certificates(read_certificates(path)?);
            if added == 0 {
                let path = path.display();
                return Err(wrong(
                    name,
                    &format!("`sslrootcert` needs certificates in PEM: {path} has none"),
                ));
            }
        }
        None => {
            // If the system trusts no authority, a server that cannot encrypt can still be reached; the handshake with
            // any other fails, because its authority is unknown.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
        .map_err(|error| wrong(name, &error.to_string()))
}

/// The certificates in a file; none if anything in it is malformed.
fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let pem = std::fs::read(path).map_err(|source| StoreError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    Ok(found.unwrap_or_default())
}

fn wrong(name: &str, reason: &str) -> StoreError {
    StoreError::Database { store: name.to_owned(), reason: reason.to_owned() }
}

/// The address as people may see it.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "PostgreSQL".to_owned() };
    let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    if !address.contains('@') && parameters.contains('@') {
        // A question mark in a password.
        return format!("{scheme}://…");
    }
    let Some((user, host)) = address.rsplit_once('@') else { return format!("{scheme}://{address}") };
    let user = user.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_told() {
        for (url, name) in [
            ("postgres://ci:secret@db:5432/bench", "postgres://ci@db:5432/bench"),
            ("postgres://ci:s@cret@db/bench?password=secret", "postgres://ci@db/bench"),
            ("postgres://db/bench", "postgres://db/bench"),
            ("postgres://ci:sec?ret@db/bench", "postgres://…"),
            ("host=db password=secret", "PostgreSQL"),
        ] {
            assert_eq!(without_password(url), name);
        }
    }

    #[test]
    fn what_leaves_this_machine_is_encrypted() {
        for (url, mode) in [
            ("postgres://u@db.example/d", SslMode::Prefer),
            ("postgres://u@db.example/d?connect_timeout=3", SslMode::Prefer),
            ("postgres://u@localhost/d", SslMode::Disable),
            ("postgres://u@127.0.0.1:5433/d", SslMode::Disable),
            ("postgres://u@%2Ftmp/d", SslMode::Disable),
            ("postgres://u@localhost,db.example/d", SslMode::Prefer),
            ("postgres://u@localhost/d?sslmode=require", SslMode::Require),
            ("postgres:///d?hostaddr=10.0.0.5&user=u", SslMode::Prefer),
            ("postgres://u@localhost/d?hostaddr=10.0.0.5", SslMode::Prefer),
            ("postgres://u@localhost/d?hostaddr=127.0.0.1", SslMode::Disable),
            ("postgres://u@db.example/d?sslmode=disable", SslMode::Disable),
            ("postgres://u@db.example/d?sslmode=verify-full&application_name=x", SslMode::Require),
        ] {
            let address = Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!(address.config.get_ssl_mode(), mode, "{url}");
            assert_eq!(address.tls.is_some(), mode != SslMode::Disable, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_told() {
        for (url, wanted) in [
            ("postgres://u:secret@db/d?sslmode=maybe", "sslmode"),
            ("postgres://u:secret@db/d?sslrootcert=/no/such/file", "/no/such/file"),
            ("postgres://u:secret@db/d?sslrootcert=%2Fdev%2Fnull", "/dev/null has none"),
            ("postgres://u:secret@db/d?colour=blue", "colour"),
        ] {
            let error = Address::parse(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(wanted) && !error.contains("secret"), "{url}: {error}");
        }
    }
}
