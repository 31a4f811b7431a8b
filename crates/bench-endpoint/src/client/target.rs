//! The address of the server and of its endpoint.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

use crate::failure::{Class, Failure};

/// The address of a server: `http://HOST:PORT/PATH`; the schemes `grpc` and `grpcs` stand for gRPC without and with
/// TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(crate) is_tls: bool,
    pub(crate) is_grpc: bool,
    /// The host, without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The path before that of an endpoint, without a slash at its end.
    pub(crate) base: String,
}

impl Target {
    /// Parses an address. Without a scheme it is `http`.
    ///
    /// # Errors
    /// If the text is not the address of an HTTP server, or if it contains a user name or a query, which would appear
    /// in reports.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("`{text}` is not the address of a server: {what}"));
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        // This comes before any error that quotes the address, because this part may contain a secret.
        let authority = with_scheme.split("://").nth(1).unwrap_or_default();
        if authority.split('/').next().unwrap_or_default().contains('@') {
            return Err(
                "the address contains a user or a token, which would be in reports: give the token with \
                        `--token-env` or `--token-file`"
                    .to_owned(),
            );
        }
        if with_scheme.contains(['?', '#']) {
            return Err("the address contains a query or a fragment, which could be a secret: give the rest of the path \
                        with `--path`"
                .to_owned());
        }
        let uri: http::Uri = match with_scheme.parse() {
            Ok(uri) => uri,
            Err(error) => return wrong(&error.to_string()),
        };
        let (is_tls, is_grpc) = match uri.scheme_str() {
            Some("http") => (false, false),
            Some("https") => (true, false),
            Some("grpc") => (false, true),
            Some("grpcs") => (true, true),
            Some(other) => return wrong(&format!("expected http, https, grpc or grpcs, found {other}")),
            None => return wrong("expected http://HOST:PORT"),
        };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        if host.is_empty() {
            return wrong("expected a host");
        }
        Ok(Target {
            is_tls,
            is_grpc,
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            base: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Returns the same server, with `base` before the paths of its endpoints.
    pub(crate) fn with_base(self, base: String) -> Target {
        Target { base, ..self }
    }

    /// Whether connections are encrypted.
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Returns the path of an address that names an endpoint, such as `/v1/chat/completions`; empty if it names a
    /// server.
    pub fn path(&self) -> &str {
        &self.base
    }

    /// Resolves the addresses of the host. This is done once, so that the time of the name server is not part of a
    /// request.
    ///
    /// # Errors
    /// [`Class::Dns`] if there is none.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        let none = |why: String| Failure::new(Class::Dns, format!("{} has no address{why}", self.host));
        let found =
            (self.host.as_str(), self.port).to_socket_addrs().map_err(|error| none(format!(": {error}")))?;
        let found: Vec<SocketAddr> = found.collect();
        if found.is_empty() { Err(none(String::new())) } else { Ok(found) }
    }

    /// Returns the port on which a server of this machine listens; `None` if the host is another machine or has no
    /// address.
    pub fn local_port(&self) -> Option<u16> {
        // A socket can be bound to the addresses of this machine only; nothing is sent.
        let is_here = |address: &SocketAddr| std::net::UdpSocket::bind((address.ip(), 0)).is_ok();
        self.resolve().ok()?.iter().any(is_here).then_some(self.port)
    }

    /// Returns `HOST:PORT` for a `Host` header, without the port if it is the default of the scheme.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.is_tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.is_grpc, self.is_tls) {
            (false, false) => "http",
            (false, true) => "https",
            (true, false) => "grpc",
            (true, true) => "grpcs",
        };
        write!(f, "{scheme}://{}{}", self.authority(), self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown() {
        for (text, shown) in [
            ("127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://host/", "http://host"),
            ("https://host:443/v1/", "https://host/v1"),
            ("http://[::1]:80/a/b", "http://[::1]/a/b"),
            ("grpc://host:8001/", "grpc://host:8001"),
            ("grpcs://host", "grpcs://host"),
        ] {
            assert_eq!(Target::parse(text).map(|target| target.to_string()), Ok(shown.to_owned()));
        }
        assert_eq!(Target::parse("https://h").map(|target| target.port), Ok(443));
        for wrong in ["ftp://host", "http://", "http://a b", ""] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_in_an_address_is_not_repeated() {
        for wrong in ["http://user:hunter2@host", "http://host/?key=hunter2", "user:hunter2@host"] {
            let error = Target::parse(wrong).expect_err("refused");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn only_a_server_of_this_machine_has_a_local_port() {
        let port = |address: &str| Target::parse(address).expect("an address").local_port();
        assert_eq!(port("http://127.0.0.1:8000"), Some(8000));
        // An address for documentation (RFC 5737), which no machine has.
        assert_eq!(port("http://192.0.2.1:8000"), None);
        assert_eq!(port("http://no-such-host.invalid:8000"), None);
    }

    #[test]
    fn a_host_that_does_not_exist_is_a_failure_of_names() {
        let target = Target::parse("http://no-such-host.invalid").expect("an address");
        assert_eq!(target.resolve().map_err(|failure| failure.class), Err(Class::Dns));
    }
}
