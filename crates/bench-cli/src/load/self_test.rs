//! `bench load --self-test`: measures how accurate the command is on this machine.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bench_core::bencher::Bencher;
use bench_core::{Error, Interrupt, suite};
use bench_endpoint::client::room_for_connections;
use bench_endpoint::self_test::{self, Errors, FIRST, GAP, Over, StreamErrors, TOKENS};
use bench_protocol::{Case, Overrides};
use bench_record::{Level, RunError, RunState, exit};
use bench_report::{Detail, Style, Table, View, print, tell};
use bench_syntax::Category;
use bench_syntax::quantity::{Seconds, grouped};
use bench_syntax::text::one_line;

use super::silent;
use crate::arguments::Load;

/// The numbers of simultaneous streams, unless others are requested.
const STREAMS: [u32; 4] = [1, 10, 100, 1000];

/// The smallest number of requests for each number of streams: in total, and for each client.
const REQUESTS: u64 = 20;
const OF_EACH: u64 = 2;

/// The number of clients that send short requests as fast as they can, and for how long.
const CLIENTS: usize = 64;
const FAST: Duration = Duration::from_secs(3);

/// The rate of a schedule, in requests per second, and for how long they are sent.
const RATE: f64 = 1000.0;
const SCHEDULE: Duration = Duration::from_secs(5);

/// The maximum time of each part.
const TIME_LIMIT: Duration = Duration::from_secs(120);

const COLUMNS: [&str; 7] =
    ["streams", "requests", "error of TTFT", "of ITL", "of latency", "client stall p99", "level"];

/// Returns whether the user has interrupted the test.
type Stop = Box<dyn Fn() -> bool + Send + Sync>;

/// Runs all parts of the test, and prints the report; returns the exit code.
///
/// # Errors
/// If nothing can be measured, or if the report cannot be printed.
pub(super) fn run(arguments: &Load) -> Result<u8, RunError> {
    let reports = &arguments.reports;
    let chosen = &arguments.much.concurrency;
    let counts = if chosen.is_empty() { &STREAMS[..] } else { &chosen[..] };
    let style = Style::for_stdout(reports.color);
    print(&format!(
        "A server on this machine streams answers of {TOKENS} tokens, the first after {} ms and then one every {} ms, and records when \
         it sends them.\nThe errors are the differences between its times and those that this command measures: median / 99th \
         percentile.\n\n",
        FIRST.as_millis(),
        GAP.as_millis(),
    ))?;
    let mut test = Test { is_quiet: reports.quiet, is_interrupted: false, valid: None, said: Vec::new() };
    let mut table = Table::new(&COLUMNS);
    for count in counts {
        test.streams(*count, &mut table, style)?;
    }
    print(&table.render(|text| style.bold(text)))?;
    test.schedule()?;
    test.short_requests()?;
    let view = View::for_stdout(reports.color, Detail::Short);
    let conclusion = test.conclusion();
    let said = test.said.iter().chain(&conclusion);
    let said: String = said.map(|line| view.wrap(line, 0) + "\n").collect();
    print(&format!("\n{said}"))?;
    Ok(test.exit_code())
}

/// The results of the test so far.
struct Test {
    is_quiet: bool,
    is_interrupted: bool,
    /// The largest number of streams whose level is valid.
    valid: Option<u32>,
    /// The lines after the table.
    said: Vec<String>,
}

impl Test {
    /// Measures `count` streams, and adds their row to the table.
    ///
    /// # Errors
    /// Same as [`part`](Self::part).
    fn streams(&mut self, count: u32, table: &mut Table, style: Style) -> Result<(), RunError> {
        // Client and server run in this process, which holds both ends of each connection.
        if let Err(refused) = room_for_connections(2 * u64::from(count)) {
            table.remark(count.to_string(), refused);
            return Ok(());
        }
        let requests = REQUESTS.max(OF_EACH * u64::from(count));
        let found: Rc<Cell<Option<StreamErrors>>> = Rc::default();
        let keeps = Rc::clone(&found);
        let serve = move |bencher: &mut Bencher, stop: Stop| {
            let errors = self_test::streams(bencher, Over::Chat, count as usize, requests, stop)?;
            keeps.set(Some(errors));
            Ok(())
        };
        match (self.part(&streams(count), serve)?, found.take()) {
            (Some(Ok(level)), Some(found)) => {
                if level.validity.valid {
                    self.valid = self.valid.max(Some(count));
                }
                let reason = level.validity.reasons.first();
                self.said.extend(reason.map(|reason| format!("{}: {reason}", streams(count))));
                table.row(row(count, &found, &level, style));
            }
            (Some(Err(failure)), _) => table.remark(count.to_string(), failure),
            (Some(Ok(_)) | None, _) => {}
        }
        Ok(())
    }

