//! [`Version`]: the version of HTTP.

/// The version of HTTP. A server cannot change it, because figures of two versions must not be mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1: a connection serves one request at a time.
    #[default]
    Http1,
    /// HTTP/2, agreed on by ALPN if connections are encrypted, and begun at once if they are not. A connection serves
    /// many requests at once, so that an event loop has one for each server, unless the [`Policy`](super::Policy)
    /// requires more.
    Http2,
}

impl Version {
    /// Returns the name in the protocol negotiation of TLS (ALPN, RFC 7301); `None` if it is not negotiated.
    pub(super) fn protocol(self) -> Option<&'static [u8]> {
        match self {
            Version::Http1 => None,
            Version::Http2 => Some(b"h2"),
        }
    }
}
