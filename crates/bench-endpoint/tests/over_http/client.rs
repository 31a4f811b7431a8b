//! Tests the client with servers that misbehave.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use bench_endpoint::Endpoint;
use bench_endpoint::api::{Kind, Limits, Marks, Settings, Told};
use bench_endpoint::client::{Caller, Client, Policy, Served, Target};
use bench_endpoint::failure::{Class, Failure};
use bench_endpoint::secret::Secret;
use bench_truth::{Act, Truth, chat, chunk, chunked, json, last_chunk, whole};

/// Marks of one answer.
#[derive(Default)]
struct Seen {
    outputs: Vec<Instant>,
    end: Option<Instant>,
}

impl Marks for Seen {
    fn output(&mut self, at: Instant, _holds: Option<u32>) {
        self.outputs.push(at);
    }

    fn answer(&mut self, _at: Instant) {}

    fn end(&mut self, at: Instant) {
        self.end = Some(at);
    }
}

const ROLE: &str = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const TOKEN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"tok\"}}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn endpoint_with(
    server: &Truth,
    kind: Kind,
    policy: Policy,
    limits: Limits,
    secret: Option<Secret>,
) -> Endpoint {
    let target = Target::parse(&server.url()).expect("an address");
    let settings = Settings { model: Some("m".to_owned()), stream: true, limits, ..Settings::default() };
    let client = Client::new([target], None, policy, limits, &[], secret).expect("a client");
    Endpoint::new(kind, settings, client)
}

fn endpoint(server: &Truth) -> Endpoint {
    endpoint_with(server, Kind::Chat, Policy::Warm, Limits::default(), None)
}

fn send(endpoint: &Endpoint) -> (Result<Served, Failure>, Seen) {
    let mut seen = Seen::default();
    let prompt = endpoint.prompt(b"hi").expect("a prompt");
    let served = endpoint.send(&prompt, &Caller::default(), &mut seen);
    (served, seen)
}

/// Returns the class of failure of this answer.
fn class(acts: Vec<Act>) -> Class {
    let server = Truth::start(move |_| acts.clone());
    let (served, _) = send(&endpoint(&server));
    served.expect_err("a failure").class
}

#[test]
fn each_answer_that_is_none_has_its_class() {
    let stream = |pieces: &[&str]| {
        let mut acts = vec![chunked("text/event-stream")];
        acts.extend(pieces.iter().map(chunk));
        acts
    };
    let ended = |pieces: &[&str]| [stream(pieces), vec![last_chunk()]].concat();
    let with = |pieces: &[&str], last: Act| [stream(pieces), vec![last]].concat();
    let html = whole("200 OK", &["Content-Type: text/html"], "<html>bad gateway</html>");
    let zipped = whole("200 OK", &["Content-Type: application/json", "Content-Encoding: gzip"], "x");
    for (acts, expected) in [
        (ended(&[ROLE, TOKEN]), Class::Cut),
        (with(&[ROLE, TOKEN], Act::Close), Class::Cut),
        (with(&[ROLE, TOKEN], Act::Reset), Class::Cut),
        (ended(&[ROLE, DONE]), Class::Empty),
        (ended(&[TOKEN, "event: error\ndata: {\"message\":\"gone\"}\n\n"]), Class::InAnswer),
        (ended(&[TOKEN, "data: {\"choices\":\n\n"]), Class::Malformed),
        (vec![json("{\"error\":{\"message\":\"no such model\"}}")], Class::InAnswer),
        (vec![html], Class::Malformed),
        (vec![zipped], Class::Compressed),
        (vec![whole("302 Found", &["Location: http://elsewhere/"], "")], Class::Redirected),
        (vec![whole("404 Not Found", &[], "{\"error\":\"no such model\"}")], Class::Status(404)),
        (vec![Act::Send(b"SSH-2.0-OpenSSH\r\n".to_vec()), Act::Close], Class::Protocol),
        (vec![Act::Close], Class::Reset),
        (vec![Act::Reset], Class::Reset),
        (vec![whole("204 No Content", &[], "")], Class::Empty),
    ] {
        assert_eq!(class(acts.clone()), expected, "{acts:?}");
    }
}

