//! [`Config`]: the size of a model.

use std::fmt;

/// The size of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Config {
    /// The published layers, narrower: some 30 million parameters, for machines without an accelerator.
    Reduced,
    /// The published sizes.
    Full,
}

/// Writes the text that ids contain.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Config::Reduced => "reduced",
            Config::Full => "full",
        })
    }
}
