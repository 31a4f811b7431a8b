//! Tests encrypted connections, and the certificates that they trust.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use bench_endpoint::api::Limits;
use bench_endpoint::client::{Client, Policy, Target, Trust, Version};
use bench_endpoint::failure::Class;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_rustls::TlsAcceptor;

use crate::http2;

/// A certificate of `localhost` and its key, in a file that is removed when this is dropped.
struct Certificate {
    key: rcgen::CertifiedKey<rcgen::KeyPair>,
    file: PathBuf,
}

impl Certificate {
    fn new(name: &str) -> Self {
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let file = std::env::temp_dir().join(format!("bench-endpoint-{name}-{}.pem", std::process::id()));
        std::fs::write(&file, key.cert.pem() + &key.signing_key.serialize_pem()).expect("a file");
        Certificate { key, file }
    }

    fn trust(&self) -> Trust {
        Trust::of_file(&self.file).expect("a certificate")
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // A file that remains is in the folder for temporary files.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Returns the TLS configuration of a server. With `clients`, only clients that present this certificate are accepted.
fn config(certificate: &Certificate, clients: Option<&Certificate>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(clients.key.cert.der().clone()).expect("a certificate");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certificate.key.signing_key.serialize_der()));
    builder.with_single_cert(vec![certificate.key.cert.der().clone()], key).expect("a configuration")
}

/// Answers one request on each connection; returns its port.
fn serve(config: ServerConfig) -> u16 {
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            // A client that does not trust the certificate closes the connection.
            if stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
            }
        }
    });
    port
}

/// Serves HTTP/2 on connections that agree to it; returns its port.
fn serve_http2(mut config: ServerConfig) -> u16 {
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let port = listener.local_addr().expect("an address").port();
    let handler: http2::Handler = Arc::new(|_, respond| http2::answer(respond, "hi"));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                // A client that is refused closes the connection.
                if let Ok(stream) = acceptor.accept(stream).await {
                    tokio::spawn(http2::serve(stream, Arc::clone(&handler)));
                }
            }
        });
    });
    port
}

fn get(port: u16, trust: Trust) -> Result<Vec<u8>, Class> {
    get_speaking(Version::Http1, port, trust)
}

fn get_speaking(version: Version, port: u16, trust: Trust) -> Result<Vec<u8>, Class> {
    let target = Target::parse(&format!("https://localhost:{port}")).expect("an address");
    let client =
        Client::new([target], Some(trust), Policy::Warm, Limits::default(), &[], None).expect("a client");
    client.speaking(version).get("/").map_err(|failure| failure.class)
}

#[test]
fn a_certificate_must_be_trusted() {
    let (own, other) = (Certificate::new("own"), Certificate::new("other"));
    let port = serve(config(&own, None));
    assert_eq!(get(port, own.trust()), Ok(b"hi".to_vec()));
    assert_eq!(get(port, other.trust()), Err(Class::Tls));
    // A server without encryption, which closes connections that it does not understand.
    let plain = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = plain.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    assert_eq!(get(port, own.trust()), Err(Class::Tls));
    assert!(Trust::of_file(&PathBuf::from("missing.pem")).is_err());
    let target = Target::parse("https://localhost").expect("an address");
    let without = Client::new([target], None, Policy::Warm, Limits::default(), &[], None);
    assert_eq!(without.err().map(|failure| failure.class), Some(Class::Tls));
}

#[test]
fn a_server_may_want_to_know_who_asks() {
    let (own, client, other) =
        (Certificate::new("server"), Certificate::new("client"), Certificate::new("stranger"));
    let port = serve(config(&own, Some(&client)));
    let presenting = |who: &Certificate| own.trust().presenting(&who.file, &who.file).expect("an identity");
    assert_eq!(get(port, presenting(&client)), Ok(b"hi".to_vec()));
    // With TLS 1.3, the client learns of the refusal when it reads.
    assert_eq!(get(port, own.trust()), Err(Class::Tls));
    assert_eq!(get(port, presenting(&other)), Err(Class::Tls));
    let port = serve_http2(config(&own, Some(&client)));
    assert_eq!(get_speaking(Version::Http2, port, presenting(&client)), Ok(b"hi".to_vec()));
    // If the server closed the connection before everything was written, its reason is not read.
    let refused = get_speaking(Version::Http2, port, presenting(&other));
    assert!(matches!(refused, Err(Class::Tls | Class::Reset)), "{refused:?}");
}

#[test]
fn an_identity_is_a_certificate_with_its_key() {
    let (own, other) = (Certificate::new("mine"), Certificate::new("not-mine"));
    let refused = |certificate: &std::path::Path, key: &std::path::Path| {
        own.trust().presenting(certificate, key).expect_err("refused")
    };
    let error = refused(&own.file, &other.file);
    assert!(error.contains("cannot be used with the key") && !error.contains("PRIVATE"), "{error}");
    let empty = own.file.with_extension("empty");
    std::fs::write(&empty, "nothing").expect("a file");
    assert!(refused(&empty, &own.file).contains("no certificate can be read"));
    assert!(refused(&own.file, &empty).contains("no private key can be read"));
    assert!(refused(&own.file, std::path::Path::new("missing.pem")).contains("missing.pem"));
    std::fs::remove_file(&empty).expect("removed");
}

#[test]
fn the_version_of_http_is_agreed_on() {
    let own = Certificate::new("versions");
    let port = serve_http2(config(&own, None));
    assert_eq!(get_speaking(Version::Http2, port, own.trust()), Ok(b"hi".to_vec()));
    // HTTP/2 is not used with a server that does not negotiate it.
    let port = serve(config(&own, None));
    assert_eq!(get_speaking(Version::Http2, port, own.trust()), Err(Class::Protocol));
}
