//! Several workers that run one command and share its load.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use bench_core::Interrupt;
use bench_endpoint::client::Counts;
use bench_endpoint::{Checked, Counted, Endpoint};
use bench_load::fleet::{Fleet, FleetError, Meeting};
use bench_record::Record;
use bench_report::tell;
use bench_syntax::quantity::Seconds;
use bench_syntax::{Share, UsageError};
use serde::{Deserialize, Serialize};

use super::given::Given;
use super::{rendezvous, tokens};
use crate::arguments::Load;

/// Returns the part of the load that this process sends, and the flag or engine that set it; `None` if there is one
/// process.
///
/// # Errors
/// If the environment variables of an engine are not valid.
pub(super) fn share(arguments: &Load) -> Result<Option<(Share, &'static str)>, UsageError> {
    match arguments.workers.share {
        Some(share) if share.of() == 1 => Ok(None),
        Some(share) => Ok(Some((share, "--share"))),
        None => Share::from_environment(|name| std::env::var(name).ok()),
    }
}

/// Waits for the other workers; `None` if there are none. `settings` are those of the command line that must be the
/// same for all.
///
/// # Errors
/// If a worker does not come, or came with other settings or inputs.
pub(super) fn meet(
    arguments: &Load,
    endpoint: &Endpoint,
    given: &Given,
    mut settings: Vec<(String, String)>,
) -> Result<Option<Arc<Fleet>>, UsageError> {
    let Some((share, by)) = share(arguments)? else { return Ok(None) };
    let variable = |name: &str| std::env::var(name).ok();
    let address = match &arguments.workers.rendezvous {
        Some(address) => address.clone(),
        None => rendezvous::usual(variable).ok_or_else(|| {
            UsageError(format!(
                "this is worker {share} (set by {by}), but the address of worker 1 is not known: give it to all \
                 workers with --rendezvous HOST:PORT"
            ))
        })?,
    };
    settings.push(("the version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    settings.push(("the endpoint".to_owned(), endpoint.kind().name().to_owned()));
    settings.push(("the model".to_owned(), endpoint.model().unwrap_or("none").to_owned()));
    settings.push(("the content of the inputs".to_owned(), fingerprint(given, arguments)));
    if arguments.much.offline {
        // It determines the number of clients.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        settings.push(("the number of cores".to_owned(), cores.to_string()));
    }
    let patience = arguments.workers.rendezvous_timeout;
    let meeting = Meeting { share, address, patience, name: rendezvous::run(variable), settings };
    let fleet = meeting.meet(tell).map_err(|error: FleetError| UsageError(error.to_string()))?;
    Ok(Some(Arc::new(fleet)))
}

/// Returns a fingerprint of all inputs, times, templates and tokenizers.
fn fingerprint(given: &Given, arguments: &Load) -> String {
    // This hasher has fixed keys, so that all processes of one version get the same fingerprint.
    let mut hasher = DefaultHasher::new();
    given.inputs.hash(&mut hasher);
    given.warm_up.hash(&mut hasher);
    for at in given.arrivals.iter().flatten() {
        at.to_bits().hash(&mut hasher);
    }
    for file in [arguments.what.template.clone(), arguments.what.tokenizer.as_deref().map(tokens::file)] {
        file.and_then(|file| std::fs::read(file).ok()).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Ends the load of all workers when one is interrupted.
pub(super) fn end_together(fleet: &Fleet, interrupt: &Interrupt) {
    let (asks, tells) = (interrupt.clone(), interrupt.clone());
    fleet.stop_when(move || asks.is_raised(), move || tells.tell());
}

/// The totals of the clients of one worker, or of all.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) counts: Counts,
    pub(super) counted: Counted,
    pub(super) checked: Checked,
}

impl Ended {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        Ended {
            counts: endpoint.client().counts(),
            counted: endpoint.totals(),
            checked: endpoint.check_answers(),
        }
    }

    /// Combines the totals of all workers on the first worker; on the others, returns `self` unchanged. Each worker
    /// waits for all others. Also returns the error if a worker is no longer connected.
    pub(super) fn of_all(self, fleet: &Fleet) -> (Self, Option<FleetError>) {
        let own = serde_json::to_vec(&self).unwrap_or_default();
        let others = match fleet.gather(&own) {
            Ok(others) if fleet.lost().is_none() => others,
            Ok(_) => return (self, fleet.lost()),
            Err(error) => return (self, Some(error)),
        };
        let others = others.iter().filter_map(|bytes| serde_json::from_slice::<Ended>(bytes).ok());
        let all = others.fold(self, |one, other| Ended {
            counts: one.counts.and(other.counts),
            counted: one.counted.and(other.counted),
            checked: one.checked.and(other.checked),
        });
        (all, fleet.part().err())
    }
}

/// Describes the workers of a run: their hosts, the number of requests that they have sent, and how well their clocks
/// agree.
pub(super) fn told(record: &Record, fleet: &Fleet) -> String {
    let rounds = record.cases.iter().flat_map(|case| &case.rounds);
    let levels = rounds.filter_map(|round| round.served.as_ref()).flat_map(|served| &served.levels);
    let workers: Vec<_> = levels.flat_map(|level| &level.workers).collect();
    let own = fleet.share().rank() + 1;
    let of = fleet.share().of();
    if !fleet.is_first() {
        let sent: u64 =
            workers.iter().filter(|worker| worker.number == own).map(|worker| worker.requests).sum();
        return format!("worker {own} of {of} has sent {sent} requests; worker 1 has the report");
    }
    let mut hosts: Vec<&str> = workers.iter().map(|worker| worker.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let hosts = match hosts.as_slice() {
        [one] => format!("on {one}"),
        several => format!("on {} hosts", several.len()),
    };
    let error_s = workers.iter().map(|worker| worker.clock_error_s.0).fold(0.0, f64::max);
    format!("workers: {of} {hosts}; their clocks agree to within {}", Seconds(error_s))
}
