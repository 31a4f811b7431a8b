//! Exporters, probes and domains of another crate, which are active because they are linked.

use bench_core::domain::{Better, Domain, Metric, Work};
use bench_core::plan::Wishes;
use bench_core::prelude::*;
use bench_core::probe::{Observation, Probe, ProbeFactory, Reading};
use bench_core::report::Exporter;
use bench_core::{Overrides, Suite};

#[benchmark(category = "unit", count(pictures = 4, apples = 2))]
fn look() -> u64 {
    black_box(6) * black_box(7)
}

bench_core::inventory::submit! {
    Exporter {
        name: "ids.txt",
        export: |record, outlet| outlet.write("ids.txt", |out| {
            record.cases.iter().try_for_each(|case| writeln!(out, "{}", case.id))
        }),
    }
}

bench_core::inventory::submit! { ProbeFactory::new("samples", || Box::new(Samples::default())) }
bench_core::inventory::submit! { ProbeFactory::new("absent", || Box::new(Absent)) }

/// A probe that counts its calls.
#[derive(Default)]
struct Samples {
    begun: u32,
    seen: u32,
}

impl Probe for Samples {
    fn name(&self) -> &'static str {
        "samples"
    }
    fn begin(&mut self) -> Result<(), String> {
        self.begun += 1;
        Ok(())
    }
    fn sample(&mut self) {
        self.seen += 1;
    }
    fn end(&mut self, iterations: u64) -> Result<Observation, String> {
        let per_sample = iterations as f64 / f64::from(self.seen);
        Ok(vec![
            Reading::new("begun", "1", f64::from(self.begun)),
            Reading::new("seen", "1", f64::from(self.seen)),
            Reading::new("per_sample", "iterations", per_sample),
            Reading::new("nonsense", "1", f64::NAN),
        ]
        .into())
    }
}

struct Absent;

impl Probe for Absent {
    fn name(&self) -> &'static str {
        "absent"
    }
    fn end(&mut self, _iterations: u64) -> Result<Observation, String> {
        Err("no such counter on this machine".to_owned())
    }
}

bench_core::inventory::submit! {
    Domain {
        name: "gallery",
        units: &["pictures"],
        metrics: |work: &Work<'_>| {
            let value = work.rate("pictures").into_iter();
            value.map(|value| Metric::new("PPS", "pictures/s", value, Better::Higher)).collect()
        },
    }
}

#[test]
fn what_is_linked_is_used() {
    let folder = tempfile::tempdir().expect("folder");
    let overrides = Overrides { warmup: Some(1), repeats: Some(5), ..Overrides::NONE };
    let record = Suite::new()
        .wishes(Wishes { overrides, ..Wishes::default() })
        .in_process()
        .output_dir(folder.path())
        .run()
        .expect("a run");

    let run = bench_core::record::named(folder.path(), "latest").expect("a run");
    let ids = std::fs::read_to_string(run.join("ids.txt")).expect("a file of our own");
    assert_eq!(ids, "unit/look\n");

    let case = &record.cases[0];
    let metrics: Vec<(&str, &str)> =
        case.metrics.iter().map(|metric| (metric.name.as_str(), metric.unit.as_str())).collect();
    // The metric of the domain comes first; a unit that no domain knows gets a plain throughput.
    assert_eq!(metrics, [("PPS", "pictures/s"), ("throughput", "apples/s")]);
    assert!((case.metrics[0].value / case.metrics[1].value - 2.0).abs() < 1e-9);

    let round = &case.rounds[0];
    let report = |name: &str| round.probes.iter().find(|report| report.probe == name).expect(name);
    let readings: Vec<(&str, f64)> =
        report("samples").readings.iter().map(|reading| (reading.metric.as_str(), reading.value)).collect();
    assert_eq!(readings, [("begun", 1.0), ("seen", 5.0), ("per_sample", round.iterations_per_sample as f64)]);
    assert!(report("absent").readings.is_empty());
    assert_eq!(report("absent").unavailable.as_deref(), Some("no such counter on this machine"));
    let state = |name: &str| record.environment.probes.iter().find(|state| state.probe == name).expect(name);
    assert_eq!(state("absent").unavailable, report("absent").unavailable);
    assert!(state("samples").unavailable.is_none());
    let seen = case.observed.iter().find(|metric| metric.name == "seen").expect("over the rounds");
    assert_eq!((seen.value, case.observed.iter().any(|metric| metric.name == "nonsense")), (5.0, false));
    let summary = std::fs::read_to_string(run.join("summary.csv")).expect("written");
    let (header, row) = summary.split_once('\n').expect("two lines");
    let column = header.split(',').position(|name| name == "per_sample_iterations").expect("a column");
    assert_eq!(row.trim_end().split(',').nth(column), Some(&*round.iterations_per_sample.to_string()));
    let is_known = !cfg!(bench_portable);
    assert!(["cpu", "memory"].iter().all(|name| report(name).readings.is_empty() != is_known));
}
