//! Pictures of load: throughput and latency against the setting, latency over time, and its distribution.

mod chart;
mod limits;

use bench_core::inventory;
use bench_record::{HARNESS_BOUND, Level, Record, RunError, file_name};
use bench_report::{Exporter, Outlet};
use bench_stats as stats;

use super::comparison::{Side, sides};
use super::figure::is_rate;
use super::group::{Group, GroupLevel, groups};
pub use chart::{Chart, Line, Point, Scale};

inventory::submit! { Exporter { name: "plots", export } }

/// Percentiles of the latency that are drawn against the setting.
const PERCENTILES: [&str; 3] = ["p50", "p95", "p99"];

/// Explains the line of the [knee](limits::knee).
const KNEE: &str = "knee: the most throughput per latency";

/// The maximum number of levels whose latency is drawn over time.
const MOST_TIMELINES: usize = 12;

fn export(record: &Record, outlet: &Outlet) -> Result<(), RunError> {
    let groups = groups(record);
    for group in &groups {
        let file = file_name(&group.id());
        for (name, chart) in of_group(group) {
            write(outlet, &format!("{file}-{name}"), &chart.svg())?;
        }
    }
    for (name, chart) in side_by_side(&sides(record, outlet.baseline())) {
        write(outlet, &name, &chart.svg())?;
    }
    Ok(())
}

/// Writes a picture into the folder `plots` of a run directory, as SVG and, with the feature `png`, as PNG.
///
/// # Errors
/// When a file cannot be written.
pub fn write(outlet: &Outlet, name: &str, svg: &str) -> Result<(), RunError> {
    outlet.write(&format!("plots/{name}.svg"), |out| out.write_all(svg.as_bytes()))?;
    #[cfg(feature = "png")]
    outlet.write(&format!("plots/{name}.png"), |out| out.write_all(&super::raster::png(svg)?))?;
    Ok(())
}

/// The pictures of a group, and their names.
fn of_group(group: &Group<'_>) -> Vec<(String, Chart)> {
    let mut charts = Vec::new();
    let mut names = vec![group.primary.as_str()];
    names.extend(group.plots.iter().map(String::as_str).filter(|name| *name != group.primary));
    if group.levels.iter().filter(|level| level.at.is_some()).count() > 1 {
        for name in names {
            if let Some(chart) = against_setting(group, name) {
                charts.push((file_name(name), chart));
            }
        }
        charts.push(("latency".to_owned(), percentiles(group)));
        charts.extend(limits::per_user(group).map(|chart| ("per-user".to_owned(), chart)));
    }
    for level in group.levels.iter().take(MOST_TIMELINES) {
        if !level.level.timeline.is_empty() {
            let title = format!("{} · {}", group.id(), level.label);
            let chart = over_time(&title, group.latency_name(), &level.level);
            charts.push((format!("over-time-{}", file_name(&level.label)), chart));
        }
    }
    if group.levels.iter().any(|level| !level.level.latency.is_empty()) {
        charts.push(("distribution".to_owned(), distribution(group)));
    }
    charts
}

fn points(group: &Group<'_>, name: &str) -> Vec<Point> {
    group
        .levels
        .iter()
        .filter_map(|level| {
            let metric = level.level.metric(name).filter(|metric| metric.value.is_finite())?;
            Some(Point {
                x: level.at?,
                y: metric.value,
                hollow: metric.supported == Some(false),
                crossed: !level.level.validity.valid,
                bounds: metric
                    .interval
                    .filter(|_| metric.supported != Some(false))
                    .map(|interval| (interval.low, interval.high)),
            })
        })
        .collect()
}

