//! The arguments of `bench store`.

use std::path::PathBuf;

use bench_formats::seconds_since_1970;
use clap::{Args, Subcommand, ValueEnum};

/// The store concerned.
#[derive(Debug, Args)]
#[command(next_help_heading = "Store")]
pub(crate) struct Where {
    /// A file, or postgres://USER@HOST/DATABASE [default: history.sqlite in the folder of all runs]
    #[arg(long, value_name = "STORE", env = "BENCH_STORE", hide_env = true, global = true)]
    pub(crate) store: Option<String>,
    /// Folder of all runs
    #[arg(
        long,
        value_name = "DIR",
        default_value = "benchmark_results",
        env = "BENCH_OUTPUT_DIR",
        hide_env = true,
        global = true
    )]
    pub(crate) output_dir: PathBuf,
}

/// The person who makes a change, as recorded in the store.
#[derive(Debug, Args)]
pub(crate) struct By {
    /// Your name, as recorded in the store
    #[arg(
        long,
        value_name = "NAME",
        env = "USER",
        hide_env = true,
        default_value = "unknown",
        hide_default_value = true
    )]
    pub(crate) author: String,
}

/// Keep runs for years, in a file or on a server
#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    pub(crate) action: StoreAction,
    #[command(flatten)]
    pub(crate) place: Where,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// Add runs: directories, run.json files or names [default: all runs in the results folder]
    Add {
        /// The runs to add
        #[arg(value_name = "RUN")]
        runs: Vec<String>,
    },
    /// List the runs
    List,
    /// Print the whole record of a run, as JSON
    Show {
        /// The run to print
        #[arg(value_name = "RUN")]
        run: String,
    },
    /// Remove old runs
    Prune {
        /// Remove the runs that began before this day or time, UTC: 2026-01-31, 2026-01-31T12:00:00Z
        #[arg(long, value_name = "TIME", value_parser = day)]
        before: String,
    },
    /// Print every figure of every run
    Export {
        /// csv, json, or parquet, with every raw sample as well
        #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
        format: ExportFormat,
        /// The folder for figures.parquet and samples.parquet
        #[arg(long, short, value_name = "DIR", required_if_eq("format", "parquet"))]
        output: Option<PathBuf>,
    },
    /// Check for damage; exit with 1 if there is any
    Verify,
    /// Build the store again, from the run directories and the readable part of the old store
    Rebuild,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    #[default]
    Csv,
    Json,
    Parquet,
}

/// A day or a time, as far as it can be compared with those of records.
fn day(text: &str) -> Result<String, String> {
    let moment = if text.len() == "0000-00-00".len() { format!("{text}T00:00:00Z") } else { text.to_owned() };
    if moment.len() == "0000-00-00T00:00:00Z".len() && seconds_since_1970(&moment).is_some() {
        Ok(text.to_owned())
    } else {
        Err("expected a day or a time in UTC, such as 2026-01-31 or 2026-01-31T12:00:00Z".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_to_exist() {
        for there in ["2026-01-31", "2024-02-29", "2026-01-31T12:00:00Z"] {
            assert_eq!(day(there), Ok(there.to_owned()));
        }
        // Day and month the wrong way round would compare as later than any day of the year.
        for none in
            ["2026-31-01", "2026-02-29", "2026-01-31T25:00:00Z", "2026-1-31", "2026", "2026-01-31T12:00:00"]
        {
            assert!(day(none).is_err(), "{none}");
        }
    }
}
