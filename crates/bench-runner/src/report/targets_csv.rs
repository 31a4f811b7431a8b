//! `targets.csv`: one row for each target; figures are in the unit in the next column.

use std::io::{self, Write};

use bench_record::Record;
use bench_report::{CsvTable, Exporter};

inventory::submit! {
    Exporter { name: "targets.csv", export: |record, outlet| outlet.write("targets.csv", |out| write(record, out)) }
}

fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvTable::new(out);
    csv.row([
        "run",
        "timestamp",
        "case",
        "target",
        "outcome",
        "value",
        "low",
        "high",
        "unit",
        "attainment",
        "reason",
    ])?;
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for case in &record.cases {
        for result in &case.targets {
            csv.row([
                &record.run,
                &record.timestamp,
                &case.id,
                &result.text,
                &result.outcome.to_string(),
                &text(result.value),
                &text(result.interval.map(|interval| interval.low)),
                &text(result.interval.map(|interval| interval.high)),
                result.unit.as_deref().unwrap_or_default(),
                &text(result.attainment),
                result.reason.as_deref().unwrap_or_default(),
            ])?;
        }
    }
    csv.flush()
}
