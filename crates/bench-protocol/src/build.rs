//! The build of a program.

use std::collections::BTreeMap;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::json::structure;

/// The build of a program, as the program itself knows it. Two runs of different builds are not the same series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
#[non_exhaustive]
pub struct Build {
    /// The compiler or interpreter: `rustc 1.95.0 (…)`, `CPython 3.13.1`.
    pub toolchain: String,
    /// The target triple, or its equivalent for a program that is not written in Rust.
    pub target: String,
    /// Processor features that the program may use without asking.
    pub target_features: String,
    /// Optimization level: `0` to `3`, `s`, `z`; empty if there is no such thing.
    pub optimization: String,
    /// Whether debug assertions are on.
    pub debug_assertions: bool,
    /// Versions of the engines that it links, by name: `candle-core`, `torch`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub engines: BTreeMap<String, String>,
}

structure!(Build {
    toolchain: default,
    target: default,
    target_features: default,
    optimization: default,
    debug_assertions: default,
    engines: sparse,
});
