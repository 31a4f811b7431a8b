//! The plan: the measurement that the calling program requests for its functions.

use std::path::PathBuf;
use std::time::Duration;

use bench_load::scenario::{Plateau, Replay};
use bench_load::{Load, Search};
use bench_syntax::UsageError;
use serde::Deserialize;

/// A function to be put under load, and the reports of the run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The name of the case.
    pub(crate) name: String,
    /// The model of the case; `None` if it belongs to none.
    pub(crate) model: Option<String>,
    /// The place of the function in the source code: `tts.py:12`.
    pub(crate) source: Option<String>,
    pub(crate) function: Function,
    pub(crate) reports: Reports,
}

/// A function that serves requests, and the requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Function {
    /// The socket on which the program listens.
    pub(crate) socket: PathBuf,
    pub(crate) field: Field,
    pub(crate) inputs: Asked,
    /// The settings of requests for images; absent in other fields.
    pub(crate) images: Option<ImageSettings>,
    pub(crate) load: Much,
}

/// The field of work.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Speech,
    Images,
    Classification,
    Text,
    Requests,
}

/// The inputs of requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Asked {
    /// Inputs that the program has, in this order.
    Given(Vec<Given>),
    /// Texts that are generated here, of `shortest` to `longest` characters.
    Texts { count: usize, shortest: usize, longest: usize },
    /// Prompts that are generated here.
    Prompts { count: usize },
}

/// The description of an input that only the program has, for reports.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Given {
    Text(String),
    Bytes(u64),
}

/// The settings of requests for images.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageSettings {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) num_images: usize,
    pub(crate) num_inference_steps: u32,
    pub(crate) guidance_scale: f64,
    /// The seed of the first request; each further request adds one.
    pub(crate) seed: u64,
}

/// The amount of load.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Much {
    /// The numbers of clients, with a level for each.
    #[serde(default)]
    pub(crate) concurrency: Vec<usize>,
    /// The rates in requests per second, with a level for each.
    #[serde(default)]
    pub(crate) rate: Vec<f64>,
    /// The scenario; `None` if `concurrency`, `rate` or another field decides when requests arrive.
    pub(crate) scenario: Option<Scenario>,
    /// The least and the most clients: each level doubles the number.
    pub(crate) ramp: Option<(usize, usize)>,
    /// Requests at the times of a trace.
    pub(crate) replay: Option<Trace>,
    /// A search for the highest rate that meets conditions, in place of levels that are given.
    pub(crate) find_rate: Option<FindRate>,
    /// A load with a growing number of clients, in place of levels.
    pub(crate) stress: Option<Stress>,
    pub(crate) requests: Option<u64>,
    /// The duration of a level, in seconds.
    pub(crate) duration_s: Option<f64>,
    pub(crate) warm_up: Option<u64>,
    pub(crate) timeout_s: Option<f64>,
    #[serde(default)]
    pub(crate) slo: Vec<String>,
    #[serde(default)]
    pub(crate) seed: u64,
    /// Whether each level serves only a few requests, to check that the function works.
    #[serde(default)]
    pub(crate) quick: bool,
}

/// A scenario that has one level, or whose levels are numbers of streams.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scenario {
    /// Sends one request after another.
    SingleStream,
    /// Sends `concurrency` requests at once, again and again.
    MultiStream,
    /// Sends all requests at the beginning.
    Offline,
}

/// A trace of requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trace {
    pub(crate) times: Times,
    /// The factor by which the requests come faster than in the trace.
    pub(crate) speed: f64,
}

/// The times of a trace.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Times {
    /// A file that contains the times.
    File(PathBuf),
    /// The times in seconds, ascending.
    Seconds(Vec<f64>),
}

/// A search for a rate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindRate {
    /// The conditions that the rate must meet, such as `latency_p99 <= 200ms`.
    pub(crate) conditions: Vec<String>,
    /// The first rate to try, in requests per second; the default if `None`.
    pub(crate) from: Option<f64>,
}

