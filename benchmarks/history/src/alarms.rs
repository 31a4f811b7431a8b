//! Lists each alarm on the lines of a file, and whether later runs confirm it, to show the lines on which the search
//! errs.

use std::path::Path;

use bench_history::change::{Change, Kind, Settings, changes};

use crate::labelled::{Line, belongs, is_borne_out, lines};

/// Returns the alarms as tab-separated columns, with one row for each alarm. The file has the format of `labelled.rs`.
pub(crate) fn table(path: &Path) -> Result<String, String> {
    let head = "line\tfound\tat\tkind\tshift\tz\tlabelled\tborne out\twithdrawn\tname\n".to_owned();
    let rows = lines(path)?.into_iter().enumerate().flat_map(|(number, line)| {
        let changes = changes(&line.values, Settings::default());
        changes.iter().map(|change| row(number, &line, change)).collect::<Vec<_>>()
    });
    Ok(std::iter::once(head).chain(rows).collect())
}

fn row(number: usize, line: &Line, change: &Change) -> String {
    let yes = |is_so: bool| if is_so { "yes" } else { "no" };
    let kind = match change.kind {
        Kind::Step => "step",
        Kind::Drift => "drift",
    };
    let is_labelled = line.labels.iter().any(|label| belongs(change.found, *label));
    format!(
        "{number}\t{}\t{}\t{kind}\t{:+.1} %\t{:.1}\t{}\t{}\t{}\t{}\n",
        change.found,
        change.at,
        change.shift() * 100.0,
        change.z,
        yes(is_labelled),
        yes(is_borne_out(&line.values, change.found)),
        change.withdrawn.map_or("-".to_owned(), |run| run.to_string()),
        line.name
    )
}
