//! Tests connections to a server with a certificate, and to one without.

use std::net::TcpListener;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::{Database, Postgres, Store, StoreError, Value, record};
use bench_testing::Server;

/// Returns a port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("localhost:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

fn is_encrypted(postgres: &mut Postgres) -> bool {
    let sql = "SELECT ssl::int::bigint FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    postgres.query(sql, &[]).expect("an answer") == [[Value::Integer(1)]]
}

#[test]
fn a_server_is_spoken_with_in_private_if_it_is_who_it_says() {
    let folder = tempfile::tempdir().expect("folder");
    let file = |name: &str, authority: &CertifiedIssuer<'_, KeyPair>| {
        let path = folder.path().join(name);
        std::fs::write(&path, authority.pem()).expect("written");
        path.display().to_string().replace('/', "%2F")
    };
    let (ours, other) = (authority(), authority());
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .and_then(|params| params.signed_by(&key, &ours))
        .expect("a certificate");
    let port = free_port();
    let Some(_server) = Server::start_at(port, Some((&certificate.pem(), &key.serialize_pem()))) else {
        return;
    };
    let (trusted, untrusted) = (file("ours.pem", &ours), file("other.pem", &other));
    let at = |host: &str, parameters: &str| format!("postgres://bench@{host}:{port}/postgres{parameters}");
    let connect = |url: &str| Postgres::connect(url, Duration::ZERO);

    for mode in ["", "&sslmode=prefer", "&sslmode=require", "&sslmode=verify-full"] {
        let url = at("localhost", &format!("?sslrootcert={trusted}{mode}"));
        assert!(is_encrypted(&mut connect(&url).expect("trusted")), "{mode}");
    }
    for plain in ["", "?sslmode=disable"] {
        assert!(!is_encrypted(&mut connect(&at("localhost", plain)).expect("on this machine")), "{plain}");
    }
    let mut store =
        Store::open(&at("localhost", &format!("?sslrootcert={trusted}")).parse().expect("an address"))
            .expect("a store");
    store.add(&record("r1", 1, &[("unit/a", 1.0)])).expect("added");
    assert_eq!(store.runs().expect("runs").len(), 1);

    // Another authority, none at all, another name.
    for url in [
        at("localhost", &format!("?sslrootcert={untrusted}")),
        at("localhost", "?sslmode=require"),
        at("127.0.0.1", &format!("?sslrootcert={trusted}")),
    ] {
        let error = connect(&url).err().expect("not trusted");
        assert!(matches!(error, StoreError::Database { .. }), "{url}: {error}");
        let text = error.to_string();
        assert!(text.contains("sslrootcert") && text.contains("certificate"), "{url}: {text}");
    }
}

#[test]
fn a_server_that_cannot_encrypt_is_refused_where_that_is_required() {
    let port = free_port();
    let Some(_server) = Server::start_at(port, None) else { return };
    let at = |mode: &str| format!("postgres://bench@localhost:{port}/postgres?sslmode={mode}");
    assert!(!is_encrypted(&mut Postgres::connect(&at("prefer"), Duration::ZERO).expect("in plain")));
    let error = Postgres::connect(&at("require"), Duration::ZERO).err().expect("refused").to_string();
    assert!(error.contains("TLS"), "{error}");
}
