//! `bench.toml`: a project's settings for its history.
//!
//! ```toml
//! [gate]
//! threshold = "2%"
//!
//! [[rule]]
//! case = "resnet50/"
//! metric = "time"
//! threshold = "200us"
//! limits = ["time < 5ms", "peak_memory <= 2GB"]
//!
//! [[alert]]
//! webhook = "BENCH_WEBHOOK"
//!
//! [page]
//! commit = "https://github.com/OWNER/NAME/commit/{}"
//! ```
//!
//! A section is a field of [`Config`], in its own file, and a line of the private `Document`, which is the file as it
//! is written. Its type derives `Deserialize` with `#[serde(deny_unknown_fields, default)]`. A value that is wrong by
//! itself is rejected where it is read, by `TryFrom<String>` as in [`Threshold`], and `toml` knows its place; within
//! an array `toml` only knows the array, so there, and where several keys must agree, `Document` contains
//! `toml::Spanned` values, and `Config::parse` turns them into the field, or into a `Fault` at their place, as in
//! [`Rule`]. Either way a [`ConfigError`] names the file, the line and the column.

mod alert;
mod document;
mod error;
mod existing;
mod gate;
mod limit;
mod page;
mod rule;
mod threshold;

pub use alert::{Alert, Changes, Recipient, Shape};
pub use document::Config;
pub use error::ConfigError;
pub use gate::GateSettings;
pub use limit::Limit;
pub use page::PageSettings;
pub use rule::Rule;
pub use threshold::Threshold;
