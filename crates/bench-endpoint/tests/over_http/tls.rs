//! Encrypted connections, and whom they trust.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use bench_endpoint::api::Limits;
use bench_endpoint::client::{Client, Policy, Target, Trust};
use bench_endpoint::failure::Class;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate of `localhost` in a file that is removed with it.
struct Certificate {
    key: rcgen::CertifiedKey<rcgen::KeyPair>,
    file: PathBuf,
}

impl Certificate {
    fn new(name: &str) -> Self {
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let file = std::env::temp_dir().join(format!("bench-endpoint-{name}-{}.pem", std::process::id()));
        std::fs::write(&file, key.cert.pem()).expect("a file");
        Certificate { key, file }
    }

    fn trust(&self) -> Trust {
        Trust::of_file(&self.file).expect("a certificate")
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // It lies in a folder for temporary files.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Answers one request on each connection; returns its port.
fn serve(certificate: &Certificate) -> u16 {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certificate.key.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.key.cert.der().clone()], key)
        .expect("a configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            // A client that does not trust the certificate goes away.
            if stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
            }
        }
    });
    port
}

fn get(port: u16, trust: Trust) -> Result<Vec<u8>, Class> {
    let target = Target::parse(&format!("https://localhost:{port}")).expect("an address");
    let client =
        Client::new([target], Some(trust), Policy::Warm, Limits::default(), &[], None).expect("a client");
    client.get("/").map_err(|failure| failure.class)
}

#[test]
fn a_certificate_must_be_trusted() {
    let (own, other) = (Certificate::new("own"), Certificate::new("other"));
    let port = serve(&own);
    assert_eq!(get(port, own.trust()), Ok(b"hi".to_vec()));
    assert_eq!(get(port, other.trust()), Err(Class::Tls));
    // A server that does not encrypt, and closes what it does not understand.
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
