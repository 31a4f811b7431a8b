//! Lines and charts about the users of a service: the limits of an objective, the knee, and the throughput for each
//! user.

use bench_record::Metric;

use super::chart::{Chart, Line, Point, Scale};
use super::{is_rate, note};
use crate::report::group::Group;

/// Returns a dashed line for each condition of the objective that limits one of these metrics, or the quantity that
/// they are percentiles of.
pub(super) fn of(group: &Group<'_>, metrics: &[impl AsRef<str>]) -> Vec<Line> {
    let shown = metrics.iter().filter_map(|name| group.metric(name.as_ref()));
    let keys: Vec<String> = shown.map(Metric::key).collect();
    let is_shown = |figure: &str| {
        keys.iter().any(|key| key == figure || key.strip_prefix(figure).is_some_and(|p| p.starts_with("_p")))
    };
    let at = || group.levels.iter().filter_map(|level| level.at);
    let (first, last) = (at().fold(f64::INFINITY, f64::min), at().fold(0.0, f64::max));
    let mut lines: Vec<Line> = Vec::new();
    for condition in group.levels.iter().flat_map(|level| &level.level.slo) {
        if is_shown(&condition.figure)
            && condition.limit.is_finite()
            && !lines.iter().any(|line| line.label == condition.text)
        {
            let points = [first, last].map(|x| Point { x, y: condition.limit, ..Point::default() });
            lines.push(Line {
                label: condition.text.clone(),
                points: points.to_vec(),
                dashed: true,
                dotless: true,
                lineless: false,
            });
        }
    }
    lines
}

/// The minimum number of valid levels for a knee.
const FEWEST_LEVELS: usize = 3;

/// Returns a dashed vertical line at the knee, as high as the other lines: at the level with the most throughput per
/// latency, which is called *power* (Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in
/// computer communications", ICC 1979). Below it, throughput grows faster than latency; above it, latency does.
/// Throughput is the mean number of requests in flight divided by the median latency (Little's law).
///
/// `None` if the first or the last level has the most, since the knee may then be outside of what was measured.
pub(super) fn knee(group: &Group<'_>, lines: &[Line]) -> Option<Line> {
    let mut powers: Vec<(f64, f64)> = group
        .levels
        .iter()
        .filter(|level| level.level.validity.valid)
        .filter_map(|level| {
            let latency =
                level.level.metric("latency p50").map(|metric| metric.value).filter(|s| *s > 0.0)?;
            Some((level.at?, level.level.pace.mean_concurrency? / latency.powi(2)))
        })
        .filter(|(_, power)| power.is_finite())
        .collect();
    powers.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (at, _) = powers.iter().copied().max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let is_within = powers.len() >= FEWEST_LEVELS
        && powers.first().is_some_and(|(first, _)| *first < at)
        && powers.last().is_some_and(|(last, _)| *last > at);
    let heights =
        || lines.iter().flat_map(|line| &line.points).map(|point| point.y).filter(|y| y.is_finite());
    let ends = [heights().fold(f64::INFINITY, f64::min), heights().fold(0.0, f64::max)];
    is_within.then(|| Line {
        label: "knee".to_owned(),
        points: ends.map(|y| Point { x: at, y, ..Point::default() }).to_vec(),
        dashed: true,
        dotless: true,
        lineless: false,
    })
}

/// Plots the throughput of all users together against the throughput for each user: more users share more, and each of
/// them has less. `None` if the primary metric is not a rate, or if fewer than two levels have it.
pub(super) fn per_user(group: &Group<'_>) -> Option<Chart> {
    let primary = &group.primary;
    let metric = group.metric(primary).filter(|metric| is_rate(metric))?;
    let mut levels: Vec<(Point, &str)> = group
        .levels
        .iter()
        .filter_map(|level| {
            let users = level.level.pace.mean_concurrency.filter(|users| *users > 0.0)?;
            let all = level.level.metric(primary).map(|metric| metric.value).filter(|all| all.is_finite())?;
            let crossed = !level.level.validity.valid;
            Some((Point { x: all / users, y: all, crossed, ..Point::default() }, level.label.as_str()))
        })
        .collect();
    if levels.len() < 2 {
        return None;
    }
    levels.sort_by(|(one, _), (other, _)| one.x.total_cmp(&other.x));
    let (points, labels): (Vec<Point>, Vec<&str>) = levels.into_iter().unzip();
    let lines = vec![Line { label: primary.clone(), points, ..Line::default() }];
    let order = format!("from left to right: {}", labels.join(", "));
    let marks = note(&lines, &group.levels);
    Some(Chart {
        title: group.id(),
        note: if marks.is_empty() { order } else { format!("{order} · {marks}") },
        x: Scale::values(&format!("{primary} for each request in flight"), &metric.unit),
        y: Scale::values(primary, &metric.unit),
        lines,
    })
}
