//! `bench load --self-test`: how exact the command is on this machine.

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

/// Streams at once, unless others are asked for.
const STREAMS: [u32; 4] = [1, 10, 100, 1000];

/// Requests of each number of streams: at least so many altogether, and so many for each client.
const REQUESTS: u64 = 20;
const OF_EACH: u64 = 2;

/// Clients that send short requests as fast as they can, and for how long.
const CLIENTS: usize = 64;
const FAST: Duration = Duration::from_secs(3);

/// Requests per second of a schedule, and for how long they are sent.
const RATE: f64 = 1000.0;
const SCHEDULE: Duration = Duration::from_secs(5);

/// The maximum time of each part.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Measures, and prints the report; returns the exit code.
///
/// # Errors
/// If nothing can be measured, or if the report cannot be printed.
pub(super) fn run(arguments: &Load) -> Result<u8, RunError> {
    let chosen = &arguments.much.concurrency;
    let streams = if chosen.is_empty() { &STREAMS[..] } else { &chosen[..] };
    let says = |line: &str| {
        if !arguments.reports.quiet {
            tell(line);
        }
    };
    let style = Style::for_stdout(arguments.reports.color);
    print(&format!(
        "A server on this machine streams answers of {TOKENS} tokens, the first after {} ms and then one every {} ms, and records when \
         it sends them.\nThe errors are the differences between its times and those that this command measures: median / 99th \
         percentile.\n\n",
        FIRST.as_millis(),
        GAP.as_millis(),
    ))?;
    let mut table = Table::new(&[
        "streams",
        "requests",
        "error of TTFT",
        "of ITL",
        "of latency",
        "client stall p99",
        "level",
    ]);
    let mut said = Vec::new();
    let mut valid: Option<u32> = None;
    let mut is_interrupted = false;
    for count in streams.iter().copied() {
        if is_interrupted {
            break;
        }
        // Both ends of each connection are here.
        if let Err(refused) = room_for_connections(2 * u64::from(count)) {
            table.remark(count.to_string(), refused);
            continue;
        }
        says(&format!("{count} streams"));
        let found: Rc<Cell<Option<StreamErrors>>> = Rc::default();
        let keeps = Rc::clone(&found);
        let requests = REQUESTS.max(OF_EACH * u64::from(count));
        let part = Part::run("streams", move |bencher, interrupt| {
            let clients = count as usize;
            let errors = self_test::streams(bencher, Over::Chat, clients, requests, interrupt)?;
            keeps.set(Some(errors));
            Ok(())
        })?;
        is_interrupted = part.is_interrupted;
        let (level, found) = match (part.level, found.take()) {
            (Ok(level), Some(found)) => (level, found),
            (Err(failure), _) => {
                table.remark(count.to_string(), failure);
                continue;
            }
            (Ok(_), None) => continue,
        };
        if level.validity.valid {
            valid = valid.max(Some(count));
        }
        table.row(row(count, &found, &level, style));
        said.extend(level.validity.reasons.first().map(|reason| format!("{count} streams: {reason}")));
    }
    print(&table.render(|text| style.bold(text)))?;
    if !is_interrupted {
        says(&format!("a schedule of {} requests/s", grouped(RATE as u64)));
        let part = Part::run("schedule", |bencher, interrupt| {
            self_test::schedule(bencher, RATE, SCHEDULE, interrupt)
        })?;
        is_interrupted |= part.is_interrupted;
        said.push(match part.level {
            Ok(level) => level.pace.send_lag.map_or_else(String::new, |lag| {
                format!(
                    "send lag at {} requests/s: median {}, 99th percentile {}, maximum {}",
                    grouped(RATE as u64),
                    lag.p50_s,
                    lag.p99_s,
                    lag.max_s
                )
            }),
            Err(failure) => format!("a schedule cannot be sent: {failure}"),
        });
    }
    if !is_interrupted {
        says(&format!("short requests of {CLIENTS} clients"));
        let part = Part::run("short_requests", |bencher, interrupt| {
            self_test::short_requests(bencher, CLIENTS, FAST, interrupt)
        })?;
        is_interrupted |= part.is_interrupted;
        said.push(match part.level {
            Ok(level) => {
                let rate = level.metric("RPS").map_or(0.0, |metric| metric.value);
                format!(
                    "short requests of {CLIENTS} clients: {}/s, which is the highest rate that this machine can send while it also \
                     answers",
                    grouped(rate as u64)
                )
            }
            Err(failure) => format!("short requests cannot be sent: {failure}"),
        });
    }
    said.retain(|line| !line.is_empty());
    said.push(match valid {
        Some(most) => format!(
            "Up to {most} {}, this machine measures as accurately as the table shows, although the server runs on it, too. If two \
             results differ by less than these errors, the client may be the reason.",
            if most == 1 { "stream" } else { "streams" }
        ),
        None => "No level is valid: other programs keep this machine too busy to measure a server from it.".to_owned(),
    });
    let view = View::for_stdout(arguments.reports.color, Detail::Short);
    let said: String = said.iter().map(|line| view.wrap(line, 0) + "\n").collect();
    print(&format!("\n{said}"))?;
    Ok(match (is_interrupted, valid) {
        (true, _) => exit::INTERRUPTED,
        (false, Some(_)) => exit::OK,
        (false, None) => exit::INVALID,
    })
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

/// A part of the test that has ended.
struct Part {
    /// Its only level, or why there is none.
    level: Result<Level, String>,
    is_interrupted: bool,
}

impl Part {
    /// Runs a part in this process, of which nothing is kept.
    fn run<F>(name: &str, serve: F) -> Result<Self, RunError>
    where
        F: Fn(&mut Bencher, Box<dyn Fn() -> bool + Send + Sync>) -> Result<(), Error> + 'static,
    {
        let mut case = Case::new(format!("performance/self_test_{name}"), Category::Performance);
        case.name = format!("self_test_{name}").into();
        case.settings = Overrides { rounds: Some(1), timeout: Some(TIME_LIMIT), ..Overrides::NONE };
        let made = move |bencher: &mut Bencher, interrupt: &Interrupt| {
            let interrupt = interrupt.clone();
            serve(bencher, Box::new(move || interrupt.is_raised()))
        };
        let record = suite::run_made(case, &silent(), Rc::new(made))?.record;
        let is_interrupted = record.state == RunState::Interrupted;
        let case = record.cases.into_iter().next();
        let failure =
            case.as_ref().and_then(|case| case.failure.as_ref()).map(|failure| one_line(&failure.message));
        let served = case.and_then(|case| case.rounds.into_iter().next()).and_then(|round| round.served);
        let level = served.and_then(|served| served.levels.into_iter().next());
        let none = || failure.unwrap_or_else(|| "nothing was measured".to_owned());
        Ok(Part { level: level.ok_or_else(none), is_interrupted })
    }
}
