//! A test runner drives a worker as `docs/book/src/protocol.md` describes, over every kind of channel.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bench_testing::{Bench, executable, scrub, wait};
use serde_json::{Value, json};

/// A time limit that no test here reaches on any machine.
const LIMIT: Duration = Duration::from_secs(600);

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The runner's end of a channel.
trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A worker, and the runner's end of its channel.
struct Worker {
    child: Child,
    channel: BufReader<Box<dyn Stream>>,
}

fn spawn(bench: Bench, channel: &str) -> Child {
    let mut command = Command::new(executable(bench));
    scrub(&mut command);
    command.env("BENCH_WORKER_CHANNEL", channel).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().expect("a worker")
}

/// Returns every way to start a worker.
fn starts() -> Vec<fn() -> Worker> {
    vec![
        #[cfg(all(target_os = "linux", not(bench_portable)))]
        Worker::inherited,
        Worker::loopback,
    ]
}

impl Worker {
    /// Starts a worker with a Unix socket that it inherits.
    #[cfg(all(target_os = "linux", not(bench_portable)))]
    fn inherited() -> Self {
        use std::os::fd::AsRawFd;

        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
        // SAFETY: the descriptor is open; F_SETFD touches no memory.
        assert_ne!(unsafe { libc::fcntl(theirs.as_raw_fd(), libc::F_SETFD, 0) }, -1);
        let child = spawn(Bench::Second, &format!("unix:{}:{}", theirs.as_raw_fd(), std::process::id()));
        ours.set_read_timeout(Some(LIMIT)).expect("a time-out");
        Worker { child, channel: BufReader::new(Box::new(ours)) }
    }

    /// Starts a worker with a TCP connection.
    fn loopback() -> Self {
        let (child, stream) = connected(Bench::Second);
        Worker { child, channel: BufReader::new(Box::new(stream)) }
    }

    fn command(&mut self, command: &Value) {
        self.channel.get_mut().write_all(format!("{command}\n").as_bytes()).expect("written");
    }

    fn frame(&mut self) -> Value {
        let mut line = String::new();
        self.channel.read_line(&mut line).expect("a frame in time");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    fn measure(&mut self, case: &str, mode: &str) {
        self.command(&measure(case, mode));
        assert_eq!(self.frame(), json!({ "type": "ready", "protocol": 2, "leads": true }));
    }

    fn exit_code(self) -> i32 {
        drop(self.channel);
        wait(self.child, || "a worker whose channel is closed".to_owned())
    }
}

/// Starts a worker, and returns it with the connection that it has opened with the token.
fn connected(bench: Bench) -> (Child, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let child = spawn(bench, &format!("tcp:{port:05}:{TOKEN}"));
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(LIMIT)).expect("a time-out");
    let mut first = [0; TOKEN.len() + 1];
    stream.read_exact(&mut first).expect("a token");
    assert_eq!(first, *format!("{TOKEN}\n").as_bytes(), "the worker sends the token first");
    (child, stream)
}

fn measure(case: &str, mode: &str) -> Value {
    json!({
        "type": "measure", "case": case, "round": 0, "mode": mode, "warmup": null, "samples": null,
        "slice_ns": 0, "hard_stop": false, "probes": [], "a_field_of_a_later_version": 1,
    })
}

#[test]
fn a_worker_times_one_batch_for_every_command() {
    for start in starts() {
        let mut worker = start();
        worker.measure("unit/second", "step");
        assert_eq!(worker.frame()["type"], "first_call");
        for iterations in [1, 1000, 7] {
            worker.command(&json!({ "type": "batch", "iterations": iterations }));
            let samples = worker.frame();
            assert_eq!((&samples["type"], &samples["iterations"]), (&json!("samples"), &json!(iterations)));
            assert_eq!(samples["ns"].as_array().map(Vec::len), Some(1));
        }
        // Two commands in one write: neither may be lost.
        let both = "{\"type\":\"batch\",\"iterations\":3}\n{\"type\":\"stop\"}\n";
        worker.channel.get_mut().write_all(both.as_bytes()).expect("written");
        assert_eq!(worker.frame()["iterations"], 3);
        let last = worker.frame();
        assert_eq!((&last["type"], &last["iterations"]), (&json!("finished"), &json!(1011)));
        assert_eq!(wait(worker.child, || "a worker that has finished".to_owned()), 0);
    }
}

#[test]
fn a_runner_that_hangs_up_ends_the_worker() {
    for start in starts() {
        let mut worker = start();
        worker.measure("unit/second", "step");
        assert_eq!(worker.frame()["type"], "first_call");
        worker.exit_code();
    }
}

/// Even a worker that never reads its channel again must end.
#[cfg(unix)]
#[test]
fn a_runner_that_goes_ends_a_worker_that_hangs() {
    let (child, mut stream) = connected(Bench::Misbehaving);
    stream.write_all(format!("{}\n", measure("unit/hangs_busy", "once")).as_bytes()).expect("written");
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).expect("a frame");
    assert!(line.contains("ready"), "{line}");
    drop(stream);
    assert_ne!(wait(child, || "a worker whose runner has gone".to_owned()), 0);
}

#[test]
fn wrong_commands_are_answered() {
    for start in starts() {
        let mut worker = start();
        worker.measure("unit/seconds", "once");
        let last = worker.frame();
        assert_eq!((&last["type"], &last["kind"]), (&json!("failed"), &json!("error")));
        assert!(last["message"].as_str().is_some_and(|message| message.contains("unit/seconds")), "{last}");

        let mut worker = start();
        worker.measure("unit/second", "step");
        worker.frame();
        worker.command(&json!({ "type": "batch", "iterations": 0 }));
        assert_eq!(worker.frame()["type"], "failed");

        let mut worker = start();
        worker.command(&json!({ "type": "dance" }));
        assert_eq!(worker.frame()["type"], "ready");
        assert_ne!(wait(worker.child, || "a worker that was told nonsense".to_owned()), 0);
    }
}

#[test]
fn what_is_no_channel_ends_the_worker() {
    // A port on which no process listens any more.
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|gone| gone.local_addr())
        .expect("a port")
        .port();
    for channel in ["", "x", "3:4", "unix:9999:1", "tcp:00080:abc", &format!("tcp:{gone:05}:{TOKEN}")] {
        let code = wait(spawn(Bench::Second, channel), || format!("a worker with the channel `{channel}`"));
        assert!(code == 1 || code == 2, "{channel}: {code}");
    }
}
