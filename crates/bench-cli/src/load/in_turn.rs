//! `bench compare URL URL`: two served models, under the same load in turn.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use bench_compare::Rules;
use bench_core::bencher::Bencher;
use bench_core::suite::Made;
use bench_core::{Error, Interrupt, suite};
use bench_judge::comparison::counted;
use bench_judge::{Decision, FigureInTurn, InTurn};
use bench_protocol::Case;
use bench_record::{CaseRecord, Record, RunError, Verdict};
use bench_report::{Style, Table, tell};
use bench_runner::report::console;
use bench_runner::rounds::Show;
use bench_runner::run::Options;
use bench_syntax::UsageError;
use bench_syntax::quantity::Seconds;
use bench_syntax::text::one_line;
use clap::Parser;

use super::{Plan, Scenario, case, conversations, fit_lengths, reach};
use crate::arguments::{Arguments, Command, Compare, Load};
use crate::decision::percent;
use crate::trend::figure;

/// The duration of a round if neither a number of requests nor a duration is given.
const ROUND: Duration = Duration::from_secs(5);

/// The number of rounds of each server, unless another is requested.
const ROUNDS: u32 = 10;

/// The beginnings of addresses.
const SCHEMES: [&str; 4] = ["http://", "https://", "grpc://", "grpcs://"];

/// Whether a side of a comparison is the address of a server.
pub(crate) fn is_address(side: &str) -> bool {
    SCHEMES.iter().any(|scheme| side.starts_with(scheme))
}

/// Compares two servers; returns the exit code.
///
/// # Errors
/// If the arguments are wrong, or if a run cannot be carried out or stored.
pub(crate) fn run(arguments: &Compare, base: &str, candidate: &str) -> Result<u8, RunError> {
    refuse(arguments)?;
    let Rules { threshold, fdr, .. } = arguments.how.rules(None)?;
    let loads = [load(arguments, base)?, load(arguments, candidate)?];
    let sides = [Side::make(&loads[0], "base")?, Side::make(&loads[1], "candidate")?];
    let [of_base, of_candidate] = sides.each_ref().map(|side| side.case.name.clone());
    if of_base != of_candidate {
        return Err(UsageError(format!(
            "{base} is measured as `{of_base}` and {candidate} as `{of_candidate}`: name one interface for both, with `-- \
             --endpoint KIND`"
        ))
        .into());
    }
    let rounds = arguments.rounds.unwrap_or(ROUNDS);
    if !arguments.report.quiet {
        sides[0].told.iter().for_each(|said| tell(said));
        tell(&format!(
            "{rounds} rounds of each server, in turn, {} each; {}",
            sides[0].length, sides[0].pace
        ));
    }
    let max_failures = loads[0].much.max_failures;
    let ids = sides.each_ref().map(|side| side.case.id.clone());
    let mut options = options(arguments);
    options.measured = sides.iter().flat_map(|side| side.processes.iter().copied()).collect();
    let cases = sides.into_iter().map(|Side { mut case, made, .. }| {
        case.settings.rounds = Some(rounds);
        (case, made)
    });
    let finished = suite::run_made_in_turn(cases.collect(), &options)?;
    let record = &finished.record;
    let [Some(base), Some(candidate)] = ids.each_ref().map(|id| record.case(id)) else {
        return Err(RunError::NoMatch("the run has no case of both servers".to_owned()));
    };
    let compared = InTurn::of(base, candidate, threshold, fdr);
    arguments.report.print(&compared, || rendered(arguments, record, &compared, [base, candidate]))?;
    if let Some(folder) = &finished.folder {
        arguments.report.tell_folder(folder);
    }
    if let Some(trouble) = finished.trouble {
        return Err(trouble);
    }
    let decision = decision(arguments, record, &compared, max_failures);
    decision.reasons().iter().for_each(|reason| tell(reason));
    Ok(decision.exit_code())
}

