//! An HTTP/1.1 client that notes when bytes arrive, and hides nothing: no redirects, no proxies, no retries, no cookies.

mod connection;
mod dial;
mod exchange;
mod pool;
mod stamped;
mod target;
mod tls;

pub use self::exchange::{Request, Setup};
pub use self::pool::{Client, Counts, Policy, Served};
pub use self::target::Target;
pub use self::tls::Trust;
