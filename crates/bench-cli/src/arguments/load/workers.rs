//! The arguments with which several workers share a load.

use std::time::Duration;

use bench_syntax::Share;
use bench_syntax::quantity::parse_duration;
use clap::{ArgMatches, Args, Command};

use super::Load;

/// How several workers share a load.
#[derive(Debug, Args)]
#[command(next_help_heading = "Workers")]
pub(crate) struct Workers {
    /// The part of the load that this worker sends, such as 1/4, when several workers run the same command [default: from
    /// Kubernetes, Slurm or mpirun]
    #[arg(long, value_name = "K/N")]
    pub(crate) share: Option<Share>,
    /// Address on which worker 1 listens for the others [default: the first node of Slurm's step; this machine, if
    /// mpirun has started all of them here]
    #[arg(long, value_name = "HOST:PORT", env = "BENCH_RENDEZVOUS", hide_env = true, value_parser = address)]
    pub(crate) rendezvous: Option<String>,
    /// Time for which workers wait for each other before they begin
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5m")]
    pub(crate) rendezvous_timeout: Duration,
}

fn address(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match port.and_then(|(_, port)| port.parse::<u16>().ok()).filter(|port| *port > 0) {
        Some(_) => Ok(text.to_owned()),
        None => Err("expected HOST:PORT, such as node1:7400".to_owned()),
    }
}

/// The flags that may differ between workers: the address of the worker, its reports, and files whose content is
/// compared instead of their name.
const OWN: [&str; 19] = [
    "as",
    "scenario",
    "share",
    "rendezvous",
    "rendezvous_timeout",
    "output_dir",
    "save_as",
    "compare",
    "color",
    "quiet",
    "ca_file",
    "client_cert",
    "client_key",
    "token_env",
    "token_file",
    "input",
    "replay",
    "template",
    "tokenizer",
];

/// Returns the flags of `bench load` that must be the same for all workers, with their values.
pub(crate) fn shared_settings(matches: &ArgMatches) -> Vec<(String, String)> {
    let command = Load::augment_args(Command::new("load"));
    let shared = command.get_arguments().filter(|argument| !OWN.contains(&argument.get_id().as_str()));
    shared
        .filter_map(|argument| {
            let name =
                argument.get_long().map_or_else(|| "the address".to_owned(), |long| format!("--{long}"));
            let values = matches.try_get_raw(argument.get_id().as_str()).ok()??;
            let values: Vec<String> = values.map(|value| value.to_string_lossy().into_owned()).collect();
            Some((name, values.join(" ")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_the_same_are_flags_and_not_paths() {
        let command = Load::augment_args(Command::new("load"));
        let typed =
            ["load", "http://a", "http://b", "--rate=4,8", "--output-dir=x", "--share=1/2", "--no-salt"];
        let settings = shared_settings(&command.get_matches_from(typed));
        let value =
            |name: &str| settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!((value("the address"), value("--rate")), (Some("http://a http://b"), Some("4 8")));
        assert_eq!((value("--no-salt"), value("--seed")), (Some("true"), Some("0")));
        for own in OWN {
            assert_eq!(value(&format!("--{}", own.replace('_', "-"))), None, "{own}");
            let command = Load::augment_args(Command::new("load"));
            assert!(command.get_arguments().any(|argument| argument.get_id() == own), "{own} is not a flag");
        }
    }

    #[test]
    fn an_address_has_a_host_and_a_port() {
        assert!(address("node1:7400").is_ok() && address("[::1]:7400").is_ok());
        for wrong in ["node1", ":7400", "node1:", "node1:0", "node1:99999"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
