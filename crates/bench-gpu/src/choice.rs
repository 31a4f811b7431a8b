//! Decides which GPUs are observed: the requested ones, or else those that the benchmark works on, or else those that
//! CUDA may use, or else all.

use std::sync::mpsc;
use std::time::Duration;

use super::catalogue::{self, Known, Place};
use super::library;
use bench_syntax::UsageError;

/// The time limit of checking devices: missing devices should be reported, but a driver that hangs should not keep a
/// run from starting.
const PATIENCE: Duration = Duration::from_secs(5);

/// GPUs, as they are named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    All,
    These(Vec<Pick>),
}

/// A GPU, as named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// Its number in NVML's order, which is that of the bus.
    Index(usize),
    /// Its UUID, or the beginning of it.
    Uuid(String),
}

impl Choice {
    /// Reads `0`, `0,1`, `GPU-5f2c…`, `MIG-…`, `all`.
    ///
    /// # Errors
    /// If a name is neither a number nor a UUID.
    pub(super) fn parse(text: &str) -> Result<Self, UsageError> {
        if text.trim() == "all" {
            return Ok(Choice::All);
        }
        let wrong = || {
            UsageError::malformed("GPU", text, "numbers or UUIDs, as in `0`, `0,1` or `GPU-5f2c`, or `all`")
        };
        text.split(',')
            .map(|part| Pick::parse(part).ok_or_else(wrong))
            .collect::<Result<_, _>>()
            .map(Choice::These)
    }

    /// Reads `CUDA_VISIBLE_DEVICES` as CUDA does: everything from the first invalid name on is ignored.
    pub(super) fn visible(text: &str) -> Self {
        Choice::These(text.split(',').map_while(Pick::parse).collect())
    }

    /// Returns the places of the chosen GPUs among those in `known`.
    ///
    /// # Errors
    /// If a GPU does not exist; the error lists those that do.
    pub(super) fn among(&self, known: &[Known]) -> Result<Vec<Place>, String> {
        match self {
            Choice::All => Ok((0..known.len()).map(|gpu| Place { gpu, instance: None }).collect()),
            Choice::These(picks) => {
                let mut places = Vec::new();
                for pick in picks {
                    let place = pick.among(known)?;
                    if !places.contains(&place) {
                        places.push(place);
                    }
                }
                Ok(places)
            }
        }
    }

    /// Whether it names GPUs by number, in an order that may not be NVML's.
    pub(super) fn counts(&self) -> bool {
        matches!(self, Choice::These(picks) if picks.iter().any(|pick| matches!(pick, Pick::Index(_))))
    }
}

impl Pick {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.starts_with("GPU-") || text.starts_with("MIG-") {
            return Some(Pick::Uuid(text.to_owned()));
        }
        text.parse().ok().map(Pick::Index)
    }

    fn among(&self, known: &[Known]) -> Result<Place, String> {
        match self {
            Pick::Index(gpu) if *gpu < known.len() => Ok(Place { gpu: *gpu, instance: None }),
            Pick::Index(gpu) => Err(format!("there is no GPU {gpu} here: {}", catalogue::describe(known))),
            Pick::Uuid(uuid) => {
                let places: Vec<Place> = catalogue::places(known)
                    .filter(|(_, own)| is_prefix(uuid, own))
                    .map(|(place, _)| place)
                    .collect();
                match places.as_slice() {
                    [place] => Ok(*place),
                    [] => Err(format!("there is no GPU `{uuid}` here: {}", catalogue::describe(known))),
                    _ => Err(format!("`{uuid}` begins more than one UUID: {}", catalogue::describe(known))),
                }
            }
        }
    }
}

fn is_prefix(prefix: &str, text: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix))
}

/// Checks that the requested GPUs exist, as far as NVML reports them in time: without NVML, the probe reports that,
/// and the run continues.
///
/// # Errors
/// A text that is not the name of a GPU, or a name that matches no GPU of this machine.
pub fn check(text: &str) -> Result<(), UsageError> {
    let choice = Choice::parse(text)?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let found = library::load().and_then(|nvml| catalogue::list(&nvml));
        // If it took too long, there is no receiver any more.
        let _ = sender.send(found);
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(known)) => choice.among(&known).map(|_| ()).map_err(UsageError),
        Ok(Err(_)) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Vec<Known> {
        let gpu = |uuid: &str, instances: &[&str]| Known {
            uuid: uuid.to_owned(),
            name: "H100".to_owned(),
            instances: instances.iter().map(|uuid| (*uuid).to_owned()).collect(),
        };
        vec![gpu("GPU-aa11", &[]), gpu("GPU-aa22", &["MIG-1", "MIG-2"])]
    }

    fn among(text: &str) -> Result<Vec<(usize, Option<usize>)>, String> {
        let places = Choice::parse(text).map_err(|error| error.0)?.among(&machine())?;
        Ok(places.into_iter().map(|place| (place.gpu, place.instance)).collect())
    }

    #[test]
    fn gpus_are_chosen_by_number_and_by_uuid() {
        assert_eq!(among("1"), Ok(vec![(1, None)]));
        assert_eq!(among("1, 0,1"), Ok(vec![(1, None), (0, None)]));
        assert_eq!(
            among("gpu-aa2").expect_err("lower case"),
            "`gpu-aa2` is not a GPU: expected numbers or UUIDs, as in `0`, `0,1` or `GPU-5f2c`, or `all`"
        );
        assert_eq!(among("GPU-AA2"), Ok(vec![(1, None)]));
        assert_eq!(among("MIG-2"), Ok(vec![(1, Some(1))]));
        assert_eq!(among("all"), Ok(vec![(0, None), (1, None)]));
    }

    #[test]
    fn what_does_not_exist_is_told_with_what_does() {
        for (text, message) in [
            ("2", "there is no GPU 2 here: 0 is GPU-aa11 (H100), 1 is GPU-aa22 (H100), with MIG-1, MIG-2"),
            ("GPU-bb", "there is no GPU `GPU-bb` here: 0 is"),
            ("GPU-aa", "`GPU-aa` begins more than one UUID: 0 is"),
            ("-1", "`-1` is not a GPU"),
            ("0,", "`0,` is not a GPU"),
        ] {
            let error = among(text).expect_err(text);
            assert!(error.starts_with(message), "{error}");
        }
        let nothing = Choice::parse("0").expect("a choice").among(&[]).expect_err("none");
        assert_eq!(nothing, "there is no GPU 0 here: no GPU was found");
    }

    #[test]
    fn visible_devices_end_at_what_is_none() {
        assert_eq!(Choice::visible("1,-1,0"), Choice::These(vec![Pick::Index(1)]));
        assert_eq!(Choice::visible(""), Choice::These(vec![]));
        assert!(Choice::visible("1").counts() && !Choice::visible("GPU-1").counts() && !Choice::All.counts());
    }
}
