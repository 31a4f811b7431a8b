//! Runs a case without a runner: once, or measured for a second.

use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;

use bench_protocol::{Assignment, Frame, Mode};
use bench_syntax::quantity::Seconds;

use super::{Asked, FAILED, USAGE};
use crate::error::Error;
use crate::worker::{self, Call, Sink};

/// Runs the selected cases, one after another, and counts how they ended.
pub(crate) struct Alone {
    asked: Asked,
    /// Whether [`conclude`](Self::conclude) will be called. Otherwise the first failure ends the process.
    has_end: bool,
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Alone {
    pub(super) fn new(asked: Asked, has_end: bool) -> Self {
        if let Some(filter) = asked.filters.iter().find(|filter| asked.by_name && is_expression(filter)) {
            eprintln!(
                "error: `{filter}` is a regular expression, which needs the runner: give a part of the name, or run `cargo bench`"
            );
            std::process::exit(i32::from(USAGE));
        }
        Alone { asked, has_end, passed: 0, failed: 0, skipped: 0 }
    }

    /// Whether a case is selected; `is_ignored` is whether it is marked `ignore`.
    pub(crate) fn takes(&self, id: &str, is_ignored: bool) -> bool {
        self.asked.takes(id) && self.asked.wants(is_ignored)
    }

    /// Runs a case, and reports how it ended.
    pub(crate) fn try_case(&mut self, id: &str, call: Call<'_>) {
        if self.asked.in_process {
            self.measure(id, call);
        } else {
            self.once(id, call);
        }
        if self.failed > 0 && !self.has_end {
            std::process::exit(i32::from(FAILED));
        }
    }

    /// Prints the numbers of cases that passed, failed or were ignored, and returns the exit code.
    pub(crate) fn conclude(&self) -> ExitCode {
        if !self.asked.in_process {
            let verdict = if self.failed == 0 { "ok" } else { "FAILED" };
            println!(
                "\ntest result: {verdict}. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out\n",
                self.passed, self.failed, self.skipped
            );
        }
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
    }

    /// Runs a case once, and prints the result in the format of libtest.
    fn once(&mut self, id: &str, call: Call<'_>) {
        let silent: Sink = Rc::new(RefCell::new(|_frame| Ok::<(), Error>(())));
        let outcome = match worker::measure_alone(call, assignment(id, Mode::Once), None, &silent, None) {
            Frame::Finished(_) => {
                self.passed += 1;
                "ok".to_owned()
            }
            Frame::Skipped { reason } => {
                self.skipped += 1;
                format!("ignored, {reason}")
            }
            Frame::Failed { message, .. } => {
                self.failed += 1;
                format!("FAILED\n  {message}")
            }
            other => {
                self.failed += 1;
                format!("FAILED\n  it ended with `{}`", other.name())
            }
        };
        println!("test {id} ... {outcome}");
    }

    /// Measures a case for a second, for debuggers and profilers, and prints the median of the samples.
    fn measure(&mut self, id: &str, call: Call<'_>) {
        const SLICE_NS: u64 = 1_000_000_000;
        let per_iteration = Rc::new(RefCell::new(Vec::new()));
        let samples = Rc::clone(&per_iteration);
        let sink: Sink = Rc::new(RefCell::new(move |frame| {
            if let Frame::Samples { iterations, ns } = frame {
                samples.borrow_mut().extend(ns.iter().map(|ns| *ns as f64 / iterations as f64));
            }
            Ok::<(), Error>(())
        }));
        let wanted = Assignment { slice_ns: SLICE_NS, ..assignment(id, Mode::Sample) };
        match worker::measure_alone(call, wanted, None, &sink, None) {
            Frame::Finished(_) => {
                let sorted = bench_stats::sorted(&per_iteration.borrow());
                match bench_stats::median(&sorted) {
                    Some(median) => println!(
                        "{id}: {} ({} samples in this process, without a verdict)",
                        Seconds(median / 1e9),
                        sorted.len()
                    ),
                    None => println!("{id}: no samples"),
                }
            }
            Frame::Skipped { reason } => println!("{id}: skipped: {reason}"),
            Frame::Failed { message, .. } => {
                self.failed += 1;
                println!("{id}: failed: {message}");
            }
            other => {
                self.failed += 1;
                println!("{id}: failed: it ended with `{}`", other.name());
            }
        }
    }
}

fn assignment(case: &str, mode: Mode) -> Assignment {
    Assignment { probes: Some(Vec::new()), ..Assignment::new(case, mode) }
}

/// Whether a filter has another meaning as a regular expression than as plain text. Dots are accepted, since names
/// contain them.
fn is_expression(filter: &str) -> bool {
    filter.contains(['^', '$', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '\\'])
}