/// Refuses arguments that have no meaning for servers.
fn refuse(arguments: &Compare) -> Result<(), UsageError> {
    let how = &arguments.how;
    let given = [
        (!arguments.which.is_empty(), "case filters"),
        (
            how.max_time.is_some(),
            "--max-time: give the length of a round after `--`, as in `-- --duration 20s`, and --rounds",
        ),
        (
            how.timeout.is_some(),
            "--timeout: give the timeout of a request after `--`, as in `-- --timeout 30s`",
        ),
        (how.max_memory.is_some(), "--max-memory"),
        (how.device.is_some(), "--device"),
        (how.processors.is_some(), "--processors"),
        (arguments.layouts > 1, "--layouts"),
        (!arguments.build.interpreter.is_empty(), "--interpreter"),
        (arguments.build.pytest.is_some(), "--pytest"),
        (arguments.markdown.is_some(), "--markdown: use --json"),
    ];
    match given.into_iter().find(|(is_given, _)| *is_given) {
        Some((_, what)) => Err(UsageError(format!("a comparison of servers does not support {what}"))),
        None => Ok(()),
    }
}

/// Returns the load for a server: the flags of `bench load` after `--`.
fn load(arguments: &Compare, url: &str) -> Result<Load, UsageError> {
    let own = ["bench", "load", url].map(str::to_owned);
    let typed = own.into_iter().chain(arguments.build.cargo_arguments.iter().cloned());
    let parsed = match Arguments::try_parse_from(typed) {
        Ok(Arguments { command: Command::Load(load) }) => *load,
        Ok(_) => return Err(UsageError("expected the flags of `bench load` after `--`".to_owned())),
        Err(error) => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            return Err(UsageError(format!("after `--`, expected the flags of `bench load`: {first}")));
        }
    };
    let Load { mut much, urls, what, connection, workers, reports, scenario, argument } = parsed;
    if urls.len() > 1 {
        return Err(UsageError(format!("after `--`, expected flags of `bench load`, found `{}`", urls[1])));
    }
    let refused = [
        (scenario.is_some(), "--scenario"),
        (much.find_rate.is_some(), "--find-rate"),
        (much.dry_run, "--dry-run"),
        (much.probe, "--probe"),
        (much.self_test, "--self-test"),
        (workers.share.is_some() || workers.rendezvous.is_some(), "--share"),
        (reports.compare.is_some(), "--compare"),
        (reports.save_as.is_some(), "--save-as"),
        (reports.dialect.is_some(), "--as"),
    ];
    if let Some((_, flag)) = refused.iter().find(|(is_given, _)| *is_given) {
        return Err(UsageError(format!("{flag} is for `bench load`, not for a comparison of two servers")));
    }
    // A search for the plateau would stop at a different level in each round.
    if much.concurrency.is_empty() && much.rate.is_empty() && much.replay.is_none() && !much.offline {
        much.concurrency = vec![1];
    }
    if much.requests.is_none() && much.duration.is_none() && much.replay.is_none() && !much.offline {
        much.duration = Some(ROUND);
    }
    Ok(Load { urls, what, much, connection, workers, reports, scenario, argument })
}

/// One of the servers, ready to be measured.
struct Side {
    case: Case,
    made: Made,
    /// The processes of the server, if it runs on this machine.
    processes: BTreeSet<u32>,
    /// Notes for the user about what is sent.
    told: Vec<String>,
    /// The length of a round, in words.
    length: String,
    /// The levels or the rule by which requests arrive, in words.
    pace: String,
}

impl Side {
    /// Finds out which interface the server has, and prepares its requests.
    fn make(arguments: &Load, name: &str) -> Result<Self, UsageError> {
        let Plan { endpoint, mut given, .. } = Plan::make(arguments)?;
        fit_lengths(arguments, &endpoint, &mut given)?;
        let conversations =
            conversations::of(arguments, &given)?.map(|all| std::sync::Arc::new(all.of_worker(0, 1)));
        let endpoint = match &conversations {
            Some(conversations) => endpoint.conversing(std::sync::Arc::clone(conversations)),
            None => endpoint,
        };
        let scenario = Scenario::of(arguments, &mut given).pausing(conversations);
        let mut case = case(arguments, &endpoint);
        case.id = format!("{}[server={name}]", case.id);
        case.arguments = [("server".to_owned(), name.to_owned())].into_iter().collect();
        let much = &arguments.much;
        let length = match (much.duration, much.requests) {
            (Some(duration), Some(requests)) => format!("{requests} requests or {duration:?}"),
            (Some(duration), None) => format!("{duration:?}"),
            (None, Some(requests)) => format!("{requests} requests"),
            (None, None) => "all requests".to_owned(),
        };
        let processes = reach::processes(endpoint.client());
        let (pace, told) = (scenario.told(), std::mem::take(&mut given.told));
        let round = Cell::new(0);
        let made = move |bencher: &mut Bencher, interrupt: &Interrupt| -> Result<(), Error> {
            // In each round, both servers get the same arrivals, which differ from round to round.
            let scenario = scenario.of_round(round.replace(round.get() + 1));
            scenario.warm(&endpoint, None)?;
            scenario.run(&endpoint, bencher, &given, interrupt, None)
        };
        Ok(Side { case, made: Rc::new(made), processes, told, length, pace })
    }
}

