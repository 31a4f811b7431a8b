//! A child process, its channel and its output, waited for together.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::{Supervised, Wake};
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::{Supervised, Wake};

use crate::channel::Token;

/// The way in which the child reaches this process; an environment variable of the child contains it.
#[derive(Clone, Copy, Debug)]
pub enum Offer<'a> {
    /// An inherited descriptor, for as long as this process lives.
    Inherited {
        /// Its number.
        descriptor: i32,
        /// The id of this process.
        runner: u32,
    },
    /// A TCP connection on 127.0.0.1.
    Loopback {
        /// The port.
        port: u16,
        /// The token to send first.
        token: &'a Token,
    },
}

/// The parts of a child that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The private channel.
    Channel,
    /// Its stdout.
    Stdout,
    /// Its stderr.
    Stderr,
}

/// A source that has something to read, or has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// The private channel.
    pub channel: bool,
    /// Its stdout.
    pub stdout: bool,
    /// Its stderr.
    pub stderr: bool,
}

impl Ready {
    /// Whether any source is ready.
    pub fn any(self) -> bool {
        self.channel || self.stdout || self.stderr
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::{Duration, Instant};

    fn start(script: &str) -> Supervised {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Supervised::start(command, "BENCH_TEST_CHANNEL", |offer| format!("{offer:?}")).expect("started")
    }

    /// Reads until the child has ended; returns its stdout.
    fn stdout(child: &mut Supervised) -> String {
        let mut text = Vec::new();
        let mut take = |child: &mut Supervised, ready: Ready| {
            let mut chunk = [0; 1024];
            for (source, is_ready) in [
                (Source::Stdout, ready.stdout),
                (Source::Channel, ready.channel),
                (Source::Stderr, ready.stderr),
            ] {
                let count = if is_ready { child.read(source, &mut chunk).expect("read") } else { 0 };
                if source == Source::Stdout {
                    text.extend_from_slice(&chunk[..count]);
                }
            }
        };
        let until = Instant::now() + Duration::from_secs(60);
        while child.exited().expect("waited").is_none() {
            assert!(Instant::now() < until, "it does not end");
            let ready = child.wait(&Wake::default(), Duration::from_millis(50)).expect("waited");
            take(child, ready);
        }
        child.end();
        loop {
            let ready = child.rest().expect("read");
            if !ready.any() {
                return String::from_utf8_lossy(&text).into_owned();
            }
            take(child, ready);
        }
    }

    #[test]
    fn what_a_child_prints_before_it_ends_is_read() {
        assert_eq!(stdout(&mut start("printf one; printf two")), "onetwo");
        let long = stdout(&mut start("for i in 1 2 3 4 5 6 7 8; do head -c 100000 /dev/zero; done"));
        assert_eq!(long.len(), 800_000);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(bench_portable)))]
    fn a_child_and_its_children_can_be_paused() {
        let mut child = start("sleep 600 & wait");
        let id = child.id();
        let states = || -> Vec<char> {
            crate::process_tree(id)
                .iter()
                .filter_map(|id| std::fs::read_to_string(format!("/proc/{id}/stat")).ok())
                .filter_map(|stat| stat.rsplit(") ").next()?.chars().next())
                .collect()
        };
        let until = |wanted: &dyn Fn(&[char]) -> bool| {
            let limit = Instant::now() + Duration::from_secs(60);
            while !wanted(&states()) {
                assert!(Instant::now() < limit, "{:?}", states());
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        until(&|states| states.len() == 2);
        child.pause();
        until(&|states| states == ['T', 'T']);
        child.resume();
        until(&|states| !states.contains(&'T'));
        // A paused child can be ended.
        child.pause();
        until(&|states| states == ['T', 'T']);
        child.end();
        assert!(child.exited().expect("waited").is_some());
    }

    #[test]
    fn a_child_that_never_connects_can_be_ended() {
        let mut child = start("sleep 600");
        assert!(!child.wait(&Wake::default(), Duration::from_millis(1)).expect("waited").stdout);
        assert!(child.exited().expect("waited").is_none());
        child.end();
        assert!(child.exited().expect("waited").is_some());
    }

    #[test]
    fn a_child_that_ends_before_it_connects_has_ended() {
        let mut child = start("exit 7");
        // The child may have exited already, which is an error here.
        let _ = child.send(b"measure\n", None);
        stdout(&mut child);
        assert_eq!(child.exited().expect("waited").and_then(|status| status.code()), Some(7));
    }
}
