//! A runner of our own drives a worker as `docs/worker-protocol.md` says.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bench_testing::{Bench, executable, scrub};
use serde_json::{Value, json};

/// A worker, and the runner's end of its channel.
struct Worker {
    child: Child,
    channel: BufReader<UnixStream>,
}

impl Worker {
    fn start() -> Self {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        // SAFETY: the descriptor is open; F_SETFD touches no memory.
        assert_ne!(unsafe { libc::fcntl(theirs.as_raw_fd(), libc::F_SETFD, 0) }, -1);
        let mut command = Command::new(executable(Bench::Second));
        scrub(&mut command);
        let channel = format!("{}:{}", theirs.as_raw_fd(), std::process::id());
        let child = command
            .env("BENCH_WORKER_CHANNEL", channel)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("a worker");
        ours.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
        Worker { child, channel: BufReader::new(ours) }
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
        self.command(&json!({
            "type": "measure", "case": case, "round": 0, "mode": mode, "warmup": null, "samples": null,
            "slice_ns": 0, "hard_stop": false, "probes": [], "a_field_of_a_later_version": 1,
        }));
        assert_eq!(self.frame(), json!({ "type": "ready", "protocol": 1 }));
    }

    fn exit_code(mut self) -> Option<i32> {
        drop(self.channel);
        self.child.wait().expect("an end").code()
    }
}

#[test]
fn a_worker_times_one_batch_for_every_command() {
    let mut worker = Worker::start();
    worker.measure("unit/second", "step");
    assert_eq!(worker.frame()["type"], "first_call");
    for iterations in [1, 1000, 7] {
        worker.command(&json!({ "type": "batch", "iterations": iterations }));
        let samples = worker.frame();
        assert_eq!((&samples["type"], &samples["iterations"]), (&json!("samples"), &json!(iterations)));
        assert_eq!(samples["ns"].as_array().map(Vec::len), Some(1));
    }
    // Two commands in one go: none may be lost.
    let both = "{\"type\":\"batch\",\"iterations\":3}\n{\"type\":\"stop\"}\n";
    worker.channel.get_mut().write_all(both.as_bytes()).expect("written");
    assert_eq!(worker.frame()["iterations"], 3);
    let last = worker.frame();
    assert_eq!((&last["type"], &last["iterations"]), (&json!("finished"), &json!(1011)));
    assert_eq!(worker.exit_code(), Some(0));
}

#[test]
fn a_runner_that_hangs_up_ends_the_worker() {
    let mut worker = Worker::start();
    worker.measure("unit/second", "step");
    assert_eq!(worker.frame()["type"], "first_call");
    assert!(worker.exit_code().is_some());
}

#[test]
fn wrong_commands_are_answered() {
    let mut worker = Worker::start();
    worker.measure("unit/seconds", "once");
    let last = worker.frame();
    assert_eq!((&last["type"], &last["kind"]), (&json!("failed"), &json!("error")));
    assert!(last["message"].as_str().is_some_and(|message| message.contains("unit/seconds")), "{last}");

    let mut worker = Worker::start();
    worker.measure("unit/second", "step");
    worker.frame();
    worker.command(&json!({ "type": "batch", "iterations": 0 }));
    assert_eq!(worker.frame()["type"], "failed");

    let mut worker = Worker::start();
    worker.command(&json!({ "type": "dance" }));
    assert_eq!(worker.frame()["type"], "ready");
    assert_ne!(worker.exit_code(), Some(0));
}
