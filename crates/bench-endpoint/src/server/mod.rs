//! Reads a server's own metrics from `/metrics`, and compares them with the client's.

mod agreement;
mod exposition;
mod figures;
mod watch;

pub use self::agreement::{Row, agreement, warnings};
pub use self::exposition::{Sample, parse};
pub use self::figures::{Figure, Snapshot, System};
pub use self::watch::{Series, Source, Watch};
