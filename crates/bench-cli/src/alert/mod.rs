//! `bench alert`: notifies each recipient of each change once.

mod command;
mod delivery;
mod github;
mod message;
mod news;
mod webhook;

use bench_report::tell;
use std::collections::BTreeSet;
use std::path::Path;

use bench_history::config::{Alert, Changes, Config, Recipient};
use bench_history::store::{Store, Told, current_id};
use bench_record as record;
use bench_record::{RunError, exit};
use bench_report::text::print;
use bench_syntax::UsageError;
use bench_syntax::text::one_line;
use serde::Deserialize;

use crate::arguments;
use crate::failure::Failure;
use delivery::Undelivered;
use news::News;

/// Notifies each recipient of the changes that it has not been notified of.
pub(crate) fn run(arguments: &arguments::Alert) -> Result<u8, Failure> {
    let config = Config::read(&arguments.config)?;
    if config.alerts.is_empty() {
        let path = arguments.config.display();
        return Err(UsageError(format!("{path} has no [[alert]]: add one that names a recipient")).into());
    }
    let cleared = arguments.decision.as_deref().map_or(Ok(BTreeSet::new()), cleared)?;
    let mut store = arguments.place.open_existing()?;
    let mut all = news::collect(&mut store, &arguments.metric)?;
    all.retain(|news| !cleared.contains(&(news.case().to_owned(), news.metric().to_owned())));
    let mut failed = false;
    for alert in &config.alerts {
        let unknown = unknown_to(alert, &all, &mut store)?;
        let name = alert.name();
        if unknown.is_empty() {
            say(&format!("{name}: nothing new"))?;
            continue;
        }
        if arguments.dry_run {
            say(&format!("{name} would be notified:"))?;
            unknown.iter().try_for_each(|news| say(&format!("  {}", news.text())))?;
            continue;
        }
        match deliver(alert, &unknown) {
            Ok(()) => {
                keep(&name, &unknown, &mut store)?;
                say(&format!("{name}: notified of {}", message::count(unknown.len())))?;
            }
            Err(error) => {
                failed = true;
                let of = message::count(unknown.len());
                tell(&one_line(&format!("error: {name} could not be notified of {of}: {error}")));
            }
        }
    }
    Ok(if failed { exit::FAILED } else { exit::OK })
}

fn say(line: &str) -> Result<(), RunError> {
    print(&(one_line(line) + "\n"))
}

fn deliver(alert: &Alert, news: &[&News]) -> Result<(), Undelivered> {
    match &alert.recipient {
        Recipient::Webhook { variable, shape, timeout } => {
            let body = message::body(*shape, news);
            delivery::retried(|| webhook::post(variable, &body, *timeout))
        }
        Recipient::Command { command, timeout } => {
            let body = message::body(Default::default(), news);
            delivery::retried(|| command::run(command, &body, *timeout))
        }
        Recipient::Annotations => github::annotate(news),
        Recipient::Summary => github::summarize(news),
    }
}

/// Returns the news that this recipient has not received.
fn unknown_to<'a>(alert: &Alert, all: &'a [News], store: &mut Store) -> Result<Vec<&'a News>, Failure> {
    let (name, renamings) = (alert.name(), store.renamings()?);
    let known: BTreeSet<news::Identity> = store
        .all_told()?
        .into_iter()
        .filter(|told| told.recipient == name)
        .map(|told| (current_id(&renamings, &told.case), told.metric, told.machine, told.run))
        .collect();
    // Only a recipient that was notified of a change is notified of its withdrawal.
    let is_wanted = |news: &&News| match news.follows() {
        Some(told) => known.contains(&told),
        None => alert.changes == Changes::All || news.is_worse(),
    };
    Ok(all.iter().filter(is_wanted).filter(|news| !known.contains(&news.identity())).collect())
}

fn keep(recipient: &str, news: &[&News], store: &mut Store) -> Result<(), Failure> {
    let at = record::now_utc();
    for one in news {
        let (case, metric, machine, run) = one.identity();
        let told = Told { recipient: recipient.to_owned(), case, metric, machine, run, at: at.clone() };
        store.keep_told(&told)?;
    }
    Ok(())
}

/// The part of the output of `bench gate --json` that is used here.
#[derive(Deserialize)]
struct Decision {
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    case: String,
    figure: String,
    ruling: String,
}

/// Returns the cases and figures that the gate measured again and cleared: they had not changed.
fn cleared(path: &Path) -> Result<BTreeSet<(String, String)>, Failure> {
    let text = std::fs::read(path).map_err(|source| RunError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let decision: Decision = serde_json::from_slice(&text).map_err(|error| {
        UsageError(format!(
            "{}: {error}; expected a file that `bench gate --json` has written",
            path.display()
        ))
    })?;
    let cleared = decision.findings.into_iter().filter(|finding| finding.ruling == "cleared");
    Ok(cleared.map(|finding| (finding.case, finding.figure)).collect())
}