/// Explains the marks that occur in a chart, after a note about levels at which the harness was the bottleneck.
fn note<'a>(lines: &[Line], levels: impl IntoIterator<Item = &'a GroupLevel<'a>>) -> String {
    let any = |mark: fn(&Line, &Point) -> bool| {
        lines.iter().any(|line| line.points.iter().any(|point| mark(line, point)))
    };
    let mut notes = Vec::new();
    notes.extend(bound(levels));
    if any(|line, point| point.hollow && !line.dotless) {
        notes.push("hollow: too few requests for this percentile".to_owned());
    }
    if any(|line, point| point.hollow && line.dotless) {
        notes.push("dotted: too few requests for these percentiles".to_owned());
    }
    if any(|_, point| point.crossed) {
        notes.push("crossed out: the level is not valid".to_owned());
    }
    notes.join(" · ")
}

/// Returns a note with the levels at which the harness was the bottleneck; `None` if there are none.
fn bound<'a>(levels: impl IntoIterator<Item = &'a GroupLevel<'a>>) -> Option<String> {
    let bound = levels.into_iter().filter(|level| level.level.validity.harness_bound);
    let labels: Vec<&str> = bound.map(|level| level.label.as_str()).collect();
    (!labels.is_empty()).then(|| format!("{HARNESS_BOUND} at {}", labels.join(", ")))
}

fn against_setting(group: &Group<'_>, name: &str) -> Option<Chart> {
    let metric = group.metric(name)?;
    let measured = points(group, name);
    let mut lines = vec![Line { label: name.to_owned(), points: measured.clone(), ..Line::default() }];
    if let (true, Some(first)) = (is_rate(metric), measured.first().copied()) {
        let ideal = measured
            .iter()
            .map(|point| Point { x: point.x, y: first.y * point.x / first.x, ..Point::default() })
            .collect();
        lines.push(Line {
            label: "ideal".to_owned(),
            points: ideal,
            dashed: true,
            dotless: true,
            lineless: false,
        });
    }
    lines.extend(limits::of(group, &[name]));
    Some(Chart {
        title: group.id(),
        note: note(&lines, &group.levels),
        x: Scale::setting(group.setting.title(), measured.iter().map(|point| point.x)),
        y: Scale::values(name, &metric.unit),
        lines,
    })
}

fn percentiles(group: &Group<'_>) -> Chart {
    let mut lines: Vec<Line> = PERCENTILES
        .iter()
        .map(|p| Line {
            label: (*p).to_owned(),
            points: points(group, &format!("latency {p}")),
            ..Line::default()
        })
        .filter(|line| !line.points.is_empty())
        .collect();
    lines.extend(limits::of(group, &PERCENTILES.map(|p| format!("latency {p}"))));
    let knee = limits::knee(group, &lines);
    let marks = note(&lines, &group.levels);
    let note = match &knee {
        Some(_) if marks.is_empty() => KNEE.to_owned(),
        Some(_) => format!("{KNEE} · {marks}"),
        None => marks,
    };
    lines.extend(knee);
    Chart {
        title: group.id(),
        note,
        x: Scale::setting(group.setting.title(), group.levels.iter().filter_map(|level| level.at)),
        y: Scale::values(group.latency_name(), "s"),
        lines,
    }
}

fn over_time(title: &str, latency: &str, level: &Level) -> Chart {
    let dots = |ok: bool| -> Vec<Point> {
        let chosen = level.timeline.iter().filter(|dot| dot.ok == ok);
        chosen.map(|dot| Point { x: dot.at_s, y: dot.latency_s, crossed: !ok, ..Point::default() }).collect()
    };
    let mut lines =
        vec![Line { label: "served".to_owned(), points: dots(true), lineless: true, ..Line::default() }];
    let failed = dots(false);
    if !failed.is_empty() {
        lines.push(Line { label: "failed".to_owned(), points: failed, lineless: true, ..Line::default() });
    }
    let note = match (level.validity.valid, level.validity.harness_bound) {
        (_, true) => HARNESS_BOUND.to_owned(),
        (false, false) => format!("not valid: {}", level.validity.reasons.join("; ")),
        (true, false) => String::new(),
    };
    Chart {
        title: title.to_owned(),
        note,
        x: Scale::linear("sent after (s)"),
        y: Scale::values(latency, "s"),
        lines,
    }
}

