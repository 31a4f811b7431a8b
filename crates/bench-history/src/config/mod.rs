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
//! A section is a field of [`Config`], in a file of its own, and a line of the private `Document`, which is the file as
//! it is written. Its type derives `Deserialize` with `#[serde(deny_unknown_fields, default)]`. A value that is wrong by
//! itself is refused where it is read, by `TryFrom<String>` as [`Threshold`] is, and `toml` knows where it stands; within
//! an array `toml` only knows the array, so there, and where several keys must agree, `Document` holds `toml::Spanned`
//! values, and `Config::parse` makes of them what the field holds, or a `Fault` at their place, as [`Rule`] does. Either
//! way a [`ConfigError`] says the file, the line and the column.

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