#[test]
fn a_busy_server_says_when_to_come_back() {
    let server = Truth::start(|_| {
        vec![whole("429 Too Many Requests", &["Retry-After: 7"], "{\"error\":{\"message\":\"slow down\"}}")]
    });
    let endpoint = endpoint(&server);
    for _ in 0..3 {
        let failure = send(&endpoint).0.expect_err("a failure");
        assert_eq!(failure.to_string(), "status-429: Too Many Requests (Retry-After: 7): slow down");
    }
    // After a refusal, the next request does not need a new connection.
    let counts = endpoint.client().counts();
    assert_eq!((counts.opened, counts.reused), (1, 2));
}

#[test]
fn a_server_that_is_not_there_refuses() {
    let server = Truth::start(|_| vec![]);
    let endpoint = endpoint(&server);
    let other = Truth::start(|_| vec![]);
    drop(server);
    // The thread that accepts connections has to end first.
    let refused = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        send_within(&endpoint).is_some_and(|failure| failure.class == Class::Refused)
    });
    assert!(refused);
    drop(other);
}

/// Returns the reason why a connection cannot be made; `None` if it can.
fn send_within(endpoint: &Endpoint) -> Option<Failure> {
    endpoint.client().warm(1).err()
}

#[test]
fn time_limits_are_told_apart() {
    let limit = Duration::from_millis(80);
    let long = Limits::default();
    let of = |acts: Vec<Act>, limits: Limits| {
        let server = Truth::start(move |_| acts.clone());
        let (served, _) = send(&endpoint_with(&server, Kind::Chat, Policy::Warm, limits, None));
        served.expect_err("a failure").class
    };
    assert_eq!(of(vec![Act::Hold], Limits { first_byte: limit, ..long }), Class::FirstByteTimeout);
    let begun = vec![chunked("text/event-stream"), chunk(TOKEN), Act::Hold];
    assert_eq!(of(begun, Limits { idle: limit, ..long }), Class::IdleTimeout);
    // A byte now and then keeps the connection alive, but not forever.
    let mut slow = vec![chunked("text/event-stream")];
    for number in 1..400 {
        slow.extend([Act::WaitUntil(Duration::from_millis(10 * number)), chunk(":\n")]);
    }
    assert_eq!(of(slow, Limits { idle: limit * 100, total: limit, ..long }), Class::TotalTimeout);
}

#[test]
fn an_answer_without_an_end_is_cut_off() {
    let server = Truth::start(|_| {
        let mut acts = vec![chunked("text/event-stream")];
        acts.extend((0..64).map(|_| chunk(format!(": {}\n\n", "x".repeat(64 << 10)))));
        acts
    });
    let limits = Limits { body_bytes: 1 << 20, ..Limits::default() };
    let (served, _) = send(&endpoint_with(&server, Kind::Chat, Policy::Warm, limits, None));
    assert_eq!(served.map_err(|failure| failure.class), Err(Class::TooLarge));
}

#[test]
fn characters_may_be_cut_anywhere() {
    let event =
        "data: {\"choices\":[{\"delta\":{\"content\":\"gr\u{fc}\u{df}e \u{1F600}\"}}]}\n\ndata: [DONE]\n\n";
    let server = Truth::start(move |_| {
        let mut acts = vec![chunked("text/event-stream")];
        acts.extend(event.as_bytes().iter().map(|byte| chunk([*byte])));
        acts.push(last_chunk());
        acts
    });
    let (served, seen) = send(&endpoint(&server));
    let Told::Text(text) = served.expect("served").told else { panic!("no text") };
    assert_eq!((text.characters, seen.outputs.len(), text.output_tokens), (7, 1, None));
}

#[test]
fn a_connection_serves_many_requests_and_is_made_anew_when_the_server_has_closed_it() {
    let server = Truth::start(|asked| {
        let answer = json("{\"choices\":[{\"message\":{\"content\":\"x\"}}]}");
        if asked.number == 2 { vec![answer, Act::Close] } else { vec![answer] }
    });
    let target = Target::parse(&server.url()).expect("an address");
    let client =
        |policy| Client::new([target.clone()], None, policy, Limits::default(), &[], None).expect("a client");
    let warm = Endpoint::new(Kind::Chat, Settings::default(), client(Policy::Warm));
    let setups: Vec<bool> = (0..5).map(|_| send(&warm).0.expect("served").setup.is_some()).collect();
    assert_eq!(setups, [true, false, false, true, false]);
    assert_eq!((warm.client().counts().opened, server.connections()), (2, 2));
    let each = Endpoint::new(Kind::Chat, Settings::default(), client(Policy::PerRequest));
    assert!((0..3).all(|_| send(&each).0.expect("served").setup.is_some()));
    assert_eq!(server.connections(), 5);
    // The connection was made before the level, so that its requests must not use it.
    let cold = Endpoint::new(Kind::Chat, Settings::default(), client(Policy::Cold));
    let prompt = cold.prompt(b"hi").expect("a prompt");
    let setup = |level_began| {
        let caller = Caller { client: 0, level_began };
        cold.send(&prompt, &caller, &mut Seen::default()).expect("served").setup.is_some()
    };
    assert!(setup(None));
    let began = Some(Instant::now());
    assert_eq!([setup(began), setup(began)], [true, false]);
}

