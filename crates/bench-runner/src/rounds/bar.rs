//! Shows the progress of a run in one line of a terminal.

use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, Instant};

use bench_record::{CaseRecord, Status};

/// The length of the bar, in characters.
const LENGTH: u64 = 30;

/// The minimum time between two drawings: a round may take less time than a terminal needs to show a line.
const BETWEEN: Duration = Duration::from_millis(50);

/// A bar that counts milliseconds of budget: the number of rounds is not known in advance.
pub(super) struct Bar<W: Write> {
    out: W,
    began: Instant,
    drawn: Option<Instant>,
    total_ms: u64,
    done_ms: u64,
    spent_ms: HashMap<String, u64>,
    message: String,
}

fn budget_ms(case: &CaseRecord) -> u64 {
    (case.settings.max_time_s * 1e3) as u64
}

impl<W: Write> Bar<W> {
    pub(super) fn new(records: &[&CaseRecord], out: W) -> Self {
        Bar {
            out,
            began: Instant::now(),
            drawn: None,
            total_ms: records.iter().copied().map(budget_ms).sum::<u64>().max(1),
            done_ms: 0,
            spent_ms: HashMap::new(),
            message: String::new(),
        }
    }

    pub(super) fn round_begins(&mut self, case: &CaseRecord, ended: usize, cases: usize) {
        // Cases take turns, so that most of them end together, at the very end.
        self.message = format!(
            "{} of {cases} cases in turns · {} round {}",
            cases - ended,
            case.id,
            case.rounds.len() + 1
        );
        self.draw();
    }

    pub(super) fn round_ended(&mut self, case: &CaseRecord) {
        let spent: f64 = case.rounds.iter().map(|round| round.wall_s).sum();
        self.reach(case, ((spent * 1e3) as u64).min(budget_ms(case)));
        self.draw();
    }

    pub(super) fn case_ended(&mut self, case: &CaseRecord, in_short: &str) {
        self.reach(case, budget_ms(case));
        if case.status != Status::Ok {
            // A closed terminal must not end the run, here and below.
            let _ = writeln!(self.out, "{CLEAR}{}: {in_short}", case.id);
            self.drawn = None;
        }
        self.draw();
    }

    fn reach(&mut self, case: &CaseRecord, milliseconds: u64) {
        let known = self.spent_ms.entry(case.id.clone()).or_default();
        self.done_ms += milliseconds.saturating_sub(*known);
        *known = milliseconds.max(*known);
    }

    fn draw(&mut self) {
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < BETWEEN) {
            return;
        }
        self.drawn = Some(Instant::now());
        let line = self.line(self.began.elapsed());
        // Without wrapping, the terminal cuts a line that is too long, however wide it is.
        let _ = write!(self.out, "{CLEAR}\x1b[?7l{line}\x1b[?7h");
        let _ = self.out.flush();
    }

    fn line(&self, gone: Duration) -> String {
        let done = self.done_ms.min(self.total_ms);
        let full = (done * LENGTH / self.total_ms) as usize;
        format!(
            "{}{} {:>3} %  {} elapsed, at most {} left  {}",
            "█".repeat(full),
            "░".repeat(LENGTH as usize - full),
            done * 100 / self.total_ms,
            in_short(gone),
            in_short(Duration::from_millis(self.total_ms - done)),
            self.message
        )
    }
}

/// Returns the cursor to the beginning of the line, and clears the line.
const CLEAR: &str = "\r\x1b[K";

impl<W: Write> Drop for Bar<W> {
    fn drop(&mut self) {
        let _ = write!(self.out, "{CLEAR}");
        let _ = self.out.flush();
    }
}

/// Formats a time coarsely, because it soon changes: `12s`, `3m`, `2h`.
fn in_short(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7200 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(total_ms: u64, done_ms: u64) -> Bar<Vec<u8>> {
        let mut bar = Bar::new(&[], Vec::new());
        (bar.total_ms, bar.done_ms) = (total_ms, done_ms);
        "1 of 2 cases in turns · unit/x round 3".clone_into(&mut bar.message);
        bar
    }

    #[test]
    fn the_line_says_how_far_it_is_and_how_long_it_takes_at_most() {
        assert_eq!(
            bar(60_000, 20_000).line(Duration::from_secs(5)),
            "██████████░░░░░░░░░░░░░░░░░░░░  33 %  5s elapsed, at most 40s left  1 of 2 cases in turns · unit/x round 3"
        );
        // Rounds may take longer than the budget.
        let late = bar(1_000, 7_000).line(Duration::from_secs(8000));
        assert!(late.contains("100 %  2h elapsed, at most 0s left"), "{late}");
    }

    #[test]
    fn it_is_drawn_now_and_then_and_cleared_at_the_end() {
        let mut bar = bar(1_000, 0);
        bar.draw();
        bar.draw();
        let drawn = String::from_utf8(std::mem::take(&mut bar.out)).expect("UTF-8");
        assert_eq!(drawn.matches('\r').count(), 1, "{drawn:?}");
        assert!(drawn.starts_with("\r\x1b[K\x1b[?7l░") && drawn.ends_with("\x1b[?7h"), "{drawn:?}");
    }
}
