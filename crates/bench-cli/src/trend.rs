//! `bench trend`.

use std::path::Path;

use bench_history::across::{MachineShift, machine_shifts};
use bench_history::balance::Balance;
use bench_history::change::{FEWEST, Kind, Settings};
use bench_history::store::{Store, StoreError};
use bench_history::trend::{Culprit, Place, Trend, Turn, trends};
use bench_record::exit;
use bench_syntax::UsageError;
use bench_syntax::quantity::{self, Bytes, Seconds, significant};
use bench_syntax::text::one_line;
use serde::Serialize;

use crate::failure::Failure;
use crate::{arguments, history, report};

/// The document of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    machine_shifts: &'a [MachineShift],
    trends: &'a [Trend],
    balance: Balance,
}

/// Prints the changes of the series.
pub(crate) fn run(arguments: &arguments::Trend) -> Result<u8, Failure> {
    let mut store = arguments.place.open_to_read()?;
    let defaults = Settings::default();
    let settings = Settings { min_shift: arguments.min_shift.unwrap_or(defaults.min_shift), ..defaults };
    // Changes of a machine are found from all cases, chosen or not.
    let (shifts, mut trends) = read(&mut store, &arguments.metric, settings)?;
    let chosen = |case: &str| {
        arguments.filters.is_empty() || arguments.filters.iter().any(|filter| case.contains(filter.as_str()))
    };
    trends.retain(|trend| chosen(&trend.key.case));
    if trends.is_empty() {
        let message = "no series in the store matches: `bench store list` shows its runs, `bench store export` \
                       prints all of its figures";
        return Err(UsageError(message.to_owned()).into());
    }
    let balance = Balance::of(&shifts, &trends);
    let document = Document { machine_shifts: &shifts, trends: &trends, balance };
    report::print_or_write(arguments.json.then_some(Path::new("-")), &document, || {
        render(&shifts, &trends, arguments.all) + &balance_line(balance)
    })?;
    Ok(exit::OK)
}

/// Reads the trends of these figures, or of `all`; changes that most cases of a machine share are reported only for
/// the machine.
pub(crate) fn read(
    store: &mut Store,
    metrics: &[String],
    settings: Settings,
) -> Result<(Vec<MachineShift>, Vec<Trend>), StoreError> {
    let acceptances = store.acceptances()?;
    let every = metrics.iter().any(|metric| metric == "all");
    let mut series = history::series(store)?;
    series.retain(|series| every || metrics.contains(&series.key.metric));
    let mut trends = trends(&series, &acceptances, settings);
    let shifts = machine_shifts(&mut trends, &series);
    Ok((shifts, trends))
}

/// Renders the report for people: machines first, then cases; steady series are only counted.
fn render(shifts: &[MachineShift], trends: &[Trend], all: bool) -> String {
    let mut text = String::new();
    let mut say = |line: &str| text += &(one_line(line) + "\n");
    for shift in shifts {
        say(&machine_line(shift));
    }
    let (mut steady, mut moved) = (0, 0);
    for trend in trends {
        let of_machine: Vec<&Turn> = shifts.iter().filter_map(|shift| shift.turn_of(&trend.key)).collect();
        if trend.changes.is_empty() && !trend.too_little_history {
            *(if of_machine.is_empty() { &mut steady } else { &mut moved }) += 1;
        }
        if !all && trend.changes.is_empty() && trend.withdrawn.is_empty() {
            continue;
        }
        let level = figure(trend.level.median, &trend.unit);
        let key = &trend.key;
        say(&format!("{}  {}: {level}, {} runs on {}", key.case, key.metric, trend.runs, key.machine));
        let mut turns: Vec<(&Turn, &str)> = trend.changes.iter().map(|turn| (turn, "")).collect();
        turns.extend(of_machine.into_iter().map(|turn| (turn, " [the machine]")));
        turns.sort_by_key(|(turn, _)| turn.since.number);
        for (turn, whose) in turns {
            say(&format!("  {}{whose}", line(turn, &trend.unit)));
        }
        for turn in &trend.withdrawn {
            say(&format!("  {}", withdrawn_line(turn)));
        }
    }
    let short = trends.iter().filter(|trend| trend.too_little_history).count();
    text += &format!("{} series: {steady} without a change", trends.len());
    if moved > 0 {
        text += &format!(", {moved} that changed only with the machine");
    }
    if short > 0 {
        text += &format!(", {short} with too little history (fewer than {FEWEST} runs)");
    }
    text + "\n"
}

/// Returns a line if most changes have the same direction; empty if not, or if there are few.
fn balance_line(balance: Balance) -> String {
    if !balance.is_uneven() {
        return String::new();
    }
    let Balance { worse, better, p_value, .. } = balance;
    let (mostly, causes) = if worse > better {
        ("worse", "code or a machine that slows down in small steps")
    } else {
        ("better", "code that is being tuned, or a machine that becomes faster")
    };
    format!(
        "of {} changes, {worse} were for the worse and {better} for the better (changes at the same run in the \
         same direction count once): mostly {mostly} ({}), as with {causes}; `bench trend --all` shows when\n",
        worse + better,
        quantity::p_value(p_value)
    )
}

/// Returns a line about a shift of the whole machine.
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

