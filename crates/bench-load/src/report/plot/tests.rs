use bench_record::SloCondition;

use super::*;
use crate::report::fixture::{case, closed, open, record};

fn charts(levels: Vec<Level>) -> Vec<(String, Chart)> {
    let record = record(vec![case("tts/performance/speak", vec![levels])]);
    of_group(&groups(&record)[0])
}

#[test]
fn a_group_has_its_pictures() {
    let charts = charts([1, 2, 4, 8].into_iter().map(closed).collect());
    let names: Vec<&str> = charts.iter().map(|(name, _)| name.as_str()).collect();
    for wanted in ["ASPS", "latency", "distribution", "per-user"] {
        assert!(names.contains(&wanted), "{wanted} in {names:?}");
    }
    assert_eq!(names.iter().filter(|name| name.starts_with("over-time")).count(), 4);
    let (_, throughput) = charts.iter().find(|(name, _)| name == "ASPS").expect("throughput");
    assert_eq!(throughput.lines.len(), 2, "measured and ideal");
    let svg = throughput.svg();
    assert!(
        svg.contains("ideal") && svg.contains("concurrency (clients)") && svg.contains("audio s/s"),
        "{svg}"
    );
}

#[test]
fn a_single_level_has_nothing_to_be_drawn_against() {
    let charts = charts(vec![closed(1)]);
    assert!(charts.iter().all(|(name, _)| name.starts_with("over-time") || name == "distribution"));
}

#[test]
fn hostile_data_makes_no_broken_picture() {
    let mut levels: Vec<Level> = [1, 4].into_iter().map(closed).collect();
    levels[0].name = "<script>\u{202e}&\"'".repeat(20);
    for metric in &mut levels[1].metrics {
        metric.value = f64::NAN;
    }
    levels[1].timeline.clear();
    levels[1].latency.clear();
    for (name, chart) in charts(levels) {
        let svg = chart.svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<script>"), "{name}: {svg}");
        #[cfg(feature = "png")]
        assert!(crate::report::raster::png(&svg).expect("a picture").starts_with(b"\x89PNG"), "{name}");
    }
}

#[test]
fn benchmarks_with_one_metric_share_a_chart() {
    let levels = || [1, 4].into_iter().map(closed).collect::<Vec<_>>();
    let record = record(vec![
        case("a/performance/speak", vec![levels()]),
        case("b/performance/speak", vec![levels()]),
    ]);
    let charts = side_by_side(&sides(&record, None));
    assert_eq!(charts.len(), 1);
    assert_eq!(charts[0].0, "comparison-ASPS");
    let labels: Vec<&str> = charts[0].1.lines.iter().map(|line| line.label.as_str()).collect();
    assert_eq!(labels, ["a/speak", "b/speak"], "the category is that of both");
}

#[test]
fn rates_and_concurrencies_are_compared_in_pictures_of_their_own() {
    let clients = || [1, 4].into_iter().map(closed).collect::<Vec<_>>();
    let rates = || [1.0, 4.0].into_iter().map(open).collect::<Vec<_>>();
    let levels = [clients(), rates(), clients(), rates()];
    let cases = levels.into_iter().zip("abcd".chars());
    let record = record(
        cases.map(|(levels, name)| case(&format!("{name}/performance/speak"), vec![levels])).collect(),
    );
    let names: Vec<String> = side_by_side(&sides(&record, None)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["comparison-ASPS", "comparison-ASPS-by-rate"]);
}

#[test]
fn a_run_is_drawn_beside_the_one_that_it_is_compared_with() {
    let of = || record(vec![case("a/performance/speak", vec![[1, 4].into_iter().map(closed).collect()])]);
    let (now, mut before) = (of(), of());
    before.run = "the-run-before".to_owned();
    let charts = side_by_side(&sides(&now, Some(&before)));
    assert_eq!(charts[0].1.lines.iter().map(|line| line.dashed).collect::<Vec<_>>(), [true, false]);
    assert_eq!(charts[0].1.lines[0].label, "speak, before");
    assert!(charts[0].1.svg().contains("dashed: the run the-run-before"));
}

#[test]
fn a_harness_that_was_too_slow_is_told_in_every_picture() {
    let mut levels: Vec<Level> = [1, 4].into_iter().map(closed).collect();
    assert!(charts(levels.clone()).iter().all(|(_, chart)| !chart.svg().contains(HARNESS_BOUND)));
    for level in &mut levels {
        (level.validity.valid, level.validity.harness_bound) = (false, true);
    }
    for (name, chart) in charts(levels) {
        assert!(chart.svg().contains(HARNESS_BOUND), "{name}");
    }
}

#[test]
fn percentiles_with_too_few_requests_are_hollow_and_the_end_of_a_distribution_dotted() {
    let charts = charts([1, 4].into_iter().map(closed).collect());
    let chart = |wanted: &str| &charts.iter().find(|(name, _)| name == wanted).expect(wanted).1;
    let few = &chart("latency").lines[2];
    assert!(few.label == "p99" && few.points.iter().all(|point| point.hollow), "{few:?}");
    assert!(chart("latency").lines[0].points.iter().all(|point| !point.hollow));
    let line = &chart("distribution").lines[0];
    assert!(!line.points[0].hollow && line.points[line.points.len() - 1].hollow);
    assert!(chart("distribution").svg().contains("dotted: too few requests"));
}

