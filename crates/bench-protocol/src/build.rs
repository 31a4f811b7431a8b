//! How a program was built.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a program was built, as the program itself knows it. Two runs of different builds are not the same series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Build {
    /// The compiler or interpreter: `rustc 1.95.0 (…)`, `CPython 3.13.1`.
    #[serde(default)]
    pub toolchain: String,
    /// Target triple, or what the program's world calls it.
    #[serde(default)]
    pub target: String,
    /// Processor features that the program may use without asking.
    #[serde(default)]
    pub target_features: String,
    /// Optimization level: `0` to `3`, `s`, `z`; empty if there is no such thing.
    #[serde(default)]
    pub optimization: String,
    /// Whether debug assertions are on.
    #[serde(default)]
    pub debug_assertions: bool,
    /// Versions of the engines that it links, by name: `candle-core`, `torch`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub engines: BTreeMap<String, String>,
}
