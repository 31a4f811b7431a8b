//! Shows the progress of a load on a terminal while it runs.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use bench_endpoint::{Counted, Endpoint};
use bench_syntax::quantity::{Seconds, grouped};

/// The interval between two updates of the line.
const EACH: Duration = Duration::from_secs(1);

/// Clears the line of a terminal.
const CLEAR: &str = "\r\x1b[K";

/// Whether stderr is a terminal.
pub(super) fn is_possible() -> bool {
    std::io::stderr().is_terminal()
}

/// Does `work`, and shows the progress of `endpoint` while it runs.
pub(super) fn shown<T>(endpoint: &Endpoint, work: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (end, ended) = channel();
        scope.spawn(move || follow(|| endpoint.totals(), &ended, std::io::stderr()));
        let done = work();
        drop::<std::sync::mpsc::Sender<()>>(end);
        done
    })
}

/// Writes a line each second until `ended` is closed.
fn follow(totals: impl Fn() -> Counted, ended: &Receiver<()>, mut out: impl Write) {
    let began = Instant::now();
    let (mut before, mut at) = (totals(), began);
    while ended.recv_timeout(EACH) == Err(RecvTimeoutError::Timeout) {
        let (now, counted) = (Instant::now(), totals());
        let line = line(began.elapsed(), now.duration_since(at), before, counted);
        // Errors are ignored: a terminal that was closed must not end the run. With wrapping off, it cuts a line that
        // is too long.
        let _ = write!(out, "{CLEAR}\x1b[?7l{line}\x1b[?7h");
        let _ = out.flush();
        (before, at) = (counted, now);
    }
    let _ = write!(out, "{CLEAR}");
    let _ = out.flush();
}

/// Returns the line: the rates in the last `each`, and the totals after `gone`, the time since the beginning.
fn line(gone: Duration, each: Duration, before: Counted, now: Counted) -> String {
    let since = |of: fn(&Counted) -> u64| of(&now).saturating_sub(of(&before));
    let rate = |count: u64| {
        let rate = count as f64 / each.as_secs_f64().max(1e-3);
        if rate < 10.0 { format!("{rate:.1}") } else { grouped(rate as u64) }
    };
    let mut parts = vec![
        format!("{} s", gone.as_secs()),
        format!("{} answered", grouped(now.answered)),
        format!("{} req/s", rate(since(|counted| counted.answered))),
    ];
    if now.output_tokens > 0 {
        parts.push(format!("{} tokens/s", rate(since(|counted| counted.output_tokens))));
    }
    let first = since(|counted| counted.first_outputs);
    if first > 0 {
        let mean = since(|counted| counted.first_output_ns) as f64 / 1e9 / first as f64;
        parts.push(format!("first output after {} on average", Seconds(mean)));
    }
    if now.failed > 0 {
        parts.push(format!("{} failed", grouped(now.failed)));
    }
    parts.join(" \u{b7} ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_of_the_last_second() {
        let before = Counted { answered: 1000, output_tokens: 5000, ..Counted::default() };
        let now = Counted {
            answered: 1050,
            failed: 3,
            output_tokens: 5800,
            first_outputs: 40,
            first_output_ns: 40 * 25_000_000,
            ..Counted::default()
        };
        let shown = line(Duration::from_secs(61), Duration::from_secs(2), before, now);
        assert_eq!(
            shown,
            "61 s \u{b7} 1,050 answered \u{b7} 25 req/s \u{b7} 400 tokens/s \u{b7} first output after 25.00 ms on average \
             \u{b7} 3 failed"
        );
        let nothing = line(Duration::ZERO, Duration::ZERO, Counted::default(), Counted::default());
        assert_eq!(nothing, "0 s \u{b7} 0 answered \u{b7} 0.0 req/s");
    }

    #[test]
    fn the_line_is_cleared_at_the_end() {
        let (end, ended) = channel();
        drop::<std::sync::mpsc::Sender<()>>(end);
        let mut out = Vec::new();
        follow(Counted::default, &ended, &mut out);
        assert_eq!(out, CLEAR.as_bytes());
    }
}
