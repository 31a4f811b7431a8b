//! The table of each load benchmark, below the table of the run.

use std::fmt::Write;

use bench_core::inventory;
use bench_record::{Figure, HARNESS_BOUND, Level, Metric, Notice, Record, Unit, Validity};
use bench_report::{CaseRows, Folded, Section, Style, Table, View};
use bench_syntax::quantity::percent;
use bench_syntax::text::{first_line, printable};

use super::best::{best, first_output};
use super::figure::figure;
use super::group::{Group, GroupLevel, groups};

inventory::submit! { Section { name: "load", render } }

/// Marks a percentile with too few requests.
const UNSUPPORTED: char = '~';

/// Renders a table for each group; in short form, groups of a single level share one table.
fn render(record: &Record, view: &View) -> String {
    let groups = groups(record);
    let (alone, several): (Vec<&Group<'_>>, Vec<&Group<'_>>) =
        groups.iter().partition(|group| view.is_short() && group.levels.len() == 1 && group.found.is_empty());
    let mut parts = Vec::new();
    if !alone.is_empty() {
        parts.push(at_one_level(&alone, view));
    }
    parts.extend(several.into_iter().map(|group| of_group(group, view)));
    parts.join("\n")
}

/// Renders a table with a row for each group of a single level, whatever its field.
fn at_one_level(groups: &[&Group<'_>], view: &View) -> String {
    let style = view.style;
    let ids: Vec<String> = groups.iter().map(|group| group.id()).collect();
    let rows =
        CaseRows::of(groups.iter().zip(&ids).map(|(group, id)| (id.as_str(), group.model, group.category)));
    let mut table = Table::new(&[
        "served",
        "at",
        "requests",
        "throughput",
        "latency p50",
        "p95",
        "first output p50",
        "peak mem",
        "valid",
    ]);
    let mut unsupported = false;
    // A heading for each row would double the table.
    let is_flat = 2 * rows.blocks.len() > groups.len();
    for block in &rows.blocks {
        if !is_flat {
            table.block(block, style);
        }
        for row in &block.rows {
            let group = groups[row.case];
            let Some(level) = group.levels.first() else { continue };
            let short = || rows.short_id(&ids[row.case], group.model, group.category);
            let label = if is_flat { format!("  {}", short()) } else { row.label.clone() };
            let mut figure = |name: &str| {
                let metric = level.level.metric(name)?;
                unsupported |= metric.supported == Some(false);
                Some(cell(metric, false))
            };
            let mut cells = vec![label, printable(&level.label), requests(level, style)];
            cells.extend(
                [&group.primary, "latency p50", "latency p95"].map(|name| figure(name).unwrap_or_default()),
            );
            let first = first_output(&level.level.metrics).map(str::to_owned);
            cells.push(
                first
                    .and_then(|first| Some(format!("{} {first}", figure(&format!("{first} p50"))?)))
                    .unwrap_or_default(),
            );
            cells.push(level.case.peak_memory_bytes.map(|bytes| bytes.to_string()).unwrap_or_default());
            cells.push(verdict(level, style));
            table.row(cells);
        }
    }
    table.leave_out_empty(&["first output p50", "peak mem"]);
    table.fit(view.columns, &["p95", "peak mem", "first output p50", "at", "requests"]);
    let mut out = table.render(|text| style.bold(text));
    estimates(&mut out, unsupported, style);
    let levels = groups.iter().flat_map(|group| {
        group.levels.iter().map(move |level| (format!("{} at {}", group.id(), level.label), level))
    });
    remarks(&mut out, levels, view);
    out
}

/// Explains the mark of a percentile with too few requests.
fn estimates(out: &mut String, unsupported: bool, style: Style) {
    if unsupported {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", style.faint("~ too few requests for this percentile at 99 % confidence"));
    }
}

fn of_group(group: &Group<'_>, view: &View) -> String {
    let style = view.style;
    let mut out = String::new();
    let title = format!("{} · {} · {}", printable(&group.id()), group.domain, group.latency_name());
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", style.bold(&title));
    let first = group.levels.first().and_then(|level| first_output(&level.level.metrics)).map(str::to_owned);
    let columns = columns(group, first.as_deref());
    let titles = columns.iter().map(|(title, _)| title.as_str());
    let header: Vec<&str> =
        ["", "requests"].into_iter().chain(titles).chain(["in flight", "valid"]).collect();
    let mut table = Table::new(&header);
    let mut unsupported = false;
    for level in &group.levels {
        let mut cells = vec![format!("  {}", printable(&level.label)), requests(level, style)];
        for (_, name) in &columns {
            let metric = level.level.metric(name);
            unsupported |= metric.is_some_and(|metric| metric.supported == Some(false));
            cells.push(metric.map(|metric| cell(metric, name == &group.primary)).unwrap_or_default());
        }
        cells.push(level.level.pace.mean_concurrency.map(|mean| format!("{mean:.2}")).unwrap_or_default());
        cells.push(verdict(level, style));
        table.row(cells);
        if let Some(steady) = &level.level.steady
            && let Some(primary) = steady.metrics.iter().find(|metric| metric.name == group.primary)
            && !(view.is_short() && agrees(level.level.metric(&group.primary), primary))
        {
            let mut cells = vec![style.faint("    steady part"), steady.requests.to_string()];
            cells.extend(columns.iter().map(|(_, name)| {
                let found = steady.metrics.iter().find(|metric| metric.name == *name);
                found.map(|metric| cell(metric, name == &group.primary)).unwrap_or_default()
            }));
            cells.extend([String::new(), String::new()]);
            table.row(cells);
        }
    }
    if view.is_short() {
        // Plotted metrics and the tail of the first output are left out first; the primary metric stays.
        let dispensable: Vec<&str> = columns.iter().skip(1).rev().map(|(title, _)| title.as_str()).collect();
        table.fit(view.columns, &dispensable);
    }
    out += &table.render(|text| style.bold(text));
    estimates(&mut out, unsupported, style);
    for found in &group.found {
        let _ =
            writeln!(out, "  {}", style.bold(&format!("{}: {}", printable(&found.name), cell(found, true))));
    }
    // A single level is always the best. The recommendations name the level at which to serve.
    if group.levels.len() > 1 {
        let mut best = best(group);
        if view.is_short() {
            best.truncate(1);
        }
        let mut told: Vec<&str> = Vec::new();
        for label in best.iter().map(|best| best.level.label.as_str()) {
            if !told.contains(&label) {
                told.push(label);
                let here = best.iter().filter(|best| best.level.label == label);
                let here: Vec<String> =
                    here.map(|best| format!("{} {}", best.metric.name, cell(best.metric, false))).collect();
                let _ = writeln!(out, "  best at {}: {}", printable(label), printable(&here.join(", ")));
            }
        }
    }
    remarks(&mut out, group.levels.iter().map(|level| (level.label.clone(), level)), view);
    out
}

/// Whether the steady part of a level agrees with the whole level: their intervals overlap, or the figures differ by
/// less than a tenth.
fn agrees(whole: Option<&Metric>, steady: &Metric) -> bool {
    const ALIKE: f64 = 0.1;
    let Some(whole) = whole else { return false };
    let overlap = whole
        .interval
        .zip(steady.interval)
        .is_some_and(|(one, other)| one.low <= other.high && other.low <= one.high);
    overlap || (steady.value - whole.value).abs() <= ALIKE * whole.value.abs()
}

/// Titles of columns and the metrics in them.
fn columns(group: &Group<'_>, first_output: Option<&str>) -> Vec<(String, String)> {
    let mut columns = vec![(group.primary.clone(), group.primary.clone())];
    if group.primary != "RPS" {
        columns.push(("RPS".to_owned(), "RPS".to_owned()));
    }
    for p in ["p50", "p95", "p99"] {
        columns.push((p.to_owned(), format!("latency {p}")));
    }
    if group.is_scheduled() {
        columns.push(("service p99".to_owned(), "service latency p99".to_owned()));
    }
    if let Some(first) = first_output {
        columns.push((format!("{first} p50"), format!("{first} p50")));
        columns.push((format!("{first} p95"), format!("{first} p95")));
    }
    for name in group.plots.iter().filter(|name| group.metric(name).is_some()).take(2) {
        if columns.iter().all(|(_, known)| known != name) {
            columns.push((name.clone(), name.clone()));
        }
    }
    columns
}

fn cell(metric: &Metric, with_interval: bool) -> String {
    let mark = if metric.supported == Some(false) { UNSUPPORTED.to_string() } else { String::new() };
    let interval = metric
        .interval
        .filter(|_| with_interval && metric.value != 0.0)
        .map(|interval| format!(" ±{}", percent(interval.relative_half_width(metric.value))))
        .unwrap_or_default();
    format!("{mark}{}{interval}", figure(metric.value, &metric.unit))
}

fn requests(level: &GroupLevel<'_>, style: Style) -> String {
    match level.level.failed {
        0 => level.level.requests.to_string(),
        failed => style.bad(&format!("{} ({failed} failed)", level.level.requests)),
    }
}

fn verdict(level: &GroupLevel<'_>, style: Style) -> String {
    let validity = &level.level.validity;
    match (validity.valid, validity.harness_bound) {
        (true, _) if is_thin(level) => style.doubtful("VALID, few"),
        (true, _) => style.good("VALID"),
        (false, true) => style.bad(HARNESS_BOUND),
        (false, false) => style.bad("INVALID"),
    }
}

/// Whether a level has served too few requests for each of its percentiles.
fn is_thin(level: &GroupLevel<'_>) -> bool {
    let mut marked = level.level.metrics.iter().filter_map(|metric| metric.supported).peekable();
    marked.peek().is_some() && !marked.any(|supported| supported)
}

/// Writes why levels are not valid, why requests failed, and the warnings: for each level, or in short form once for
/// several levels.
fn remarks<'a>(out: &mut String, levels: impl Iterator<Item = (String, &'a GroupLevel<'a>)>, view: &View) {
    let (mut invalid, mut failed, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for (name, level) in levels {
        let found = &level.level;
        invalid.extend(reasons(found).map(|notice| (name.clone(), notice)));
        let errors = found.errors.iter().take(3);
        failed.extend(errors.map(|told| (name.clone(), failure(told.count, &first_line(&told.message)))));
        let texts = found.warnings.iter().map(|text| Notice::of_text(text.as_str()));
        warnings.extend(texts.map(|notice| (name.clone(), notice)));
    }
    let style = view.style;
    let titles = [style.bad("invalid:"), style.bad("failed:"), style.doubtful("warning:")];
    for (title, notices) in titles.into_iter().zip([invalid, failed, warnings]) {
        if view.is_short() {
            for folded in Folded::all(notices) {
                // Writing to a String cannot fail.
                let _ = writeln!(out, "{}", view.wrap(&format!("{title} {}", folded.line("levels")), 2));
            }
        } else {
            for (name, notice) in notices {
                let _ = writeln!(out, "{title} {}: {}", printable(&name), printable(&notice.text));
            }
        }
    }
}

/// Returns the reasons why a level is not valid. If there is one reason and one cause, the cause is the kind of the
/// notice.
fn reasons(level: &Level) -> impl Iterator<Item = Notice> {
    let Validity { reasons, causes, .. } = &level.validity;
    let cause = match (reasons.as_slice(), causes.as_slice()) {
        ([_], [cause]) => Some(*cause),
        _ => None,
    };
    reasons.iter().map(move |reason| match cause {
        Some(cause) => Notice::new(cause.text(), cause.text(), reason.as_str()),
        None => Notice::of_text(reason.as_str()),
    })
}

/// Creates a notice of the message of failed requests. Each message is a kind of its own.
fn failure(count: u64, message: &str) -> Notice {
    let notice = Notice::alike(message.to_owned(), format!("{count} × {message}"));
    notice.with(Figure::new(count as f64, Unit::Count, "requests"))
}

#[cfg(test)]
mod tests {
    use bench_record::InvalidCause;
    use bench_report::Detail;

    use super::*;
    use crate::report::fixture::{case, closed, record};

    #[test]
    fn levels_stand_in_a_table_with_the_best_below() {
        let mut levels: Vec<_> = [1, 4].into_iter().map(closed).collect();
        levels[1].validity.valid = false;
        levels[1].validity.harness_bound = true;
        levels[1].validity.reasons = vec!["late\u{1b}[31m".to_owned()];
        levels[1].failed = 3;
        let record = record(vec![case("tts/performance/speak", vec![levels])]);
        let text = render(&record, &View::plain(120, Detail::Full));
        assert!(text.starts_with("tts/performance/speak · speech"), "{text}");
        assert!(text.contains(HARNESS_BOUND) && text.contains("(3 failed)"), "{text}");
        assert!(text.contains("best at concurrency 1: ASPS "), "{text}");
        assert!(text.contains("invalid: concurrency 4: late\u{fffd}[31m"), "{text}");
        let short = render(&record, &View::plain(120, Detail::Short));
        let others = "ASPS 9.065 audio s/s, RPS ";
        assert_eq!((text.contains(others), short.contains(others)), (true, false), "{short}");
        assert!(short.contains("best at concurrency 1: ASPS 9.065 audio s/s\n"), "{short}");
        assert!(
            render(&super::super::fixture::record(Vec::new()), &View::plain(120, Detail::Short)).is_empty()
        );
    }

    #[test]
    fn what_was_served_at_one_level_shares_a_table() {
        let record = record(vec![
            case("tts/performance/speak[voice=a]", vec![vec![closed(1)]]),
            case("tts/performance/speak[voice=b]", vec![vec![closed(1)]]),
            case("other/performance/speak", vec![vec![closed(4)]]),
        ]);
        let text = render(&record, &View::plain(120, Detail::Short));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("served") && lines[0].ends_with("valid"), "{text}");
        assert!(lines[1].starts_with("  tts/speak[voice=a] "), "{text}");
        assert!(lines[2].starts_with("  tts/speak[voice=b] "), "{text}");
        assert!(lines[3].starts_with("  other/speak ") && lines[3].contains("concurrency 4"), "{text}");
        assert!(lines[2].contains(" TTFA") && text.matches("served").count() == 1, "{text}");
        let of_one_model = super::super::fixture::record(vec![
            case("tts/performance/speak[voice=a]", vec![vec![closed(1)]]),
            case("tts/performance/speak[voice=b]", vec![vec![closed(1)]]),
        ]);
        let text = render(&of_one_model, &View::plain(120, Detail::Short));
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[1].starts_with("tts · performance") && lines[2].starts_with("  speak  voice=a"),
            "{text}"
        );
    }

    #[test]
    fn tables_are_no_wider_than_the_terminal() {
        let several =
            record(vec![case("tts/performance/speak", vec![[1, 4].into_iter().map(closed).collect()])]);
        let alone = record(vec![case("tts/performance/speak", vec![vec![closed(1)]])]);
        for (record, kept) in
            [(several, ["requests", "ASPS", "valid"]), (alone, ["requests", "throughput", "valid"])]
        {
            let header = |columns: usize| {
                let text = render(&record, &View::plain(columns, Detail::Short));
                let line = text.lines().find(|line| line.contains("requests")).expect("a header").to_owned();
                let widest =
                    text.lines().filter(|line| line.contains("VALID")).map(|line| line.chars().count()).max();
                (line, widest.expect("levels"))
            };
            let (wide, narrow) = (header(200), header(80));
            assert!(narrow.1 <= 80 && narrow.1 < wide.1, "{narrow:?} {wide:?}");
            assert!(kept.iter().all(|title| narrow.0.contains(title)), "{narrow:?}");
        }
    }
    #[test]
    fn what_is_said_of_several_levels_is_said_once() {
        let mut levels: Vec<_> = [1, 4, 16].into_iter().map(closed).collect();
        for (level, late) in levels.iter_mut().skip(1).zip([2, 3]) {
            level.validity.valid = false;
            level.validity.causes = vec![InvalidCause::HarnessLate];
            level.validity.reasons = vec![format!("the harness was the bottleneck: {late} ms late")];
            level.errors = vec![bench_record::Told::new("full", late)];
        }
        let record = record(vec![case("tts/performance/speak", vec![levels])]);
        let text = render(&record, &View::plain(120, Detail::Short));
        let told = "invalid: 2 levels, such as concurrency 4: the harness was the bottleneck\n\
                    failed: 2 levels, such as concurrency 16: full (2 to 3 requests)\n";
        assert!(text.ends_with(told), "{text}");
        let text = render(&record, &View::plain(120, Detail::Full));
        assert!(text.contains("failed: concurrency 16: 3 × full\n"), "{text}");
        assert_eq!(text.matches("invalid: ").count(), 2, "{text}");
    }
}