/// Plots the latency against the share of requests that it exceeds; each further nine of the share is equally wide
/// (Tene's HdrHistogram).
fn distribution(group: &Group<'_>) -> Chart {
    let lines: Vec<Line> = group
        .levels
        .iter()
        .map(|level| {
            let bins = &level.level.latency;
            let total: u64 = bins.iter().map(|bin| bin.count).sum();
            let mut below = 0;
            let points = bins
                .iter()
                .map(|bin| {
                    below += bin.count;
                    // There are no requests beyond the last one; half of a request stands for them.
                    let beyond = (total as f64 - below as f64).max(0.5) / total.max(1) as f64;
                    let hollow = total < stats::support(1.0 - beyond) as u64;
                    Point { x: -beyond.log10(), y: bin.up_to_s, hollow, ..Point::default() }
                })
                .collect();
            let invalid = if level.level.validity.valid { "" } else { ", not valid" };
            let label = format!("{}{invalid}", level.label);
            Line { label, points, dotless: true, ..Line::default() }
        })
        .collect();
    Chart {
        title: group.id(),
        note: note(&lines, &group.levels),
        x: Scale::nines("percentile of requests"),
        y: Scale::values(group.latency_name(), "s"),
        lines,
    }
}

/// Returns the name of a side for a legend, without a model or category that all sides share: there is little room.
fn label<'a>(side: &Side<'_>, all: impl Iterator<Item = &'a Group<'a>> + Clone) -> String {
    let Group { model, category, name, .. } = &side.group;
    let same_model = all.clone().all(|other| other.model == *model);
    let same_category = all.clone().all(|other| other.category == *category);
    let id = side.group.id();
    // The model and the category end where the name begins.
    let tail = id.find(&format!("/{name}")).map_or(id.as_str(), |slash| &id[slash + 1..]);
    let model = model.filter(|_| !same_model).map(|model| format!("{model}/")).unwrap_or_default();
    let category = if same_category { String::new() } else { format!("{category}/") };
    let before = if side.earlier { ", before" } else { "" };
    format!("{model}{category}{tail}{before}")
}

/// Returns a chart for each primary metric and kind of setting that several sides share.
fn side_by_side(sides: &[Side<'_>]) -> Vec<(String, Chart)> {
    let mut primaries: Vec<(&str, super::Setting)> = Vec::new();
    for Side { group, .. } in sides {
        if !primaries.contains(&(group.primary.as_str(), group.setting)) {
            primaries.push((&group.primary, group.setting));
        }
    }
    primaries
        .into_iter()
        .filter_map(|(primary, setting)| {
            let of = || {
                sides.iter().filter(move |side| {
                    (side.group.primary.as_str(), side.group.setting) == (primary, setting)
                })
            };
            let lines: Vec<Line> = of()
                .map(|side| Line {
                    label: label(side, of().map(|side| &side.group)),
                    points: points(&side.group, primary),
                    dashed: side.earlier,
                    ..Line::default()
                })
                .filter(|line| !line.points.is_empty())
                .collect();
            if lines.len() < 2 {
                return None;
            }
            let unit = of().find_map(|side| side.group.metric(primary))?.unit.clone();
            let settings = lines.iter().flat_map(|line| &line.points).map(|point| point.x);
            let earlier = of().find(|side| side.earlier).map(|side| format!("dashed: the run {}", side.run));
            let marks = note(&lines, of().flat_map(|side| &side.group.levels));
            let chart = Chart {
                title: format!("{primary}, side by side"),
                note: earlier
                    .into_iter()
                    .chain([marks])
                    .filter(|note| !note.is_empty())
                    .collect::<Vec<_>>()
                    .join(" · "),
                x: Scale::setting(setting.title(), settings),
                y: Scale::values(primary, &unit),
                lines,
            };
            let against = if setting == super::Setting::Rate { "-by-rate" } else { "" };
            Some((format!("comparison-{}{against}", file_name(primary)), chart))
        })
        .collect()
}

#[cfg(test)]
mod tests;