/// Returns a line about a change of a case.
pub(crate) fn line(turn: &Turn, unit: &str) -> String {
    let by = turn.shift.map_or_else(|| "from nothing".to_owned(), |shift| format!("{:+.1} %", shift * 100.0));
    let way = if turn.worse { "worse" } else { "better" };
    let how = match turn.kind {
        Kind::Step => {
            format!(
                "since {}, last before: {}{}",
                told(&turn.since),
                told(&turn.last_before),
                range(&turn.culprit)
            )
        }
        Kind::Drift => format!("gradually until {}", told(&turn.since)),
    };
    let besides =
        turn.of_machine.map(|share| format!(" [in addition to the machine's {:+.1} %]", share * 100.0));
    let accepted = turn
        .accepted
        .as_ref()
        .map(|one| format!(" [accepted by {}: {}]", one.author, one.reason))
        .unwrap_or_default();
    format!(
        "{by} ({way}) {how}{}; {} to {}, found on {} (z = {:.1}){}{accepted}",
        together_with(&turn.also),
        figure(turn.before, unit),
        figure(turn.after, unit),
        turn.found.timestamp,
        turn.z,
        besides.unwrap_or_default()
    )
}

/// Returns a line about a change that was withdrawn.
pub(crate) fn withdrawn_line(turn: &Turn) -> String {
    let by = turn.shift.map_or_else(|| "from nothing".to_owned(), |shift| format!("{:+.1} %", shift * 100.0));
    let on = turn.withdrawn.as_ref().map_or("", |place| &place.timestamp);
    format!(
        "the change of {} ({by}, found on {}) was withdrawn on {on}: the runs since no longer differ from those before",
        told(&turn.since),
        turn.found.timestamp
    )
}

/// Returns the runs between which a change happened; empty if the exact run is known.
fn range(culprit: &Culprit) -> String {
    if culprit.first_bad.number == culprit.last_good.number + 1 {
        return String::new();
    }
    let commits = match culprit.commits.len() {
        0 => String::new(),
        1 => ", 1 commit".to_owned(),
        count => format!(", {count} commits"),
    };
    format!(
        " (after {} and by {} with 95 % confidence{commits})",
        culprit.last_good.run, culprit.first_bad.run
    )
}

/// Names the other changes at the same time; empty if there are none.
pub(crate) fn together_with(also: &[String]) -> String {
    if also.is_empty() { String::new() } else { format!(", together with {}", also.join("; ")) }
}

/// Describes a run: its time, name and commit.
pub(crate) fn told(place: &Place) -> String {
    let commit = place.commit.as_deref().map(|commit| commit.chars().take(12).collect::<String>());
    let commit = commit.map(|commit| format!(" at {commit}")).unwrap_or_default();
    format!("{} ({}{commit})", place.timestamp, place.run)
}

/// Formats a figure for people.
pub(crate) fn figure(value: f64, unit: &str) -> String {
    match unit {
        "s" => Seconds(value).to_string(),
        "bytes" if value >= 0.0 => Bytes(value as u64).to_string(),
        _ => one_line(&format!("{} {unit}", significant(value))),
    }
}

#[cfg(test)]
mod tests {
    use bench_history::key::{MachineClass, SeriesKey};
    use bench_history::store::{Known, Point, Series};
    use bench_protocol::Better;

    use super::*;

    /// Returns a series of 40 runs that is slower by a fifth from run `since` on.
    fn series(case: usize, since: Option<usize>) -> Series {
        let word = |word: &str| word.to_owned();
        let value = |run: usize| {
            let slower = if since.is_some_and(|since| run >= since) { 1.2 } else { 1.0 };
            slower * (1.0 + 0.001 * ((run * (7 + case)) % 5) as f64)
        };
        Series {
            key: SeriesKey {
                case: format!("unit/c{case}"),
                metric: word("time"),
                machine: MachineClass {
                    cpu: word("x"),
                    cores: word("2"),
                    gpu: word("none"),
                    memory: word("4 GiB"),
                },
                toolchain: word("rustc"),
                build: word("release"),
            },
            unit: word("s"),
            better: Better::Lower,
            points: (0..40)
                .map(|run| Point {
                    run: format!("r{run:02}"),
                    timestamp: format!("2026-01-{:02}T{:02}:00:00Z", 1 + run / 24, run % 24),
                    commit: None,
                    value: value(run),
                    known: Known::default(),
                    circumstances: std::sync::Arc::default(),
                })
                .collect(),
        }
    }

    #[test]
    fn changes_that_lean_to_one_side_are_reported_in_a_line() {
        let uneven = |changes: std::ops::Range<usize>| {
            let series: Vec<Series> = changes.map(|case| series(case, Some(10 + case))).collect();
            let trends = trends(&series, &[], Settings::default());
            balance_line(Balance::of(&[], &trends))
        };
        let line = uneven(0..20);
        assert!(line.starts_with("of 20 changes, 20 were for the worse and 0 for the better ("), "{line}");
        assert!(line.contains("mostly worse (p < 0.001)"), "{line}");
        assert_eq!(uneven(0..19), "", "too few");
    }

    #[test]
    fn what_the_machine_did_is_told_once_and_of_each_case_where_all_is_asked_for() {
        let since = [Some(20), Some(20), Some(21), Some(20), Some(20), None];
        let series: Vec<Series> =
            since.iter().enumerate().map(|(case, since)| series(case, *since)).collect();
        let mut trends = trends(&series, &[], Settings::default());
        let shifts = machine_shifts(&mut trends, &series);
        let brief = render(&shifts, &trends, false);
        assert_eq!(brief.lines().count(), 2, "{brief}");
        assert!(brief.starts_with("the machine (x, "), "{brief}");
        assert!(
            brief.ends_with("6 series: 1 without a change, 5 that changed only with the machine\n"),
            "{brief}"
        );
        let full = render(&shifts, &trends, true);
        let of_case = full.lines().skip_while(|line| !line.starts_with("unit/c2")).nth(1).expect("a line");
        assert!(of_case.contains("since 2026-01-01T21:00:00Z (r21)"), "its own place: {full}");
        assert!(of_case.ends_with(" [the machine]"), "{full}");
    }
}
