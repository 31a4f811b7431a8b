//! Compares a run with the runs before it.

use std::borrow::Cow;

use bench_protocol::Better;
use bench_record::Record;
use bench_stats as stats;

use super::{Decision, Evidence, Finding, Ruling};
use crate::across::machine_shifts;
use crate::change::{LOOK_BACK, Settings};
use crate::commits::Commits;
use crate::config::{Config, ConfigError};
use crate::key::SeriesKey;
use crate::store::{Acceptance, Series};
use crate::trend::{Trend, Turn, trend};

/// Judges the figures of `record` by their lines, and adds the findings to `decision`.
pub(super) fn judge(
    config: &Config,
    record: &Record,
    series: &[Series],
    (accepted, commits): (&[Acceptance], &Commits),
    decision: &mut Decision,
) -> Result<(), ConfigError> {
    let (mut lines, mut trends) = (Vec::new(), Vec::new());
    for series in series {
        let Some(line) = until(series, record, commits) else { continue };
        let Some(settings) = settings(config, record, &line)? else { continue };
        trends.push(trend(&line, accepted, settings));
        lines.push(line);
    }
    let shifts = machine_shifts(&mut trends, &lines);
    for (line, trend) in lines.iter().zip(&trends) {
        let is_measured = is_newest(line, record);
        let Some(case) = record.case(&trend.key.case).filter(|_| is_measured) else { continue };
        decision.judged += 1;
        if trend.too_little_history {
            decision.too_little_history += 1;
            continue;
        }
        decision.notes.extend(trend.withdrawn.iter().filter_map(|turn| withdrawal(trend, turn, record)));
        let of_machine: Vec<&Turn> = shifts.iter().filter_map(|shift| shift.turn_of(&trend.key)).collect();
        let open: Vec<&Turn> =
            open(trend, settled(line, accepted)).filter(|turn| !is_back(line, turn, &of_machine)).collect();
        let new = open.iter().any(|turn| turn.found.run == record.run);
        for turn in open {
            let allowed = config.allowed(case, &trend.key.metric, &trend.unit, turn.before)?;
            let is_worse =
                |level: f64| allowed.filter(|allowed| worse_by(trend.better, turn.before, level) > *allowed);
            // A change is over if a later level was good again, whatever came after that.
            let was_well = |later: &Turn| {
                let since = later.since.number;
                since > turn.since.number
                    && is_worse(without_machine(later.after, since, turn, &of_machine)).is_none()
            };
            if trend.changes.iter().any(was_well) {
                continue;
            }
            let now = without_machine(trend.level.median, line.points.len(), turn, &of_machine);
            let Some(allowed) = is_worse(now) else { continue };
            decision.findings.push(Finding {
                case: case.id.clone(),
                figure: trend.key.metric.clone(),
                ruling: Ruling::Fails,
                unit: trend.unit.clone(),
                before: Some(turn.before),
                now: Some(now),
                this_run: line.points.last().map(|last| last.value),
                of_machine: Some(trend.level.median / now - 1.0)
                    .filter(|share| *share != 0.0 && share.is_finite()),
                allowed: Some(allowed),
                evidence: Evidence::History { turn: Box::new(turn.clone()), new },
                confirmation: None,
            });
            // The oldest change that lasts is enough: later ones are part of the way from its old level to the present
            // one.
            break;
        }
    }
    decision.machine_shifts = shifts;
    decision.machine_shifts.retain(|shift| {
        let line = trends.iter().find(|trend| trend.key == shift.line);
        line.is_some_and(|line| shift.since.number + LOOK_BACK > line.runs)
    });
    Ok(())
}

/// Returns the line as it was when `record` was its newest run; `None` if the line is of another machine or build.
fn until<'a>(series: &'a Series, record: &Record, commits: &Commits) -> Option<Cow<'a, Series>> {
    let key = &series.key;
    if *key != SeriesKey::of(record, &key.case, &key.metric) {
        return None;
    }
    let newest = (&record.timestamp, &record.run);
    let end = series.points.partition_point(|point| (&point.timestamp, &point.run) <= newest);
    let is_measured = series.points[..end].last().is_some_and(|last| last.run == record.run);
    let known =
        if end == series.points.len() { Cow::Borrowed(series) } else { Cow::Owned(first(series, end)) };
    let arranged = match known {
        Cow::Borrowed(series) => commits.arrange(series),
        Cow::Owned(series) => Cow::Owned(commits.arrange(&series).into_owned()),
    };
    // A run of an old commit is judged by the runs before that commit, and not by later ones.
    let own = arranged.points.iter().rposition(|point| point.run == record.run);
    let joined = || arranged.points.iter().rposition(|point| point.commit == record.environment.commit);
    match own.or_else(joined).filter(|_| is_measured) {
        Some(own) if own + 1 < arranged.points.len() => Some(Cow::Owned(first(&arranged, own + 1))),
        _ => Some(arranged),
    }
}

