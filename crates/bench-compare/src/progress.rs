//! Shows the progress of a comparison: one line on a terminal, or one line for each case elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::Follow;
use bench_record::Verdict;
use bench_report::tell;

/// The shortest time between two changes of the line on a terminal.
const REFRESH: Duration = Duration::from_millis(100);

/// Shows the progress of a comparison on stderr, so that stdout contains only the report.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    quiet: bool,
    drawn: Option<Instant>,
    ended: usize,
    series: Option<(u32, u32)>,
}

impl Progress {
    /// Creates a progress display, which shows nothing if `quiet`.
    pub fn new(quiet: bool) -> Self {
        Progress { terminal: std::io::stderr().is_terminal(), quiet, drawn: None, ended: 0, series: None }
    }

    fn clear(&mut self) {
        if self.drawn.take().is_some() {
            draw("");
        }
    }
}

impl Follow for Progress {
    fn begins(&mut self, number: u32, of: u32) {
        self.series = Some((number + 1, of));
        self.ended = 0;
        if !self.terminal && !self.quiet {
            tell(&format!("comparison {} of {of}", number + 1));
        }
    }

    fn goes_on(&mut self, case: &str, spent: Duration, budget: Duration) {
        if !self.terminal || self.quiet || self.drawn.is_some_and(|drawn| drawn.elapsed() < REFRESH) {
            return;
        }
        self.drawn = Some(Instant::now());
        let series =
            self.series.map(|(number, of)| format!("comparison {number} of {of} · ")).unwrap_or_default();
        draw(&format!(
            "{series}{} decided · {:.0} s of at most {:.0} s · {case}",
            self.ended,
            spent.as_secs_f64(),
            budget.as_secs_f64()
        ));
    }

    fn counts(&mut self, case: &str, number: usize, of: usize) {
        if self.quiet {
            return;
        }
        if self.terminal {
            self.drawn = Some(Instant::now());
            draw(&format!("counting instructions · {} of {of} · {case}", number + 1));
        } else if number == 0 {
            let cases = if of == 1 { "1 case".to_owned() } else { format!("{of} cases") };
            tell(&format!("counting instructions of {cases} under valgrind"));
        }
    }

    fn ended(&mut self, case: &str, verdict: Verdict) {
        self.ended += 1;
        // With several comparisons, this would be one long list.
        if !self.terminal && !self.quiet && self.series.is_none() {
            tell(&format!("[{}] {case}: {verdict}", self.ended));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn draw(line: &str) {
    const WIDEST: usize = 100;
    let line: String = line.chars().take(WIDEST).collect();
    // A terminal that has gone must not end the comparison.
    let _ = write!(std::io::stderr(), "\r\x1b[2K{line}");
}
