//! Tests many requests at once on a connection, and their failures.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bench_endpoint::api::{Answer, Head, Limits, Marks, Told};
use bench_endpoint::client::{Caller, Client, Policy, Request, Target, Version};
use bench_endpoint::failure::{Class, Failure};
use bench_truth::{Truth, json};
use bytes::Bytes;
use futures_util::future::join_all;
use h2::Reason;
use h2::server::SendResponse;
use http::{HeaderMap, Method, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

/// Handles a request.
pub(crate) type Handler = Arc<dyn Fn(&http::Request<h2::RecvStream>, SendResponse<Bytes>) + Send + Sync>;

/// Serves one connection until the client closes it.
pub(crate) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, handler: Handler) {
    // A client that does not complete the handshake is dropped.
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        handler(&request, respond);
    }
}

/// An HTTP/2 server without TLS, which counts its connections.
pub(crate) struct Server {
    pub(crate) target: Target,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn start(handler: Handler) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("set");
        let target =
            Target::parse(&listener.local_addr().expect("an address").to_string()).expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, _)) = listener.accept().await {
                    count.fetch_add(1, Ordering::Relaxed);
                    tokio::spawn(serve(stream, Arc::clone(&handler)));
                }
            });
        });
        Server { target, connections }
    }

    pub(crate) fn client(&self, policy: Policy) -> Client {
        let client = Client::new([self.target.clone()], None, policy, Limits::default(), &[], None);
        client.expect("a client").speaking(Version::Http2)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Answers with this body, in two pieces.
pub(crate) fn answer(mut respond: SendResponse<Bytes>, body: &'static str) {
    let mut stream = respond.send_response(Response::new(()), false).expect("a stream");
    let (first, second) = body.split_at(body.len() / 2);
    stream.send_data(Bytes::from_static(first.as_bytes()), false).expect("sent");
    stream.send_data(Bytes::from_static(second.as_bytes()), true).expect("sent");
}

/// Takes any answer.
struct Any;

impl Answer for Any {
    fn bytes(&mut self, _: &[u8], _: std::time::Instant, _: &mut dyn Marks) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, _: std::time::Instant, _: &mut dyn Marks) -> Result<Told, Failure> {
        Ok(Told::Plain)
    }
}

impl Marks for Any {
    fn output(&mut self, _: std::time::Instant, _: Option<u32>) {}

    fn answer(&mut self, _: std::time::Instant) {}

    fn end(&mut self, _: std::time::Instant) {}
}

/// Sends `count` requests at once, each of a different client; returns how many were answered.
fn at_once(client: &Client, count: u32) -> usize {
    let headers = HeaderMap::new();
    let make = |_: &Head| -> Box<dyn Answer> { Box::new(Any) };
    let one = |number: u32| {
        let (headers, make) = (&headers, &make);
        async move {
            let request =
                Request { method: Method::POST, path: "/a", headers, body: Bytes::from_static(b"hi") };
            client.request(&request, &Caller { client: number, level_began: None }, make, &mut Any).await
        }
    };
    let all = bench_load::cores::block_on(0, join_all((0..count).map(one))).expect("event loops");
    all.into_iter().filter(Result::is_ok).count()
}

#[test]
fn requests_of_many_clients_are_at_once_on_one_connection() {
    // No request is answered before all have arrived.
    let waiting = Mutex::new(Vec::new());
    let server = Server::start(Arc::new(move |request, respond| {
        assert_eq!(request.uri().path(), "/a");
        assert_eq!(request.headers()["content-length"], "2");
        assert!(!request.headers().contains_key("host") && request.uri().authority().is_some());
        let mut waiting = waiting.lock().expect("no panic");
        waiting.push(respond);
        if waiting.len() == 20 {
            waiting.drain(..).for_each(|respond| answer(respond, "hello"));
        }
    }));
    let warm = server.client(Policy::Warm);
    warm.warm(20).expect("connected");
    assert_eq!((at_once(&warm, 20), at_once(&warm, 20)), (20, 20));
    assert_eq!((server.connections(), warm.counts().opened, warm.counts().reused), (1, 1, 39));
    // Requests that come before there is a connection wait for the first one to make it.
    let cold = server.client(Policy::Cold);
    assert_eq!((at_once(&cold, 20), server.connections()), (20, 2));
    let sticky = server.client(Policy::Sticky);
    sticky.warm(20).expect("connected");
    assert_eq!((at_once(&sticky, 20), server.connections()), (20, 22));
    assert_eq!((at_once(&server.client(Policy::PerRequest), 20), server.connections()), (20, 42));
}

#[test]
fn failures_have_the_classes_of_other_connections() {
    let server = Server::start(Arc::new(|request, mut respond| match request.uri().path() {
        "/busy" => {
            let head = Response::builder().status(429).header("retry-after", "7").body(()).expect("a head");
            let mut stream = respond.send_response(head, false).expect("a stream");
            let body = Bytes::from_static(b"{\"error\":{\"message\":\"slow down\"}}");
            stream.send_data(body, true).expect("sent");
        }
        "/cut" => {
            let head = Response::builder().header("content-length", "5").body(()).expect("a head");
            let mut stream = respond.send_response(head, false).expect("a stream");
            stream.send_data(Bytes::from_static(b"x"), true).expect("sent");
        }
        "/refused" => respond.send_reset(Reason::REFUSED_STREAM),
        _ => answer(respond, "hello"),
    }));
    let client = server.client(Policy::Warm);
    let class = |path| client.get(path).map_err(|failure| failure.class);
    assert_eq!(class("/"), Ok(b"hello".to_vec()));
    let busy = client.get("/busy").expect_err("a failure");
    assert_eq!(busy.to_string(), "status-429: Too Many Requests (Retry-After: 7): slow down");
    assert_eq!([class("/cut"), class("/refused")], [Err(Class::Cut), Err(Class::Reset)]);
    // None of them has ended the connection.
    assert_eq!((class("/"), server.connections()), (Ok(b"hello".to_vec()), 1));
    // A server that speaks HTTP/1.1 alone.
    let other = Truth::start(|_| vec![json("{}")]);
    let target = Target::parse(&other.url()).expect("an address");
    let client = Client::new([target], None, Policy::Warm, Limits::default(), &[], None).expect("a client");
    let failure = client.speaking(Version::Http2).get("/").expect_err("another protocol");
    assert_eq!(failure.class, Class::Protocol, "{failure}");
}