/// The first points of a series.
fn first(series: &Series, count: usize) -> Series {
    let Series { key, unit, better, points } = series;
    Series { key: key.clone(), unit: unit.clone(), better: *better, points: points[..count].to_vec() }
}

/// Whether the newest point of a line belongs to this run: it is its own, or that of its commit, which the run has
/// joined.
fn is_newest(line: &Series, record: &Record) -> bool {
    let commit = &record.environment.commit;
    line.points
        .last()
        .is_some_and(|last| last.run == record.run || commit.is_some() && last.commit == *commit)
}

/// Returns the changes to look for in a line: those of the usual size, and smaller ones if they are not allowed either.
/// `None` if the figure is not to be judged. Lines of cases that are not in this run are also used, because they show
/// shifts of the machine.
fn settings(config: &Config, record: &Record, line: &Series) -> Result<Option<Settings>, ConfigError> {
    let defaults = Settings::default();
    let key = &line.key;
    let Some(case) = record.case(&key.case) else {
        return Ok(config.gate.metrics.contains(&key.metric).then_some(defaults));
    };
    let Some(last) = line.points.last() else { return Ok(None) };
    let allowed = config.allowed(case, &key.metric, &line.unit, last.value)?;
    // An amount is not a share of a figure of 0: the usual size applies.
    let smallest = |allowed: f64| defaults.min_shift.min(allowed / last.value.abs());
    Ok(allowed.map(|allowed| Settings { min_shift: smallest(allowed), ..defaults }))
}

/// Returns the index of the newest accepted run of a line, up to which changes are settled; `None` if none is accepted.
fn settled(line: &Series, accepted: &[Acceptance]) -> Option<usize> {
    let of_case = accepted.iter().filter(|acceptance| acceptance.case == line.key.case);
    of_case.filter_map(|acceptance| line.points.iter().position(|point| point.run == acceptance.run)).max()
}

/// The changes for the worse that have not been accepted, oldest first.
fn open(trend: &Trend, settled: Option<usize>) -> impl Iterator<Item = &Turn> {
    let is_settled =
        move |turn: &Turn| turn.accepted.is_some() || settled.is_some_and(|run| turn.since.number <= run);
    // An accepted change settles what came before it as well.
    let first = trend.changes.iter().rposition(is_settled).map_or(0, |last| last + 1);
    trend.changes[first..].iter().filter(|turn| turn.worse)
}

/// Returns a value of run `number` without the shifts of the whole machine since `turn`, which are not a fault of the
/// case.
fn without_machine(value: f64, number: usize, turn: &Turn, of_machine: &[&Turn]) -> f64 {
    let since =
        of_machine.iter().filter(|shift| (turn.since.number + 1..=number).contains(&shift.since.number));
    since.fold(value, |value, shift| value * shift.before / shift.after)
}

/// Whether the newest runs are back at the level before a change, although they are too few to be a change themselves.
///
/// They lie on the old side of the middle between both levels, and there are enough of them that noise would put their
/// mean there only once in 1000 times: one run is enough if the levels lie six deviations of the noise apart.
fn is_back(line: &Series, turn: &Turn, of_machine: &[&Turn]) -> bool {
    const RECENT: usize = 60;
    const SURE: f64 = 3.0;
    let values: Vec<f64> = line
        .points
        .iter()
        .enumerate()
        .skip(turn.since.number)
        .map(|(number, point)| without_machine(point.value, number, turn, of_machine))
        .filter(|value| value.is_finite())
        .collect();
    let middle = turn.before / 2.0 + turn.after / 2.0;
    let is_old = |value: &&f64| (**value > middle) == (turn.before > middle);
    let runs = values.iter().rev().take_while(is_old).count();
    let recent = &line.points[line.points.len().saturating_sub(RECENT)..];
    let differences: Vec<f64> = recent.windows(2).map(|pair| (pair[1].value - pair[0].value).abs()).collect();
    let difference = stats::median(&stats::sorted(&differences)).unwrap_or(0.0);
    let deviation = 1.4826 * difference / std::f64::consts::SQRT_2;
    let half = (turn.after - turn.before).abs() / 2.0;
    runs > 0 && half * (runs as f64).sqrt() >= SURE * deviation
}

/// Describes a change for the worse that was withdrawn with this run; `None` for any other change.
fn withdrawal(trend: &Trend, turn: &Turn, record: &Record) -> Option<String> {
    let withdrawn = turn.withdrawn.as_ref().filter(|withdrawn| turn.worse && withdrawn.run == record.run)?;
    Some(format!(
        "{} of {}: the change since {} ({}), found on {}, was withdrawn on {}: the runs since no longer differ \
         from those before",
        trend.key.metric,
        trend.key.case,
        turn.since.timestamp,
        turn.since.run,
        turn.found.timestamp,
        withdrawn.timestamp,
    ))
}

/// The amount by which a level is worse than before, in the unit of the line.
fn worse_by(better: Better, before: f64, level: f64) -> f64 {
    match better {
        Better::Lower => level - before,
        Better::Higher => before - level,
    }
}