#[test]
fn an_interval_lies_within_the_picture() {
    let mut levels: Vec<Level> = [1, 4].into_iter().map(closed).collect();
    let metric = &mut levels[1].metrics[0];
    metric.interval = Some(bench_stats::Interval { low: -1e9, high: metric.value * 1.9 });
    let charts = charts(levels);
    let svg = charts.iter().find(|(name, _)| name == "ASPS").expect("a chart").1.svg();
    // From the top of the plot, at 84, to its horizontal axis, at 372.
    let bars = svg.lines().filter(|line| line.contains("stroke-width=\"1.2\""));
    let ends: Vec<f64> = bars
        .flat_map(|bar| bar.split(['M', 'L', '"']).filter_map(|at| at.split_once(' ')?.1.parse().ok()))
        .collect();
    // An interval with two caps for each level, but an arrow at the lower end of the second one.
    assert_eq!(ends.len(), 2 * (2 + 4) - 2, "{svg}");
    assert!(ends.iter().all(|end| *end > 84.0 && *end <= 372.0), "{ends:?}");
}

#[test]
fn an_interval_that_leaves_the_frame_ends_in_an_arrow() {
    let filled = |bounds| {
        let points = vec![
            Point { x: 1.0, y: 10.0, bounds: Some(bounds), ..Point::default() },
            Point { x: 2.0, y: 12.0, ..Point::default() },
        ];
        let lines = vec![Line { label: "measured".to_owned(), points, ..Line::default() }];
        let (x, y) = (Scale::linear("batch"), Scale::values("throughput", "images/s"));
        let svg = Chart { title: String::new(), note: String::new(), x, y, lines }.svg();
        svg.matches("fill=\"#0072b2\"").count()
    };
    // Two dots and no arrow, then one above, then one at each end.
    assert_eq!([(9.0, 11.0), (9.0, 400.0), (-5.0, 400.0)].map(filled), [2, 3, 4]);
}

#[test]
fn limits_of_an_objective_are_lines_in_the_pictures_of_what_they_limit() {
    let with = |level: Level| {
        let mut level = level;
        let condition =
            |text: &str, figure: &str, limit| SloCondition::of_requests(text, figure, true, limit);
        level.slo = vec![
            condition("ttfa <= 300ms", "ttfa", 0.3),
            condition("latency_p99 <= 2s", "latency_p99", 2.0),
            condition("rtf_p50 <= 1", "rtf_p50", 1.0),
        ];
        level
    };
    let charts = charts([1, 2, 4].into_iter().map(closed).map(with).collect());
    let labels = |name: &str| -> Vec<&str> {
        let (_, chart) = charts.iter().find(|(known, _)| known.starts_with(name)).expect("a picture");
        chart.lines.iter().filter(|line| line.dashed).map(|line| line.label.as_str()).collect()
    };
    assert_eq!(labels("TTFA-p95"), ["ttfa <= 300ms"]);
    assert_eq!(labels("latency"), ["latency_p99 <= 2s"]);
    // A limit of another percentile is not drawn.
    assert_eq!(labels("RTF-p95"), [""; 0]);
    let (_, latency) = charts.iter().find(|(name, _)| name == "latency").expect("a picture");
    let limit = latency.lines.iter().find(|line| line.dashed).expect("a limit");
    let ends: Vec<(f64, f64)> = limit.points.iter().map(|point| (point.x, point.y)).collect();
    assert_eq!(ends, [(1.0, 2.0), (4.0, 2.0)]);
}

/// Closed levels with these latencies in seconds, for 1, 2, 4, … clients.
fn of_latencies(latencies: &[f64]) -> Vec<Level> {
    let levels = latencies.iter().enumerate().map(|(number, latency)| {
        let mut level = closed(1 << number);
        let median = level.metrics.iter_mut().find(|metric| metric.name == "latency p50").expect("a median");
        median.value = *latency;
        level
    });
    levels.collect()
}

#[test]
fn the_knee_is_a_line_where_throughput_per_latency_is_highest() {
    let knee = |levels: Vec<Level>| -> Option<(f64, f64)> {
        let charts = charts(levels);
        let (_, chart) = charts.iter().find(|(name, _)| name == "latency").expect("a picture");
        let line = chart.lines.iter().find(|line| line.label == "knee");
        assert_eq!(
            line.is_some(),
            chart.note.contains("knee: the most throughput per latency"),
            "{}",
            chart.note
        );
        let points = &line?.points;
        assert!(points[0].y < points[1].y);
        Some((points[0].x, points[1].x))
    };
    // As fast with two clients as with one, and later twice as slow with twice as many.
    assert_eq!(knee(of_latencies(&[1.0, 1.1, 1.3, 2.6, 5.2])), Some((4.0, 4.0)));
    // The knee may be outside of the measured levels.
    assert_eq!(knee(of_latencies(&[1.0, 1.0, 1.0])), None);
    assert_eq!(knee(of_latencies(&[1.0, 2.0, 4.0])), None);
    let mut levels = of_latencies(&[1.0, 1.1, 1.3, 2.6, 5.2]);
    // A level that is not valid cannot be the knee.
    levels[2].validity.valid = false;
    assert_eq!(knee(levels), Some((2.0, 2.0)));
}

#[test]
fn what_a_user_gets_is_drawn_against_what_all_get() {
    let charts = charts([1, 2, 4].into_iter().map(closed).collect());
    let (_, chart) = charts.iter().find(|(name, _)| name == "per-user").expect("a picture");
    let points = &chart.lines[0].points;
    // With four clients, all get more together, and each gets less.
    assert!(points[0].x < points[2].x && points[0].y > points[2].y, "{points:?}");
    assert_eq!(chart.note, "from left to right: concurrency 4, concurrency 2, concurrency 1");
    let mut unknown: Vec<Level> = [1, 2].into_iter().map(closed).collect();
    unknown[0].pace.mean_concurrency = None;
    assert!(self::charts(unknown).iter().all(|(name, _)| name != "per-user"));
}
