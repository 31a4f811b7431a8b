//! An HTTP client that records when bytes arrive, and hides nothing: no redirects, no proxies, no retries, no cookies.
//!
//! Its requests are tasks on the event loops of `bench-load`, each of which has its own connections.

mod connection;
mod dial;
mod exchange;
mod files;
mod http1;
mod http2;
mod policy;
mod pool;
mod reading;
mod replica;
mod sender;
mod stamped;
mod target;
mod tls;
mod version;

pub use self::exchange::{Request, Setup};
pub use self::files::room_for_connections;
pub use self::policy::Policy;
pub use self::pool::Caller;
pub use self::sender::{Client, Counts, Served};
pub use self::stamped::arrivals_are_known;
pub use self::target::Target;
pub use self::tls::Trust;
pub use self::version::Version;