#[test]
fn servers_take_requests_in_turn_and_a_client_may_keep_its_own() {
    let servers: Vec<Truth> = (0..2).map(|_| Truth::start(|_| vec![json("{\"data\":[1]}")])).collect();
    let targets: Vec<Target> =
        servers.iter().map(|server| Target::parse(&server.url()).expect("an address")).collect();
    let endpoint = |policy| {
        let client = Client::new(targets.clone(), None, policy, Limits::default(), &[], None);
        Endpoint::new(Kind::Embeddings, Settings::default(), client.expect("a client"))
    };
    let ask = |endpoint: &Endpoint, client: u32| {
        let prompt = endpoint.prompt(b"hi").expect("a prompt");
        let caller = Caller { client, level_began: None };
        endpoint.send(&prompt, &caller, &mut Seen::default()).expect("served");
    };
    let warm = endpoint(Policy::Warm);
    (0..6).for_each(|_| ask(&warm, 0));
    let asked = || servers.iter().map(|server| server.asked().len()).collect::<Vec<_>>();
    assert_eq!((asked(), warm.client().counts().opened), (vec![3, 3], 2));
    // Three clients take turns, each on a connection of its own, and to the same server each time.
    let sticky = endpoint(Policy::Sticky);
    for _ in 0..3 {
        (0..3).for_each(|client| ask(&sticky, client));
    }
    assert_eq!((asked(), sticky.client().counts().opened), (vec![9, 6], 3));
    let connections = |server: &Truth| {
        let mut all: Vec<usize> = server.asked()[3..].iter().map(|asked| asked.connection).collect();
        all.sort_unstable();
        all
    };
    assert_eq!((connections(&servers[0]), connections(&servers[1])), (vec![1, 1, 1, 2, 2, 2], vec![1; 3]));
}

#[test]
fn a_server_that_restarts_is_missed_and_found_again() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    // Answers this many requests on one connection, then closes it.
    let serve = |listener: TcpListener, count: usize| {
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            for _ in 0..count {
                assert!(stream.read(&mut [0; 4096]).expect("a request") > 0);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").expect("sent");
            }
        })
    };
    let target = Target::parse(&address.to_string()).expect("an address");
    let client = Client::new([target], None, Policy::Warm, Limits::default(), &[], None).expect("a client");
    let first = serve(listener, 3);
    assert!((0..3).all(|_| client.get("/").is_ok()));
    first.join().expect("gone");
    assert_eq!(client.get("/").map_err(|failure| failure.class), Err(Class::Refused));
    let second = serve(TcpListener::bind(address).expect("the same port"), 1);
    assert_eq!(client.get("/"), Ok(b"hi".to_vec()));
    second.join().expect("gone");
}

#[test]
fn a_connection_that_nobody_accepts_is_given_up() {
    // The first connection fills the accept queue, so that the system does not answer any other.
    let listener =
        rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None)
            .expect("a socket");
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    rustix::net::bind(&listener, &any).expect("a port");
    rustix::net::listen(&listener, 0).expect("listening");
    let listener = TcpListener::from(listener);
    let address = listener.local_addr().expect("an address");
    let _first = TcpStream::connect(address).expect("connected");
    let limits = Limits { connect: Duration::from_millis(100), ..Limits::default() };
    let target = Target::parse(&address.to_string()).expect("an address");
    let client = Client::new([target], None, Policy::Warm, limits, &[], None).expect("a client");
    assert_eq!(client.warm(2).map_err(|failure| failure.class), Err(Class::ConnectTimeout));
}

