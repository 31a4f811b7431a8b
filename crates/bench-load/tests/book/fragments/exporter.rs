//! A file in every run directory.

// The book begins here.
use bench_core::report::Exporter;

bench_core::inventory::submit! {
    Exporter { name: "medians.txt", export: |record, outlet| outlet.write("medians.txt", |out| {
        for case in &record.cases {
            if let Some(time) = &case.time { writeln!(out, "{} {}", case.id, time.median_s)?; }
        }
        Ok(())
    }) }
}
// The book ends here.
