//! `recommendations.csv`: one row for each recommendation.

use std::io::{self, Write};

use bench_record::{Record, RunError};
use bench_report::{CsvTable, Exporter, Outlet};

use super::{Group, recommendations};

bench_core::inventory::submit! {
    Exporter { name: "recommendations.csv", export }
}

/// Writes the file if the record has a case that serves requests, with only a header if there is nothing to recommend.
fn export(record: &Record, outlet: &Outlet) -> Result<(), RunError> {
    let groups = Group::all(record);
    if groups.is_empty() {
        return Ok(());
    }
    outlet.write("recommendations.csv", |out| write(&record.run, &groups, out))
}

fn write(run: &str, groups: &[Group], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvTable::new(out);
    csv.row(["run", "benchmark", "level", "rule", "text"])?;
    for group in groups {
        for found in recommendations(group) {
            let level = found.level.as_deref().unwrap_or_default();
            csv.row([run, &group.benchmark, level, found.rule, found.text()])?;
        }
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{case, level, record};
    use super::*;

    #[test]
    fn a_row_a_recommendation() {
        let folder = tempfile::tempdir().expect("a folder");
        let outlet = Outlet::into(folder.path());
        let path = folder.path().join("recommendations.csv");
        export(&record(vec![case("m/unit/matmul", vec![])]), &outlet).expect("nothing to write");
        assert!(!path.exists());
        let mut failing = level("closed_loop", Some(1), None, &[]);
        failing.failed = 2;
        export(&record(vec![case("m/performance/say[voice=a]", vec![failing])]), &outlet).expect("written");
        assert_eq!(
            std::fs::read_to_string(path).expect("a file"),
            "run,benchmark,level,rule,text\n\
             a run,m/performance/say[voice=a],concurrency 1,failures,\
             \"requests fail from the lowest level on, concurrency 1: 2 of 100 requests\"\n"
        );
    }
}