/// A load whose number of clients grows to `most`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stress {
    pub(crate) duration_s: f64,
    pub(crate) most: usize,
    /// The time in which the clients are added; half of the duration if `None`.
    pub(crate) ramp_up_s: Option<f64>,
}

/// The settings of reports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reports {
    /// The folder of all runs.
    pub(crate) output_dir: PathBuf,
    pub(crate) compare: Option<String>,
    pub(crate) save_as: Option<String>,
    #[serde(default)]
    pub(crate) quiet: bool,
}

impl Much {
    /// # Errors
    /// When a time is not positive.
    pub(crate) fn check(&self) -> Result<(), UsageError> {
        let stress = self.stress.as_ref();
        let times = [
            ("timeout_seconds", self.timeout_s),
            ("duration", self.duration_s),
            ("duration", stress.map(|stress| stress.duration_s)),
            ("ramp_up", stress.and_then(|stress| stress.ramp_up_s)),
        ];
        let is_wrong = |seconds: f64| !(seconds > 0.0 && Duration::try_from_secs_f64(seconds).is_ok());
        match times.into_iter().find(|(_, seconds)| seconds.is_some_and(is_wrong)) {
            Some((name, seconds)) => Err(UsageError(format!(
                "expected `{name}` to be more than 0 seconds, found {}",
                seconds.unwrap_or_default()
            ))),
            None => Ok(()),
        }
    }

    pub(crate) fn load(&self) -> Load {
        let load = match (&self.stress, self.scenario, self.concurrency.as_slice(), self.rate.as_slice()) {
            (Some(stress), ..) => {
                let scenario = bench_load::scenario::Stress::new(seconds(stress.duration_s), stress.most);
                Load::new(match stress.ramp_up_s {
                    Some(ramp_up) => scenario.ramp_up(seconds(ramp_up)),
                    None => scenario,
                })
            }
            (None, Some(Scenario::SingleStream), ..) => Load::single_stream(),
            (None, Some(Scenario::MultiStream), streams, _) => Load::multi_stream(streams),
            (None, Some(Scenario::Offline), ..) => Load::offline(),
            (None, None, concurrency, rate) => match (self.ramp, &self.replay) {
                (Some((from, to)), _) => Load::ramp(from, to),
                (None, Some(trace)) => Load::new(trace.replay()),
                (None, None) if !concurrency.is_empty() => Load::closed(concurrency),
                (None, None) if !rate.is_empty() => Load::open(rate),
                (None, None) => Load::new(Plateau::up_to(64)),
            },
        };
        let load = self.requests.into_iter().fold(load.seed(self.seed), Load::requests);
        let load = self.duration_s.into_iter().fold(load, |load, lasts| load.duration(seconds(lasts)));
        let load = self.warm_up.into_iter().fold(load, Load::warm_up);
        let load = self.timeout_s.into_iter().fold(load, |load, timeout| load.timeout(seconds(timeout)));
        self.slo.iter().fold(load, |load, condition| load.slo(condition))
    }

    /// Returns the search for the highest rate; `None` if none is requested.
    pub(crate) fn search(&self) -> Option<Search> {
        let FindRate { conditions, from } = self.find_rate.as_ref()?;
        let search = Load::find_rate(conditions.iter().map(String::as_str)).seed(self.seed);
        let search = from.iter().fold(search, |search, rate| search.from(*rate));
        let search = self.requests.into_iter().fold(search, Search::requests);
        let search = self.warm_up.into_iter().fold(search, Search::warm_up);
        Some(self.timeout_s.into_iter().fold(search, |search, timeout| search.timeout(seconds(timeout))))
    }
}

impl Trace {
    fn replay(&self) -> Replay {
        match &self.times {
            Times::File(file) => Replay::file(file),
            Times::Seconds(times) => Replay::times(times.as_slice()),
        }
        .speed(self.speed)
    }
}

/// Converts seconds that [`Much::check`] has accepted to a duration.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
