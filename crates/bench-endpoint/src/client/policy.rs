//! [`Policy`]: the connections that requests use.

use std::str::FromStr;

/// The connections that requests use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Uses existing connections, opened before a level begins if possible.
    #[default]
    Warm,
    /// Uses no connection at the beginning of a level: its first requests connect, and the others use their
    /// connections.
    Cold,
    /// Opens a new connection for each request.
    PerRequest,
    /// Uses one connection for each client, opened before a level begins if possible: each client stays with its
    /// connection, and with one server if there are several.
    Sticky,
}

impl Policy {
    /// All policies, in the order of help texts.
    pub const ALL: [Policy; 4] = [Policy::Warm, Policy::Cold, Policy::PerRequest, Policy::Sticky];

    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Warm => "warm",
            Policy::Cold => "cold",
            Policy::PerRequest => "per-request",
            Policy::Sticky => "sticky",
        }
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Policy::ALL.into_iter().find(|policy| policy.name() == text);
        found.ok_or_else(|| "expected warm, cold, per-request or sticky".to_owned())
    }
}
