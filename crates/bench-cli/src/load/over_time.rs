//! A chart of the server's own metrics over the run.

use bench_endpoint::server::{Figure, Series};
use bench_load::report::plot::{Chart, Line, Point, Scale};

/// The number of scrapes below which a chart shows nothing that the table does not.
const FEWEST: usize = 3;

/// Returns a chart of the requests at the server over time: running, waiting, and answered each second. `None` if it
/// reports none of these, or was scraped fewer than [`FEWEST`] times.
pub(super) fn chart(series: &Series) -> Option<Chart> {
    if series.snapshots.len() < FEWEST {
        return None;
    }
    let gauge = |figure: Figure| -> Vec<Point> {
        let at = |(at, snapshot): &(f64, _)| -> Option<Point> { Some(point(*at, value(snapshot, figure)?)) };
        series.snapshots.iter().filter_map(at).collect()
    };
    let answered = series.snapshots.windows(2).filter_map(|pair| {
        let [(from_s, from), (to_s, to)] = pair else { return None };
        let growth = value(to, Figure::Answered)? - value(from, Figure::Answered)?;
        (to_s > from_s && growth >= 0.0).then(|| point(*to_s, growth / (to_s - from_s)))
    });
    let lines: Vec<Line> = [
        ("running", gauge(Figure::Running)),
        ("waiting", gauge(Figure::Waiting)),
        ("answered each second", answered.collect()),
    ]
    .into_iter()
    .filter(|(_, points)| points.len() >= FEWEST - 1)
    .map(|(label, points)| Line { label: label.to_owned(), points, ..Line::default() })
    .collect();
    (!lines.is_empty()).then(|| Chart {
        title: format!("{} over the run", series.name()),
        note: "warm-up included; a scrape about each second".to_owned(),
        x: Scale::linear("since the first scrape (s)"),
        y: Scale::values("requests at the server", ""),
        lines,
    })
}

fn value(snapshot: &bench_endpoint::server::Snapshot, figure: Figure) -> Option<f64> {
    snapshot.get(figure).filter(|value| value.is_finite())
}

fn point(x: f64, y: f64) -> Point {
    Point { x, y, ..Point::default() }
}

#[cfg(test)]
mod tests {
    use bench_endpoint::server::Snapshot;

    use super::*;

    fn series(scrapes: &[&str]) -> Series {
        let snapshots: Vec<(f64, Snapshot)> = scrapes
            .iter()
            .enumerate()
            .map(|(second, text)| (second as f64, Snapshot::of(text).expect("metrics")))
            .collect();
        let systems = snapshots.iter().take(1).map(|(_, snapshot)| snapshot.system).collect();
        Series { systems, snapshots, cost_s: 0.0, failed: 0 }
    }

    #[test]
    fn what_a_server_serves_is_drawn_over_time() {
        let scrape = |answered: u32, running: u32| {
            format!("vllm:request_success_total {answered}\nvllm:num_requests_running {running}\n")
        };
        let scrapes = [scrape(10, 0), scrape(14, 3), scrape(20, 2)];
        let scrapes: Vec<&str> = scrapes.iter().map(String::as_str).collect();
        let chart = chart(&series(&scrapes)).expect("a picture");
        let line = |label: &str| -> Vec<(f64, f64)> {
            let line = chart.lines.iter().find(|line| line.label == label).expect("a line");
            line.points.iter().map(|point| (point.x, point.y)).collect()
        };
        assert_eq!(line("running"), [(0.0, 0.0), (1.0, 3.0), (2.0, 2.0)]);
        assert_eq!(line("answered each second"), [(1.0, 4.0), (2.0, 6.0)]);
        assert!(chart.lines.iter().all(|line| line.label != "waiting"));
        assert!(chart.svg().contains("vLLM over the run"));
        // A counter that starts again at 0 has no growth, and two scrapes are too few for a chart.
        let again: Vec<&str> = scrapes.iter().rev().copied().collect();
        let chart = super::chart(&series(&again)).expect("a picture");
        assert!(chart.lines.iter().all(|line| line.label == "running"));
        assert!(super::chart(&series(&scrapes[..2])).is_none());
    }
}
