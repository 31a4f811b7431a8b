//! Prints the report of a run, and decides its exit code.

use bench_endpoint::client::Policy;
use bench_endpoint::server::Watch;
use bench_endpoint::{Checked, Endpoint};
use bench_judge::Decision;
use bench_load::cores;
use bench_load::fleet::Fleet;
use bench_record::{Record, RunError, RunState, exit};
use bench_report::{Detail, View, print, tell};
use bench_runner::report::console;
use bench_runner::run::Finished;
use bench_syntax::quantity::Seconds;
use bench_syntax::text::printable;

use super::workers::{self, Ended};
use super::{dialect, printable_lines, summary};
use crate::arguments::Load;

/// If one in N requests found its connection closed by the server, or if there were as many connections as answers, the
/// server does not keep connections open.
const CLOSES: u64 = 4;

/// Prints the report, and returns the exit code.
///
/// # Errors
/// When the report cannot be printed or written.
pub(super) fn report(
    arguments: &Load,
    endpoint: &Endpoint,
    finished: Finished,
    watch: Option<Watch>,
    fleet: Option<&Fleet>,
) -> Result<u8, RunError> {
    let ended = Ended::of(endpoint);
    let (ended, lost) = match fleet {
        Some(fleet) => ended.of_all(fleet),
        None => (ended, None),
    };
    let record = &finished.record;
    if let Some(fleet) = fleet.filter(|fleet| !fleet.is_first()) {
        tell(&lost.as_ref().map_or_else(|| workers::told(record, fleet), ToString::to_string));
        // The first worker prints the reasons for the exit code.
        return Ok(exit_code(arguments, &ended.checked, record, lost.is_some(), |_| {}));
    }
    let view = View::for_stdout(arguments.reports.color, Detail::Short);
    print(&format!("\n{}", console::render(record, &view)))?;
    if arguments.much.find_rate.is_some() {
        let objective = arguments.much.slo.join(" and ");
        print(&printable_lines(&format!("\n{}", summary::bracket(record, &objective))))?;
    }
    if let Some(comparison) = &finished.comparison {
        print(&format!(
            "\n{}",
            console::render_comparison(comparison, comparison.advice_for_servers(), &view)
        ))?;
    }
    let Ended { counts, counted, checked } = ended;
    print(&format!(
        "connections: {} made, {} requests on a reused one, {} sent again because the server had closed \
         an idle one\n",
        counts.opened, counts.reused, counts.reconnected
    ))?;
    let keeps = arguments.connection.connections != Policy::PerRequest;
    let closes = counts.opened.max(counts.reconnected * CLOSES) >= counted.answered;
    if keeps && closes && counted.answered > 0 {
        let told =
            "the server closes connections after its answers, so the latencies include the time to connect";
        print(&format!("{told}\n"))?;
    }
    for said in summary::obtained(&counted, endpoint, arguments.what.tokenizer.as_deref()) {
        print(&format!("{said}\n"))?;
    }
    if let Some(series) = watch.and_then(Watch::end) {
        for warning in summary::server(&series, &counted, endpoint.is_salted(), &finished)? {
            tell(&format!("warning: {warning}"));
        }
    }
    if let Some(stall) = worst_stall(record) {
        let loops = match cores::count().unwrap_or(1) {
            1 => "1 event loop, which".to_owned(),
            many => format!("{many} event loops, which"),
        };
        print(&format!("client: {loops} handled 99 % of ready events within {stall}\n"))?;
    }
    if let Some(fleet) = fleet.filter(|_| lost.is_none()) {
        print(&format!("{}\n", workers::told(record, fleet)))?;
    }
    let Finished { record, folder, trouble, .. } = finished;
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if let Some(folder) = folder {
        if let Some(dialect) = arguments.reports.dialect {
            let names = dialect::write(dialect, &record, &folder)?;
            print(&format!("written for other tools: {}\n", names.join(", ")))?;
        }
        print(&format!("report: {}\n", folder.display()))?;
    }
    if record.state == RunState::Interrupted {
        tell("interrupted: the report contains what was measured until then");
    }
    lost.iter().for_each(|lost| tell(&lost.to_string()));
    Ok(exit_code(arguments, &checked, &record, lost.is_some(), tell))
}

/// Prints why a run is not valid, with `says`, and returns its exit code. The loss of a worker has already been
/// reported.
fn exit_code(arguments: &Load, checked: &Checked, record: &Record, is_lost: bool, says: impl Fn(&str)) -> u8 {
    let decision = Decision::default().of_load(record, arguments.much.max_failures);
    let found = arguments.much.find_rate.and_then(|_| summary::found(record));
    // A search tries rates at which the objective is missed and requests fail, so these are not reasons.
    if (found.is_none() || record.state == RunState::Interrupted) && !is_lost {
        decision.reasons().iter().for_each(|reason| says(reason));
    }
    for wrong in &checked.wrong {
        says(&printable(&format!("of {} answers that were checked: {wrong}", checked.looked_at)));
    }
    match decision.exit_code() {
        exit::INTERRUPTED => exit::INTERRUPTED,
        // Without one of its workers, the run was not the requested load.
        _ if is_lost => exit::FAILED,
        exit::OK | exit::INVALID | exit::FAILURES if found.is_some() && checked.wrong.is_empty() => exit::OK,
        exit::OK if !checked.wrong.is_empty() => exit::FAILURES,
        code => code,
    }
}

/// Returns within which time the client's event loops handled 99 % of ready events, at the worst level; `None` if not
/// known.
fn worst_stall(record: &Record) -> Option<Seconds> {
    let rounds = record.cases.iter().flat_map(|case| &case.rounds);
    let levels = rounds.filter_map(|round| round.served.as_ref()).flat_map(|served| &served.levels);
    let stalls = levels.filter_map(|level| level.pace.client_stall).map(|stall| stall.p99_s.0);
    stalls.reduce(f64::max).map(Seconds)
}
