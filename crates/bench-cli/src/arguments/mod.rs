//! The command line.

mod alert;
mod comparison;
mod completions;
mod conformance;
mod doctor;
#[cfg(feature = "load")]
mod functions;
mod gate;
mod history;
mod interchange;
#[cfg(feature = "load")]
mod load;
mod page;
mod run;
mod runner;
mod store;
mod which;

pub(crate) use alert::Alert;
use clap::{Parser, Subcommand};
pub(crate) use comparison::{Build, Calibrate, Compare, How, Report};
pub(crate) use completions::{Completions, Man};
pub(crate) use conformance::Conformance;
pub(crate) use doctor::Doctor;
#[cfg(feature = "load")]
pub(crate) use functions::{Functions, FunctionsAction};
pub(crate) use gate::{Bisect, Confirm, Gate};
pub(crate) use history::{Accept, Baseline, BaselineAction, Rename, Trend};
pub(crate) use interchange::{Export, Import, Machine};
#[cfg(feature = "load")]
pub(crate) use load::{Arrival, Connection, Dialect, FirstRate, Load, shared_settings, without_effect};
pub(crate) use page::{ReportFile, Serve, Show, Subject};
pub(crate) use run::Run;
pub(crate) use runner::Runner;
pub(crate) use store::{By, ExportFormat, Store, StoreAction, Where};

/// Runs benchmarks, compares programs and revisions, keeps a history, and decides whether a run may pass.
#[derive(Debug, Parser)]
#[command(name = "bench", version, max_term_width = 120)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    #[cfg(feature = "load")]
    Load(Box<Load>),
    #[cfg(feature = "load")]
    Functions(Functions),
    Runner(Runner),
    Compare(Compare),
    Calibrate(Calibrate),
    Conformance(Conformance),
    Doctor(Doctor),
    Show(Show),
    Store(Store),
    Trend(Trend),
    Accept(Accept),
    Gate(Gate),
    Baseline(Baseline),
    Rename(Rename),
    Bisect(Bisect),
    Report(ReportFile),
    Serve(Serve),
    Export(Export),
    Import(Import),
    Alert(Alert),
    #[command(hide = true)]
    Completions(Completions),
    #[command(hide = true)]
    Man(Man),
}