#[test]
fn a_secret_is_sent_and_told_to_nobody() {
    let file = std::env::temp_dir().join(format!("bench-endpoint-token-{}", std::process::id()));
    std::fs::write(&file, "sk-hunter2\n").expect("a file");
    let secret = Secret::from_file(&file).expect("a token");
    std::fs::remove_file(&file).expect("removed");
    let server = Truth::start(|_| {
        vec![whole("401 Unauthorized", &[], "{\"error\":{\"message\":\"wrong key sk-hunter2\"}}")]
    });
    let endpoint = endpoint_with(&server, Kind::Chat, Policy::Warm, Limits::default(), Some(secret));
    let failure = send(&endpoint).0.expect_err("refused");
    assert_eq!(failure.to_string(), "status-401: Unauthorized: wrong key [secret]");
    assert!(server.asked()[0].head.contains("Bearer sk-hunter2"), "{}", server.asked()[0].head);
}

#[test]
fn a_token_is_stamped_between_its_sending_and_the_next() {
    let (first, gap) = (Duration::from_millis(40), Duration::from_millis(20));
    let server = Truth::start(move |_| chat(4, first, gap));
    let (served, seen) = send(&endpoint(&server));
    let Told::Text(text) = served.expect("served").told else { panic!("no text") };
    assert_eq!((text.output_tokens, seen.outputs.len()), (Some(4), 4));
    let sent: Vec<Instant> = server.sent().iter().map(|sent| sent.at).collect();
    // The head and the role come first, and then the tokens. A stamp is never that of the next token, however busy the
    // machine is, but a write may return after the client has read what it wrote.
    for (number, output) in seen.outputs.iter().enumerate() {
        assert!(
            *output > sent[number + 1],
            "output {number} is stamped before the write ahead of it returned"
        );
    }
    assert_eq!(seen.end, seen.outputs.last().copied());
}

#[test]
#[cfg(all(target_os = "linux", not(bench_portable)))]
fn a_busy_client_knows_when_an_output_came() {
    /// The marks of a client that is busy after its first output, and the time when it was no longer busy.
    #[derive(Default)]
    struct Busy {
        outputs: Vec<Instant>,
        until: Option<Instant>,
    }

    impl Marks for Busy {
        fn output(&mut self, at: Instant, _holds: Option<u32>) {
            self.outputs.push(at);
            if self.until.is_none() {
                std::thread::sleep(Duration::from_millis(300));
                self.until = Some(Instant::now());
            }
        }

        fn answer(&mut self, _at: Instant) {}

        fn end(&mut self, _at: Instant) {}
    }

    let server = Truth::start(|_| chat(2, Duration::from_millis(20), Duration::from_millis(20)));
    let endpoint = endpoint(&server);
    let prompt = endpoint.prompt(b"hi").expect("a prompt");
    // The kernel begins to record times a moment after the first socket of the system has asked for them.
    endpoint.send(&prompt, &Caller::default(), &mut Busy::default()).expect("served");
    let mut seen = Busy::default();
    endpoint.send(&prompt, &Caller::default(), &mut seen).expect("served");
    assert_eq!(seen.outputs.len(), 2);
    assert!(seen.outputs[0] < seen.outputs[1], "the second came after the first");
    assert!(
        seen.until.is_some_and(|until| seen.outputs[1] < until),
        "the second came while the client was busy"
    );
}

#[test]
fn inputs_are_sent_as_their_endpoint_wants_them() {
    let server = Truth::start(|_| vec![json("{\"data\":[1],\"outputs\":[1]}")]);
    for (kind, input, path, held) in [
        (Kind::Embeddings, "hi", "/v1/embeddings", "\"input\":\"hi\""),
        (Kind::Infer, "{\"inputs\":[]}", "/v2/models/m/infer", "{\"inputs\":[]}"),
        (Kind::Predict, "{\"x\":1}", "/predict", "{\"x\":1}"),
        (Kind::Raw, "bytes", "/", "bytes"),
    ] {
        let endpoint = endpoint_with(&server, kind, Policy::Warm, Limits::default(), None);
        let prompt = endpoint.prompt(input.as_bytes()).expect("a prompt");
        let served = endpoint.send(&prompt, &Caller::default(), &mut Seen::default()).expect("served");
        let asked = server.asked().pop().expect("asked");
        assert_eq!((served.told, asked.path()), (Told::Plain, path));
        assert!(String::from_utf8_lossy(&asked.body).contains(held), "{kind}");
        assert!(asked.head.to_ascii_lowercase().contains("accept-encoding: identity"));
    }
}
