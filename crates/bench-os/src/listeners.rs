//! Processes that listen on a port.

use std::collections::BTreeSet;

use crate::Machine;

/// The state of a socket that listens, as `/proc/net/tcp` writes it (`TCP_LISTEN` of the kernel).
const LISTENS: &str = "0A";

impl Machine {
    /// Returns the ids of the processes that listen on a TCP port, by proc_net_tcp(5): several if they share the
    /// socket. Empty if there are none, or if their descriptors may not be read, such as those of other users.
    pub fn listeners(&self, port: u16) -> BTreeSet<u32> {
        let tables =
            ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|table| self.text(table).ok());
        let sockets: BTreeSet<String> = tables
            .flat_map(|table| table.lines().filter_map(|line| socket(line, port)).collect::<Vec<_>>())
            .collect();
        if sockets.is_empty() {
            return BTreeSet::new();
        }
        let holds = |process: &u32| {
            let folder = format!("/proc/{process}/fd");
            let descriptors = self.names(&folder).unwrap_or_default();
            descriptors
                .iter()
                .any(|name| self.link(&format!("{folder}/{name}")).is_some_and(|to| sockets.contains(&to)))
        };
        let processes = self.names("/proc").unwrap_or_default();
        processes.iter().filter_map(|name| name.parse().ok()).filter(holds).collect()
    }
}

/// Returns the content of the links to the socket in this line, in `/proc/<pid>/fd`; `None` unless it listens on
/// `port`.
fn socket(line: &str, port: u16) -> Option<String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, local, _, state, _, _, _, _, _, inode, ..] = fields.as_slice() else { return None };
    let (_, local) = local.rsplit_once(':')?;
    let listens = *state == LISTENS && u16::from_str_radix(local, 16) == Ok(port);
    listens.then(|| format!("socket:[{inode}]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(unix)]
    use crate::testing::MadeUp;

    #[cfg(unix)]
    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 20 4 30 10 -1";

    #[cfg(unix)]
    #[test]
    fn those_that_hold_the_listening_socket_are_found() {
        let made = MadeUp::new(&[("/proc/net/tcp", TABLE)]);
        for (process, socket) in [(7, 4711), (8, 4712), (9, 4713), (10, 4711)] {
            made.write(&format!("/proc/{process}/fd/0"), "");
            let descriptor = made.machine.path(&format!("/proc/{process}/fd/3")).expect("a machine");
            std::os::unix::fs::symlink(format!("socket:[{socket}]"), descriptor).expect("a link");
        }
        assert_eq!(made.machine.listeners(8080), BTreeSet::from([7, 10]));
        assert_eq!(made.machine.listeners(8081), BTreeSet::from([8]));
        assert_eq!(made.machine.listeners(8082), BTreeSet::new());
        assert_eq!(MadeUp::bare(&[]).machine.listeners(8080), BTreeSet::new());
    }

    #[cfg(all(target_os = "linux", not(bench_portable)))]
    #[test]
    fn this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        assert_eq!(Machine::this().listeners(port), BTreeSet::from([std::process::id()]));
        drop(listener);
        assert_eq!(Machine::this().listeners(port), BTreeSet::new());
    }
}
