//! Finds out how to reach the server, and which interface it has.

use std::collections::BTreeSet;
use std::time::Duration;

use bench_endpoint::Endpoint;
use bench_endpoint::api::{Kind, Limits};
use bench_endpoint::client::{Client, Policy, Target, Trust};
use bench_endpoint::failure::{Class, Failure};
use bench_endpoint::probe::{self, Found, Named};
use bench_endpoint::secret::Secret;
use bench_endpoint::server::{Source, Watch};
use bench_syntax::UsageError;

use super::printable_lines;
use crate::arguments::{Connection, Load};

/// The time limit for a server's answer to a scrape.
const SCRAPE: Duration = Duration::from_secs(2);

/// Returns the addresses of the servers, and the endpoint that they name, which must be the same for all.
pub(super) fn targets(urls: &[String]) -> Result<(Vec<Target>, Named), UsageError> {
    let mut named = Vec::with_capacity(urls.len());
    for url in urls {
        named.push(probe::split(Target::parse(url).map_err(UsageError)?));
    }
    let targets = named.iter().map(|one| one.target.clone()).collect();
    let of = |one: &Named| (one.kind, one.model.clone(), one.stream);
    if let Some(other) = named.iter().position(|one| of(one) != of(&named[0])) {
        return Err(UsageError(format!(
            "{} and {} do not name the same endpoint: give addresses that differ only in the server",
            urls[0], urls[other]
        )));
    }
    let first = named.into_iter().next().ok_or_else(|| UsageError("expected an address".to_owned()))?;
    Ok((targets, first))
}

/// Returns the error for a server that does not answer.
pub(super) fn silent(client: &Client, failure: &Failure) -> UsageError {
    let hint = match failure.class {
        Class::Protocol => "; the address of a gRPC server begins with grpc://, and --http2 speaks HTTP/2",
        _ => "",
    };
    UsageError(format!("{} does not answer: {failure}{hint}", client.target()))
}

/// Returns the processes of the servers that run on this machine: their work does not count as a disturbance.
pub(super) fn processes(client: &Client) -> BTreeSet<u32> {
    client.targets().filter_map(Target::local_port).flat_map(bench_machine::listeners).collect()
}

pub(super) fn unknown(client: &Client) -> UsageError {
    UsageError(format!(
        "the interface of {} was not recognized: it lists no models at /v1/models, and is not a KServe, Ollama, TGI, Piper or \
         torch-inference server; name the interface with --endpoint",
        client.target()
    ))
}

/// Returns the token for the server, with the header to send it in; `None` if no token is given.
pub(super) fn secret(connection: &Connection, kind: Option<Kind>) -> Result<Option<Secret>, UsageError> {
    let secret = match (&connection.token_env, &connection.token_file) {
        (Some(name), _) => Secret::from_env(name).map_err(UsageError)?,
        (None, Some(file)) => Secret::from_file(file).map_err(UsageError)?,
        (None, None) => return Ok(None),
    };
    let usual = kind.filter(|kind| *kind == Kind::Messages).map(|_| "x-api-key");
    match connection.token_header.as_deref().or(usual) {
        Some(name) => secret.in_header(name).map(Some).map_err(UsageError),
        None => Ok(Some(secret)),
    }
}

/// Begins to read the metrics at the addresses of `--metrics-url`, and the server's own unless one of these is of a
/// server.
pub(super) fn watch(
    arguments: &Load,
    endpoint: &Endpoint,
    secret: Option<Secret>,
    trust: Option<Trust>,
) -> Result<Option<Watch>, UsageError> {
    let connection = &arguments.connection;
    if connection.no_metrics {
        return Ok(None);
    }
    let limits =
        Limits { connect: SCRAPE, first_byte: SCRAPE, idle: SCRAPE, total: SCRAPE, ..Limits::default() };
    let source = |target: Target, path: &str, secret: Option<Secret>| {
        let trust = match &trust {
            None if target.is_tls() => Some(Trust::of_system().map_err(UsageError)?),
            trust => trust.clone(),
        };
        let client = Client::new([target], trust, Policy::Warm, limits, &connection.header, secret).ok();
        Ok(client.and_then(|client| Source::at(client, path)))
    };
    let mut sources = Vec::new();
    for url in &connection.metrics_url {
        // The token is for the model server, and must not be sent to another one.
        sources.push(source(Target::parse(url).map_err(UsageError)?, "", None)?.ok_or_else(|| {
            UsageError(format!("{url} has no metrics of vLLM, SGLang, TGI, Triton, llama.cpp or DCGM"))
        })?);
    }
    if !sources.iter().any(|source| source.system().is_server()) {
        let own = source(endpoint.client().target().clone(), "/metrics", secret)?;
        sources.splice(0..0, own);
    }
    Ok(Watch::start(sources))
}

/// Describes the server, for `--probe`.
pub(super) fn probed(endpoint: &Endpoint, found: &Found) -> String {
    let server = if found.server.is_empty() { "not known" } else { &found.server };
    let kind = found.kind.map_or("not known: name it with --endpoint", Kind::name);
    let models = if found.models.is_empty() { "none listed".to_owned() } else { found.models.join(", ") };
    let metrics = endpoint.client().get("/metrics").ok();
    let metrics =
        metrics.and_then(|body| bench_endpoint::server::Snapshot::of(&String::from_utf8_lossy(&body)));
    let metrics = metrics.map_or("none that are known", |snapshot| snapshot.system.name());
    printable_lines(&format!(
        "{}\nserver:   {server}\nendpoint: {kind}\nmodels:   {models}\nmetrics:  {metrics}\n",
        endpoint.client().target()
    ))
}
