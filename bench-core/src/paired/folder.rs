//! The files of a comparison.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Calibration, PairedComparison};
use crate::error::RunError;
use crate::record::{create_unique, write_whole};

impl PairedComparison {
    /// Writes `comparison.json`, `comparison.csv` and plots into a directory of their own below `results`.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn write(&self, results: &Path) -> Result<PathBuf, RunError> {
        let folder = create(results)?;
        self.write_table(&folder)?;
        write_json(&folder.join("comparison.json"), self)?;
        Ok(folder)
    }

    fn write_table(&self, folder: &Path) -> Result<(), RunError> {
        let path = folder.join("comparison.csv");
        let mut table = csv::Writer::from_writer(Vec::new());
        let header = [
            "case",
            "verdict",
            "base_s",
            "candidate_s",
            "change",
            "change_low",
            "change_high",
            "smallest_effect",
            "crossovers",
            "spread_between",
            "spread_within",
            "seconds",
            "settle_s",
        ];
        let figure = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let mut write = || -> Result<Vec<u8>, csv::Error> {
            table.write_record(header)?;
            for case in &self.cases {
                let compared = &case.compared;
                table.write_record([
                    compared.id.clone(),
                    compared.verdict.to_string(),
                    figure(compared.old_s),
                    figure(compared.new_s),
                    figure(compared.change),
                    figure(compared.interval.map(|interval| interval.low)),
                    figure(compared.interval.map(|interval| interval.high)),
                    figure(compared.smallest_effect),
                    case.crossovers.len().to_string(),
                    figure(case.spread_between),
                    figure(case.spread_within),
                    case.seconds.to_string(),
                    figure(case.settle_s),
                ])?;
            }
            for case in &self.others {
                let mut row = vec![case.id.clone(), case.verdict.to_string()];
                row.resize(header.len(), String::new());
                table.write_record(row)?;
            }
            table.flush()?;
            Ok(table.get_ref().clone())
        };
        write()
            .map_err(io::Error::from)
            .and_then(|bytes| write_whole(&path, &bytes))
            .map_err(|error| RunError::io("write the comparison", path, error))
    }
}

impl Calibration {
    /// Writes `calibration.json` and a plot into a directory of their own below `results`.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn write(&self, results: &Path) -> Result<PathBuf, RunError> {
        let folder = create(results)?;
        write_json(&folder.join("calibration.json"), self)?;
        Ok(folder)
    }
}

fn create(results: &Path) -> Result<PathBuf, RunError> {
    fs::create_dir_all(results).map_err(|error| RunError::io("create the results folder", results, error))?;
    Ok(results.join(create_unique(results)?))
}

fn write_json(path: &Path, document: &impl Serialize) -> Result<(), RunError> {
    let mut bytes = serde_json::to_vec(document)
        .map_err(|error| RunError::io("write the comparison", path, error.into()))?;
    bytes.push(b'\n');
    write_whole(path, &bytes).map_err(|error| RunError::io("write the comparison", path, error))
}