fn options(arguments: &Compare) -> Options {
    let mut options = Options::default();
    options.results = Some(arguments.report.output_dir.clone());
    options.probes = Some(Vec::new());
    options.seed = arguments.how.seed;
    options.show = if arguments.report.quiet { Show::Nothing } else { Show::Progress };
    options
}

/// Returns the decision on the comparison, with the reasons if it does not pass.
fn decision(arguments: &Compare, record: &Record, compared: &InTurn, max_failures: f64) -> Decision {
    let mut decision = Decision::default().of_failures(record, max_failures);
    let allowed = arguments.fail_on_regression.unwrap_or_default();
    let worse: Vec<String> =
        compared.figures.iter().filter(|figure| figure.is_worse_by(allowed)).map(named).collect();
    if !worse.is_empty() {
        decision =
            decision.slower(format!("slower by more than {} %: {}", allowed * 100.0, worse.join(", ")));
    }
    if compared.figures.is_empty() {
        decision = decision.failed("nothing could be compared");
    }
    if arguments.strict && compared.with(Verdict::Unsure).next().is_some() {
        decision = decision.unsure("unsure, and `--strict` was given");
    }
    decision
}

fn named(figure: &FigureInTurn) -> String {
    format!("{} at {}", figure.metric, figure.level)
}

/// Formats a value with its unit; `s/token` is formatted as a time.
fn shown(value: f64, unit: &str) -> String {
    match unit.strip_prefix("s/") {
        Some(each) => one_line(&format!("{}/{each}", Seconds(value))),
        None => figure(value, unit),
    }
}

/// Renders the report.
fn rendered(arguments: &Compare, record: &Record, compared: &InTurn, sides: [&CaseRecord; 2]) -> String {
    let style = Style::for_stdout(arguments.report.color);
    let mut out = String::new();
    if arguments.report.verbose {
        let view = bench_report::View::for_stdout(arguments.report.color, bench_report::Detail::Full);
        out += &console::render(record, &view);
        out.push('\n');
    }
    out += &format!(
        "{}\n",
        style.bold(&format!(
            "{} (candidate) compared with {} (base)",
            one_line(&compared.candidate),
            one_line(&compared.base)
        ))
    );
    let mut table = Table::new(&["", "base", "candidate", "change", "interval", "pairs", "verdict"]);
    let mut level = "";
    for found in &compared.figures {
        if found.level != level {
            level = &found.level;
            table.heading(one_line(level));
        }
        let value = |value: Option<f64>| value.map(|value| shown(value, &found.unit)).unwrap_or_default();
        let interval =
            found.interval.map(|found| format!("{} to {}", percent(found.low), percent(found.high)));
        table.row(vec![
            format!("  {}", one_line(&found.metric)),
            value(found.base),
            value(found.candidate),
            found.change.map(percent).unwrap_or_default(),
            interval.unwrap_or_default(),
            found.pairs.to_string(),
            style.verdict(found.verdict),
        ]);
    }
    out += &table.render(|text| style.bold(text));
    let mut line = |text: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", one_line(text));
    };
    match counted(compared.figures.iter().map(|figure| figure.verdict)) {
        Some(counts) => line(&format!(
            "{counts} at a threshold of {} %; all intervals hold together with {:.0} % confidence",
            compared.threshold * 100.0,
            compared.confidence * 100.0
        )),
        None => line("nothing could be compared: no round of both servers has a figure"),
    }
    for side in sides {
        if let Some(failure) = &side.failure {
            line(&format!("{}: {}", side.source, failure.message));
        }
    }
    let mut reasons: Vec<&str> = Vec::new();
    for reason in compared.with(Verdict::Unsure).filter_map(|figure| figure.reason.as_deref()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons.iter().for_each(|reason| line(&format!("  unsure: {reason}")));
    if !reasons.is_empty() {
        let rounds = 4 * sides[0].rounds.len().max(1);
        line(&format!(
            "to settle it, measure more rounds (--rounds {rounds}), or longer ones (-- --duration 20s)"
        ));
    }
    out
}
