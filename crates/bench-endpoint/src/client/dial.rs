//! Connects to an address.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::stamped::{Stamped, Stamps};
use super::target::Target;
use super::tls::Trust;
use super::version::Version;
use crate::failure::{Class, Failure};

/// A stream to a server, encrypted or not.
pub(crate) enum Stream {
    Plain(Stamped),
    Tls(Box<TlsStream<Stamped>>),
}

/// The result of connecting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dialled {
    /// The time until the TCP connection was established.
    pub(crate) tcp: Duration,
    /// The duration of the TLS handshake; `None` without TLS.
    pub(crate) tls: Option<Duration>,
}

/// Connects to the first address that answers, within `limit` in all.
pub(crate) async fn dial(
    target: &Target,
    addresses: &[SocketAddr],
    trust: Option<&Trust>,
    version: Version,
    limit: Duration,
    stamps: &Arc<Stamps>,
) -> Result<(Stream, Dialled), Failure> {
    let late = || Failure::timeout(Class::ConnectTimeout, "connection", limit);
    tokio::time::timeout(limit, dial_without_limit(target, addresses, trust, version, stamps))
        .await
        .unwrap_or_else(|_| Err(late()))
}

async fn dial_without_limit(
    target: &Target,
    addresses: &[SocketAddr],
    trust: Option<&Trust>,
    version: Version,
    stamps: &Arc<Stamps>,
) -> Result<(Stream, Dialled), Failure> {
    let began = Instant::now();
    let mut failed = Failure::new(Class::Dns, "no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Err(error) => failed = Failure::io(&error),
            Ok(stream) => {
                // Small requests must not wait for an acknowledgement of the one before (Nagle, RFC 896).
                stream.set_nodelay(true).map_err(|error| Failure::io(&error))?;
                let tcp = began.elapsed();
                let stream = Stamped::new(stream, Arc::clone(stamps));
                return match trust.filter(|_| target.is_tls) {
                    None => Ok((Stream::Plain(stream), Dialled { tcp, tls: None })),
                    Some(trust) => {
                        let encrypted = encrypt(target, stream, trust, version).await?;
                        let tls = Some(began.elapsed().saturating_sub(tcp));
                        Ok((Stream::Tls(Box::new(encrypted)), Dialled { tcp, tls }))
                    }
                };
            }
        }
    }
    Err(failed)
}

async fn encrypt(
    target: &Target,
    stream: Stamped,
    trust: &Trust,
    version: Version,
) -> Result<TlsStream<Stamped>, Failure> {
    let name = ServerName::try_from(target.host.clone()).map_err(|error| {
        Failure::new(Class::Tls, format!("{} is not the name of a server: {error}", target.host))
    })?;
    let connector = TlsConnector::from(trust.config(version));
    let stream =
        connector.connect(name, stream).await.map_err(|error| Failure::new(Class::Tls, error.to_string()))?;
    if version.protocol().is_some_and(|protocol| stream.get_ref().1.alpn_protocol() != Some(protocol)) {
        let message = "the server does not agree to HTTP/2 in the TLS handshake (ALPN)";
        return Err(Failure::new(Class::Protocol, message));
    }
    Ok(stream)
}

macro_rules! either {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream.get_mut() {
            Stream::Plain($inner) => $call,
            Stream::Tls($inner) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, inner => Pin::new(inner).poll_read(context, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, inner => Pin::new(inner).poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, inner => Pin::new(inner).poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, inner => Pin::new(inner).poll_shutdown(context))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, inner => Pin::new(inner).poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(inner) => inner.is_write_vectored(),
            Stream::Tls(inner) => inner.is_write_vectored(),
        }
    }
}
