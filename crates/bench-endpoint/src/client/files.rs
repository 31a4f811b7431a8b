//! Sets the number of connections that the process may have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The number of files that are open in addition to connections: reports, event loops, libraries.
const OTHERS: u64 = 64;

/// Raises the limit of open files, usually 1024, so that this many connections are possible. Only root can go beyond
/// the hard limit. Returns the number of possible connections.
///
/// # Errors
/// If fewer connections than `wanted` are possible. The error contains a remedy.
pub fn room_for_connections(wanted: u64) -> Result<u64, String> {
    let needed = wanted.saturating_add(OTHERS);
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum;
    // If this is refused, the check below finds it.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard });
    if hard.is_some_and(|hard| hard < needed) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: Some(needed) });
    }
    let open = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if open < needed {
        return Err(format!(
            "{wanted} connections need {needed} open files, but this process may have {open}: raise the limit with \
             `ulimit -n {needed}` (as root: `ulimit -Hn {needed}` first), or use fewer clients"
        ));
    }
    Ok(open - OTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_connections_fit_and_too_many_say_what_to_do() {
        assert!(room_for_connections(1).is_ok_and(|room| room >= 1));
        // More than the kernel allows any process (fs.nr_open).
        let refused = room_for_connections(1 << 40).expect_err("too many");
        assert!(refused.contains("ulimit -n"), "{refused}");
    }
}
