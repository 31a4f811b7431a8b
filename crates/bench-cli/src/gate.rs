//! `bench gate`.

use std::path::Path;

use bench_history::config::{Config, ConfigError};
use bench_history::gate::{Against, Confirmation, Decision, decide};
use bench_history::store::{Renaming, Store, StoreError, current_id};
use bench_judge::objective::EarlierRecords;
use bench_record::{EarlierRun, EarlierRuns, Record, RunState};
use bench_report::{Detail, View};
use bench_syntax::UsageError;
use bench_syntax::objective::Quantity;

use crate::arguments::{Confirm, Gate, Where};
use crate::failure::Failure;
use crate::{confirm, decision, history, markdown, parts, report};

/// The configuration file that is read, if it exists and no other one is named.
const CONFIG: &str = "bench.toml";

/// Stores a run, judges it, measures suspects again, and prints the decision.
pub(crate) fn run(arguments: &Gate) -> Result<u8, Failure> {
    let config = config(arguments.config.as_deref())?;
    let place = &arguments.place;
    let record = place.run(arguments.run.as_deref())?;
    // Checks come before anything is stored: a mistake in bench.toml or in the name of the store should leave nothing
    // behind.
    let (known, renamings, history) = match place.open_meant()? {
        Some(mut store) => {
            let (renamings, history) = (store.renamings()?, store.series()?);
            (Some(store), renamings, history)
        }
        None => (None, Vec::new(), Vec::new()),
    };
    let as_measured = record;
    let record = renamed(as_measured.clone(), &renamings);
    config.check(&record, &history)?;
    let mut store = known.map_or_else(|| place.open(), Ok)?;
    store.add(&as_measured)?;
    // A part of a run is judged together with the parts that are already in the store.
    let record = match &as_measured.parts {
        Some(parts) => renamed(store.record(&parts.run)?, &renamings),
        None => record,
    };
    let baseline = arguments.baseline.as_deref().or(config.gate.baseline.as_deref());
    let mut decision = judge(&config, &record, baseline, &mut store, &renamings, place)?;
    if record.state != RunState::Complete {
        decision
            .notes
            .push("the run did not finish: cases that it did not measure are not judged".to_owned());
    }
    decision.notes.extend(record.parts.as_ref().and_then(parts::not_judged));
    confirm::confirm(&mut decision, &record, &mut store, arguments)?;
    decision.sort();
    let commented =
        report::comment(arguments.markdown.as_deref(), || markdown::gate(&decision, arguments.strict))?;
    report::print_or_write(arguments.json.as_deref(), &decision, || {
        let detail = if arguments.verbose { Detail::Full } else { Detail::Short };
        let view = View::for_stdout(arguments.color, detail);
        if commented { String::new() } else { decision::render(&decision, arguments.strict, &view) }
    })?;
    let unconfirmed = decision.findings.iter().find_map(|finding| match &finding.confirmation {
        Some(Confirmation::Impossible { reason }) => Some((&finding.case, reason)),
        _ => None,
    });
    match unconfirmed {
        Some((case, reason)) if arguments.confirm == Confirm::Always => {
            Err(UsageError(format!("`{case}` cannot be confirmed: {reason}")).into())
        }
        _ => Ok(decision.exit_code(arguments.strict)),
    }
}

/// Reads the project's `bench.toml`, or the file that is named in its place.
pub(crate) fn config(named: Option<&Path>) -> Result<Config, ConfigError> {
    match named {
        Some(path) => Config::read(path),
        None if Path::new(CONFIG).exists() => Config::read(Path::new(CONFIG)),
        None => Ok(Config::default()),
    }
}

fn judge(
    config: &Config,
    record: &Record,
    baseline: Option<&str>,
    store: &mut Store,
    renamings: &[Renaming],
    place: &Where,
) -> Result<Decision, Failure> {
    let mut referred = EarlierRecords::default();
    let limits = config.rules.iter().flat_map(|rule| &rule.limits);
    let names = limits.filter_map(|limit| match &limit.target.what {
        Quantity::SpeedupOverRun(name) => Some(name.as_ref()),
        _ => None,
    });
    let mut refers = false;
    for name in names {
        referred = referred.with(name, renamed(known_run(name, store, place)?, renamings));
        refers = true;
    }
    // A comparison with a single run needs to know how much runs differ from each other.
    let mut earlier = Vec::new();
    if refers || baseline.is_some() {
        let runs = store.runs()?;
        for run in runs.iter().skip(runs.len().saturating_sub(EarlierRuns::MOST)) {
            earlier.push(EarlierRun::from(&renamed(store.record(&run.run)?, renamings)));
        }
    }
    let referred = referred.with_history(earlier.clone());
    let Some(name) = baseline else {
        let accepted = store.acceptances()?;
        let commits = history::commits();
        let against = Against::History { accepted: &accepted, commits: &commits };
        return Ok(decide(config, record, &store.series()?, against, &referred)?);
    };
    let baseline = renamed(known_run(name, store, place)?, renamings);
    if baseline.run == record.run {
        return Err(UsageError(format!("the baseline `{name}` is this run itself, {}", record.run)).into());
    }
    let against = Against::Baseline { name, record: &baseline, earlier: &earlier };
    Ok(decide(config, record, &store.series()?, against, &referred)?)
}

/// Returns the record of a baseline, of a run of the store, or of a run or saved name in the folder of all runs.
fn known_run(name: &str, store: &mut Store, place: &Where) -> Result<Record, Failure> {
    let baselines = store.baselines()?;
    let meant = baselines.iter().find(|baseline| baseline.name == name);
    match store.record(meant.map_or(name, |baseline| &baseline.run)) {
        Err(StoreError::NoSuchRun { .. }) => {}
        found => return Ok(found?),
    }
    place.record(name).map_err(|_| {
        let names: Vec<&str> = baselines.iter().map(|baseline| baseline.name.as_str()).collect();
        let there = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
        UsageError(format!(
            "`{name}` is neither a baseline (existing: {there}) nor a run: `bench baseline set {name} RUN` creates that baseline"
        ))
        .into()
    })
}

/// Returns the record with the present ids of its cases.
fn renamed(mut record: Record, renamings: &[Renaming]) -> Record {
    for case in &mut record.cases {
        case.id = current_id(renamings, &case.id);
    }
    record
}