    /// Measures how late the requests of a schedule are sent.
    ///
    /// # Errors
    /// Same as [`part`](Self::part).
    fn schedule(&mut self) -> Result<(), RunError> {
        let rate = grouped(RATE as u64);
        let part = self.part(&format!("a schedule of {rate} requests/s"), |bencher, stop| {
            self_test::schedule(bencher, RATE, SCHEDULE, stop)
        })?;
        self.said.extend(match part {
            Some(Ok(level)) => level.pace.send_lag.map(|lag| {
                format!(
                    "send lag at {rate} requests/s: median {}, 99th percentile {}, maximum {}",
                    lag.p50_s, lag.p99_s, lag.max_s
                )
            }),
            Some(Err(failure)) => Some(format!("a schedule cannot be sent: {failure}")),
            None => None,
        });
        Ok(())
    }

    /// Measures how many short requests can be sent.
    ///
    /// # Errors
    /// Same as [`part`](Self::part).
    fn short_requests(&mut self) -> Result<(), RunError> {
        let what = format!("short requests of {CLIENTS} clients");
        let part =
            self.part(&what, |bencher, stop| self_test::short_requests(bencher, CLIENTS, FAST, stop))?;
        self.said.extend(match part {
            Some(Ok(level)) => level.metric("RPS").map(|rate| {
                format!(
                    "{what}: {}/s, which is the highest rate that this machine can send while it also answers",
                    grouped(rate.value as u64)
                )
            }),
            Some(Err(failure)) => Some(format!("short requests cannot be sent: {failure}")),
            None => None,
        });
        Ok(())
    }

    /// Runs a part of the test in this process, without storing a run. Returns its only level, or why there is none;
    /// `None` if the test was interrupted before.
    ///
    /// # Errors
    /// If nothing can be run.
    fn part<F>(&mut self, what: &str, serve: F) -> Result<Option<Result<Level, String>>, RunError>
    where
        F: Fn(&mut Bencher, Stop) -> Result<(), Error> + 'static,
    {
        if self.is_interrupted {
            return Ok(None);
        }
        if !self.is_quiet {
            tell(what);
        }
        let mut case = Case::new("performance/self_test".to_owned(), Category::Performance);
        case.name = "self_test".into();
        case.settings = Overrides { rounds: Some(1), timeout: Some(TIME_LIMIT), ..Overrides::NONE };
        let made = move |bencher: &mut Bencher, interrupt: &Interrupt| {
            let interrupt = interrupt.clone();
            serve(bencher, Box::new(move || interrupt.is_raised()))
        };
        let record = suite::run_made(case, &silent(), Rc::new(made))?.record;
        self.is_interrupted = record.state == RunState::Interrupted;
        let Some(case) = record.cases.into_iter().next() else { return Ok(None) };
        let served = case.rounds.into_iter().next().and_then(|round| round.served);
        let level = served.and_then(|served| served.levels.into_iter().next());
        let why_not = || {
            let failure = case.failure.map(|failure| one_line(&failure.message));
            failure.unwrap_or_else(|| "nothing was measured".to_owned())
        };
        Ok(Some(level.ok_or_else(why_not)))
    }

    /// Returns the conclusion from all parts; `None` if the test was interrupted before a level was valid.
    fn conclusion(&self) -> Option<String> {
        match self.valid {
            Some(most) => Some(format!(
                "Up to {}, this machine measures as accurately as the table shows, although the server runs on it, too. If two \
                 results differ by less than these errors, the client may be the reason.",
                streams(most)
            )),
            None if self.is_interrupted => None,
            None => Some(
                "No level is valid, for the reasons above: do not measure a server from this machine now."
                    .to_owned(),
            ),
        }
    }

    fn exit_code(&self) -> u8 {
        match (self.is_interrupted, self.valid) {
            (true, _) => exit::INTERRUPTED,
            (false, Some(_)) => exit::OK,
            (false, None) => exit::INVALID,
        }
    }
}

/// Returns a number of streams in words.
fn streams(count: u32) -> String {
    if count == 1 { "1 stream".to_owned() } else { format!("{count} streams") }
}

fn row(count: u32, found: &StreamErrors, level: &Level, style: Style) -> Vec<String> {
    let both = |errors: Errors| format!("{} / {}", Seconds(errors.p50_s), Seconds(errors.p99_s));
    vec![
        count.to_string(),
        found.requests.to_string(),
        both(found.ttft),
        both(found.itl),
        both(found.latency),
        level.pace.client_stall.map(|stall| stall.p99_s.to_string()).unwrap_or_default(),
        if level.validity.valid { style.good("valid") } else { style.bad("not valid") },
    ]
}
