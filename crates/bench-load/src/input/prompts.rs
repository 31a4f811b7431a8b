//! Prompts for images.

use std::path::PathBuf;

use bench_core::Error;

use super::distinct::distinct;
use super::random::Random;
use super::{Inputs, Lines, List, Prepared};

/// Seeded prompts, such as "a red bicycle on a frozen lake at dawn, watercolour".
///
/// ```
/// # use bench_load::input::{Inputs, Prompts};
/// assert_eq!(Prompts::seeded(8).prepare()?.measured.len(), 8);
/// # Ok::<(), bench_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompts {
    variations: usize,
    seed: u64,
}

impl Prompts {
    /// Generates this many different prompts, and as many others for the warm-up. The default seed is 0.
    pub fn seeded(variations: usize) -> Self {
        Prompts { variations, seed: 0 }
    }

    /// Sets the seed, for other prompts of the same kind.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Prompts { seed, ..self }
    }

    /// Reads prompts from a file, one on each line.
    pub fn file(path: impl Into<PathBuf>) -> Lines {
        Lines::of(path)
    }

    /// Uses these prompts.
    pub fn list<T: Into<String>>(prompts: impl IntoIterator<Item = T>) -> List<String> {
        List::new(prompts.into_iter().map(Into::into))
    }
}

impl Inputs for Prompts {
    type Item = String;

    fn prepare(self) -> Result<Prepared<String>, Error> {
        let mut random = Random::seeded(self.seed);
        Ok(distinct("prompts", &vec![(); self.variations], |()| {
            let [quality, subject, place, light, style] =
                [QUALITIES, SUBJECTS, PLACES, LIGHTS, STYLES].map(|words| random.one_of(words));
            format!("a {quality} {subject} {place} {light}, {style}")
        })?)
    }
}

const QUALITIES: &[&str] = &["red", "small", "weathered", "golden", "transparent", "huge", "striped", "blue"];
const SUBJECTS: &[&str] = &[
    "bicycle",
    "lighthouse",
    "fox",
    "teapot",
    "sailing boat",
    "piano",
    "robot",
    "castle",
    "cat",
    "hot-air balloon",
    "violin",
    "steam train",
    "owl",
    "greenhouse",
    "whale",
    "clock tower",
];
const PLACES: &[&str] = &[
    "on a frozen lake",
    "in a busy market",
    "among tall pines",
    "on a kitchen table",
    "above the clouds",
    "in a narrow street",
    "by the sea",
    "in a desert",
    "in an empty library",
    "on the moon",
    "under water",
    "in a meadow",
];
const LIGHTS: &[&str] = &["at dawn", "at noon", "in the rain", "by candlelight", "in thick fog", "at night"];
const STYLES: &[&str] =
    &["watercolour", "photograph, 35 mm", "oil painting", "pencil drawing", "isometric", "mosaic"];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_prompts() {
        let prompts = Prompts::seeded(4).prepare().expect("prompts");
        assert_eq!(prompts, Prompts::seeded(4).seed(0).prepare().expect("prompts"));
        assert_ne!(prompts, Prompts::seeded(4).seed(1).prepare().expect("prompts"));
        // This must never change: figures are only comparable over the same prompts.
        assert_eq!(prompts.measured[0], "a blue robot on a frozen lake at night, watercolour");
    }

    #[test]
    fn all_are_different() {
        let prompts = Prompts::seeded(500).prepare().expect("prompts");
        let all: HashSet<_> = prompts.measured.iter().chain(&prompts.warm_up).collect();
        assert_eq!(all.len(), 1_000);
    }

    #[test]
    fn what_cannot_be_made_says_why() {
        let error = |count| Prompts::seeded(count).prepare().expect_err("no prompts").to_string();
        assert_eq!(error(0), "0 prompts were asked for: a load needs at least 1");
        assert!(error(100_000).starts_with("there are fewer than 100000 different prompts and as many more"));
    }

    #[test]
    fn lists_and_files_are_sources_too() {
        assert_eq!(Prompts::list(["a cat"]).prepare().expect("prompts").measured, ["a cat"]);
        assert_eq!(Prompts::file("x"), Lines::of("x"));
    }
}
