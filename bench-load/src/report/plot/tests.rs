use super::*;
use crate::report::fixture::{case, closed, record};

fn charts(levels: Vec<Level>) -> Vec<(String, Chart)> {
    let record = record(vec![case("tts/performance/speak", vec![levels])]);
    of_group(&groups(&record)[0])
}

#[test]
fn a_group_has_its_pictures() {
    let charts = charts([1, 2, 4, 8].into_iter().map(closed).collect());
    let names: Vec<&str> = charts.iter().map(|(name, _)| name.as_str()).collect();
    for wanted in ["ASPS", "latency", "distribution"] {
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
    let charts = side_by_side(&groups(&record));
    assert_eq!(charts.len(), 1);
    assert_eq!(charts[0].0, "comparison-ASPS");
}
