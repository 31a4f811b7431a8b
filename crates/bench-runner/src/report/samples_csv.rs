//! `samples.csv`: one row for each sample, with units in the header.

use std::io::{self, Write};

use bench_record::Record;
use bench_report::{CsvTable, Exporter};

inventory::submit! {
    Exporter { name: "samples.csv", export: |record, outlet| outlet.write("samples.csv", |out| write(record, out)) }
}

fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvTable::new(out);
    csv.row([
        "run",
        "case",
        "round",
        "sample",
        "iterations",
        "sample_ns",
        "time_per_iteration_s",
        "disturbed",
    ])?;
    for case in &record.cases {
        for round in &case.rounds {
            for (number, (ns, seconds)) in round.sample_ns.iter().zip(round.per_iteration()).enumerate() {
                csv.row([
                    record.run.as_str(),
                    case.id.as_str(),
                    &round.round.to_string(),
                    &number.to_string(),
                    &round.iterations_per_sample.to_string(),
                    &ns.to_string(),
                    &seconds.to_string(),
                    round.disturbed.as_deref().unwrap_or_default(),
                ])?;
            }
        }
    }
    csv.flush()
}
