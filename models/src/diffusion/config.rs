//! [`Config`]: which size of a model.

/// Which size of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Config {
    /// The published layers, narrower: some 30 million parameters, for machines without an accelerator.
    Reduced,
    /// The published sizes.
    Full,
}

impl Config {
    /// As in ids: `reduced`, `full`.
    pub fn name(self) -> &'static str {
        match self {
            Config::Reduced => "reduced",
            Config::Full => "full",
        }
    }
}
