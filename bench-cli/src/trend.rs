//! `bench trend`.

use std::path::Path;

use bench_core::quantity::{Bytes, Seconds, significant};
use bench_core::report::printable;
use bench_core::{UsageError, exit};
use bench_history::across::{MachineShift, machine_shifts};
use bench_history::change::{Kind, MIN_AFTER, MIN_BEFORE, Settings};
use bench_history::store::{Store, StoreError};
use bench_history::trend::{Place, Trend, Turn, trends};
use serde::Serialize;

use crate::arguments;
use crate::failure::Failure;
use crate::report;

/// What is printed with `--json`.
#[derive(Serialize)]
struct Document<'a> {
    machine_shifts: &'a [MachineShift],
    trends: &'a [Trend],
}

/// Prints where the series changed.
pub(crate) fn run(arguments: &arguments::Trend) -> Result<u8, Failure> {
    let mut store = arguments.place.open_existing()?;
    let defaults = Settings::default();
    let settings = Settings { min_shift: arguments.min_shift.unwrap_or(defaults.min_shift), ..defaults };
    // The machine is told by all cases, chosen or not.
    let (shifts, mut trends) = read(&mut store, &arguments.metric, settings)?;
    let chosen = |case: &str| {
        arguments.filters.is_empty() || arguments.filters.iter().any(|filter| case.contains(filter.as_str()))
    };
    trends.retain(|trend| chosen(&trend.key.case));
    if trends.is_empty() {
        let message = "no series in the store matches: `bench store list` shows its runs, `bench store export` all \
                       that it holds";
        return Err(UsageError(message.to_owned()).into());
    }
    let document = Document { machine_shifts: &shifts, trends: &trends };
    report::print_or_write(arguments.json.then_some(Path::new("-")), &document, || {
        render(&shifts, &trends, arguments.all)
    })?;
    Ok(exit::OK)
}

/// The trends of these figures, or of `all`; what most cases of a machine share is told of the machine alone.
pub(crate) fn read(
    store: &mut Store,
    metrics: &[String],
    settings: Settings,
) -> Result<(Vec<MachineShift>, Vec<Trend>), StoreError> {
    let acceptances = store.acceptances()?;
    let every = metrics.iter().any(|metric| metric == "all");
    let mut series = store.series()?;
    series.retain(|series| every || metrics.contains(&series.key.metric));
    let mut trends = trends(&series, &acceptances, settings);
    let shifts = machine_shifts(&mut trends);
    Ok((shifts, trends))
}

/// The report for people: machines first, then cases; what is steady is counted.
fn render(shifts: &[MachineShift], trends: &[Trend], all: bool) -> String {
    let mut text = String::new();
    let mut say = |line: &str| text += &(printable(line) + "\n");
    for shift in shifts {
        say(&machine_line(shift));
    }
    for trend in trends.iter().filter(|trend| all || !trend.changes.is_empty()) {
        let level = figure(trend.level.median, &trend.unit);
        let key = &trend.key;
        say(&format!("{}  {}: {level}, {} runs on {}", key.case, key.metric, trend.runs, key.machine));
        for turn in &trend.changes {
            say(&format!("  {}", line(turn, &trend.unit)));
        }
    }
    let steady = trends.iter().filter(|trend| !trend.too_little_history && trend.changes.is_empty()).count();
    let short = trends.iter().filter(|trend| trend.too_little_history).count();
    text += &format!("{} series: {steady} without a change", trends.len());
    if short > 0 {
        let fewest = MIN_BEFORE + MIN_AFTER;
        text += &format!(", {short} with too little history (less than {fewest} runs)");
    }
    text + "\n"
}

/// A shift of the whole machine, in a line.
pub(crate) fn machine_line(shift: &MachineShift) -> String {
    format!(
        "the machine ({}): {} of {} cases {:+.1} % of {} since {}{}",
        shift.line.machine,
        shift.cases.len(),
        shift.of,
        shift.shift * 100.0,
        shift.line.metric,
        told(&shift.since),
        together_with(&shift.also)
    )
}

/// A change of a case in a line.
pub(crate) fn line(turn: &Turn, unit: &str) -> String {
    let by = turn.shift.map_or_else(|| "from nothing".to_owned(), |shift| format!("{:+.1} %", shift * 100.0));
    let way = if turn.worse { "worse" } else { "better" };
    let how = match turn.kind {
        Kind::Step => format!("since {}, last before: {}", told(&turn.since), told(&turn.last_before)),
        Kind::Drift => format!("little by little until {}", told(&turn.since)),
    };
    let accepted = turn
        .accepted
        .as_ref()
        .map(|one| format!(" [accepted by {}: {}]", one.author, one.reason))
        .unwrap_or_default();
    format!(
        "{by} ({way}) {how}{}; {} to {}, found on {} (z = {:.1}){accepted}",
        together_with(&turn.also),
        figure(turn.before, unit),
        figure(turn.after, unit),
        turn.found.timestamp,
        turn.z
    )
}

/// What else changed then, if anything did.
pub(crate) fn together_with(also: &[String]) -> String {
    if also.is_empty() { String::new() } else { format!(", together with {}", also.join("; ")) }
}

/// A run, in words.
pub(crate) fn told(place: &Place) -> String {
    let commit = place.commit.as_deref().map(|commit| commit.chars().take(12).collect::<String>());
    let commit = commit.map(|commit| format!(" at {commit}")).unwrap_or_default();
    format!("{} ({}{commit})", place.timestamp, place.run)
}

/// A figure as people read it.
pub(crate) fn figure(value: f64, unit: &str) -> String {
    match unit {
        "s" => Seconds(value).to_string(),
        "bytes" if value >= 0.0 => Bytes(value as u64).to_string(),
        _ => format!("{} {unit}", significant(value)),
    }
}
