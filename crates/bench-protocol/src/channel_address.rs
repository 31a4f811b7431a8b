//! The address of the runner, for a worker.

use std::fmt;
use std::str::FromStr;

/// Environment variable that makes a program a worker. Its value is a [`ChannelAddress`].
pub const CHANNEL_VARIABLE: &str = "BENCH_WORKER_CHANNEL";

/// Characters of a token: 256 bits as hexadecimal digits.
const TOKEN_LENGTH: usize = 64;

/// The address of the runner, for a worker: the value of [`CHANNEL_VARIABLE`]. Each form always has the same length:
/// it lies above the worker's stack, and must not move it.
///
/// ```
/// # use bench_protocol::ChannelAddress;
/// let address: ChannelAddress = "unix:0007:0000004321".parse()?;
/// assert_eq!(address, ChannelAddress::Inherited { descriptor: 7, runner: 4321 });
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum ChannelAddress {
    /// `unix:DESCRIPTOR:RUNNER`: the worker has inherited its end of a Unix socket, from the runner of this process id.
    Inherited {
        /// The descriptor's number.
        descriptor: i32,
        /// The runner's process id: a worker that has another parent has been orphaned already.
        runner: u32,
    },
    /// `tcp:PORT:TOKEN`: the runner waits at 127.0.0.1 for the one connection whose first line is the token.
    Loopback {
        /// The port.
        port: u16,
        /// 64 hexadecimal digits, used once.
        token: String,
    },
}

impl fmt::Display for ChannelAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChannelAddress::Inherited { descriptor, runner } => {
                write!(f, "unix:{descriptor:04}:{runner:010}")
            }
            ChannelAddress::Loopback { port, token } => write!(f, "tcp:{port:05}:{token}"),
        }
    }
}

/// Same as [`Display`](fmt::Display), but without the token, which is a secret.
impl fmt::Debug for ChannelAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChannelAddress::Inherited { .. } => write!(f, "{self}"),
            ChannelAddress::Loopback { port, .. } => write!(f, "tcp:{port:05}:…"),
        }
    }
}

impl FromStr for ChannelAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (kind, rest) = text.split_once(':')?;
            let (place, key) = rest.split_once(':')?;
            match kind {
                "unix" => {
                    let (descriptor, runner) = (place.parse().ok()?, key.parse().ok()?);
                    Some(ChannelAddress::Inherited { descriptor, runner })
                }
                "tcp" if key.len() == TOKEN_LENGTH && key.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                    Some(ChannelAddress::Loopback { port: place.parse().ok()?, token: key.to_owned() })
                }
                _ => None,
            }
        };
        read().ok_or_else(|| {
            format!("expected `unix:DESCRIPTOR:RUNNER` or `tcp:PORT:TOKEN` (a token has {TOKEN_LENGTH} hexadecimal digits)")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_one_length_and_is_read_again() {
        let token = "0123456789abcdef".repeat(4);
        let inherited = |descriptor, runner| ChannelAddress::Inherited { descriptor, runner };
        let loopback = |port| ChannelAddress::Loopback { port, token: token.clone() };
        for (address, length) in [
            (inherited(3, 1), 20),
            (inherited(1023, u32::MAX), 20),
            (loopback(1), 4 + 6 + TOKEN_LENGTH),
            (loopback(u16::MAX), 4 + 6 + TOKEN_LENGTH),
        ] {
            let text = address.to_string();
            assert_eq!((text.len(), text.parse()), (length, Ok(address)), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = "0".repeat(TOKEN_LENGTH + 1);
        for wrong in [
            "",
            "unix",
            "unix:3",
            "3:4",
            "unix:x:4",
            "unix:3:-4",
            "tcp:80:",
            "tcp:80:abc",
            "ssh:1:2",
            &format!("tcp:80:{long}"),
            &format!("tcp:80000:{}", &long[1..]),
            &format!("tcp:80:{}", "g".repeat(64)),
        ] {
            assert!(wrong.parse::<ChannelAddress>().expect_err(wrong).contains("tcp:PORT:TOKEN"));
        }
    }

    #[test]
    fn a_token_is_not_printed_by_mistake() {
        let address = ChannelAddress::Loopback { port: 80, token: "a".repeat(TOKEN_LENGTH) };
        assert_eq!(format!("{address:?}"), "tcp:00080:…");
    }
}
