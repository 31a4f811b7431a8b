//! The files of a comparison.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Serialize;

use super::{Calibration, CountedPair, PairedCase, PairedComparison, Role};
use crate::plot;
use crate::plot::IntervalRow;
use bench_record::{CaseCounts, RunError, create_results, create_unique, file_name, write_whole};
use bench_report::CsvTable;

impl PairedComparison {
    /// Writes `comparison.json`, `comparison.csv` and plots into a separate directory below `results`.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn write(&self, results: &Path) -> Result<PathBuf, RunError> {
        let folder = create(results)?;
        // The measurements come first: they cannot be computed again.
        write_json(&folder.join("comparison.json"), self)?;
        self.write_table(&folder)?;
        self.write_plots(&folder)?;
        Ok(folder)
    }

    /// Writes one plot of all intervals, and one plot of both distributions for each case.
    fn write_plots(&self, folder: &Path) -> Result<(), RunError> {
        let plots = create_plots(folder)?;
        let title = format!("{} against {}", self.candidate.label, self.base.label);
        let rows: Vec<IntervalRow> = self.cases.iter().map(row).collect();
        write_text(&plots.join("intervals.svg"), &plot::intervals(&title, &rows, self.rules.threshold))?;
        for case in &self.cases {
            let times = |role: Role| -> Vec<f64> {
                case.pairs.iter().flat_map(|observed| observed.pair.times(role)).collect()
            };
            let (base, candidate) = (times(Role::Base), times(Role::Candidate));
            let svg = plot::distributions(&case.compared.id, ("base", &base), ("candidate", &candidate));
            write_text(&plots.join(format!("{}.svg", file_name(&case.compared.id))), &svg)?;
        }
        Ok(())
    }

    fn write_table(&self, folder: &Path) -> Result<(), RunError> {
        let path = folder.join("comparison.csv");
        let mut table = CsvTable::new(Vec::new());
        let header = [
            "case",
            "verdict",
            "base_s",
            "candidate_s",
            "change",
            "change_low",
            "change_high",
            "smallest_effect",
            "pairs",
            "spread_between",
            "spread_within",
            "seconds",
            "settle_s",
            "base_instructions",
            "candidate_instructions",
            "change_of_instructions",
        ];
        let figure = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let write = || -> io::Result<Vec<u8>> {
            table.row(header)?;
            for case in &self.cases {
                let compared = &case.compared;
                let counted = case.instructions.as_ref();
                let instructions = |of: fn(&CountedPair) -> &CaseCounts| {
                    counted.map(|pair| of(pair).iteration.instructions.to_string()).unwrap_or_default()
                };
                table.row([
                    compared.id.clone(),
                    compared.verdict.to_string(),
                    figure(compared.old_s),
                    figure(compared.new_s),
                    figure(compared.change),
                    figure(compared.interval.map(|interval| interval.low)),
                    figure(compared.interval.map(|interval| interval.high)),
                    figure(compared.smallest_effect),
                    case.pairs.len().to_string(),
                    figure(case.spread_between),
                    figure(case.spread_within),
                    case.seconds.to_string(),
                    figure(case.settle_s),
                    instructions(|pair| &pair.base),
                    instructions(|pair| &pair.candidate),
                    figure(counted.map(|pair| pair.change)),
                ])?;
            }
            for case in &self.others {
                let mut row = vec![case.id.clone(), case.verdict.to_string()];
                row.resize(header.len(), String::new());
                table.row(row)?;
            }
            table.into_inner()
        };
        write()
            .and_then(|bytes| write_whole(&path, &bytes))
            .map_err(|error| RunError::io("write the comparison", path, error))
    }
}

impl Calibration {
    /// Writes `calibration.json` and a plot into a separate directory below `results`.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn write(&self, results: &Path) -> Result<PathBuf, RunError> {
        let folder = create(results)?;
        write_json(&folder.join("calibration.json"), self)?;
        let (mut rows, mut threshold) = (Vec::new(), 0.0);
        for (number, comparison) in self.comparisons.iter().enumerate() {
            threshold = comparison.rules.threshold;
            let numbered = |case| {
                let row = row(case);
                IntervalRow { label: format!("{} · {}", row.label, number + 1), ..row }
            };
            rows.extend(comparison.cases.iter().map(numbered));
        }
        // All comparisons of a case next to each other.
        rows.sort_by_key(|row| row.label.rsplit_once(" · ").map(|(id, _)| id.to_owned()));
        let title = self.comparisons.first().map(|first| format!("{} against itself", first.base.label));
        let svg = plot::intervals(&title.unwrap_or_default(), &rows, threshold);
        write_text(&create_plots(&folder)?.join("intervals.svg"), &svg)?;
        Ok(folder)
    }
}

fn create(results: &Path) -> Result<PathBuf, RunError> {
    create_results(results)?;
    Ok(results.join(create_unique(results, None)?))
}

fn create_plots(folder: &Path) -> Result<PathBuf, RunError> {
    let plots = folder.join("plots");
    fs::create_dir(&plots).map_err(|error| RunError::io("create the folder of plots", &plots, error))?;
    Ok(plots)
}

fn row(case: &PairedCase) -> IntervalRow {
    IntervalRow {
        label: case.compared.id.clone(),
        estimate: case.compared.change,
        interval: case.compared.interval.map(|interval| (interval.low, interval.high)),
        verdict: case.compared.verdict,
    }
}

fn write_text(path: &Path, text: &str) -> Result<(), RunError> {
    write_whole(path, text.as_bytes()).map_err(|error| RunError::io("write the plot", path, error))
}

fn write_json(path: &Path, document: &impl Serialize) -> Result<(), RunError> {
    let mut bytes = serde_json::to_vec(document)
        .map_err(|error| RunError::io("write the comparison", path, error.into()))?;
    bytes.push(b'\n');
    write_whole(path, &bytes).map_err(|error| RunError::io("write the comparison", path, error))
}
