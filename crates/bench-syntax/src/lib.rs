//! Text that people write and read: objectives, durations, sizes, case ids, did-you-mean.
//!
//! One grammar for the attribute, the flags and `bench.toml`.
#![forbid(unsafe_code)]

pub mod case_id;
mod category;
pub mod duration;
pub mod encoding;
pub mod nearest;
pub mod objective;
mod pattern;
pub mod quantity;
mod share;
pub mod text;
mod usage;

pub use category::Category;
pub use pattern::Pattern;
pub use share::Share;
pub use usage::UsageError;
