//! Checks whether this process runs in a container.

use super::finding::{Finding, Outcome};
use bench_os::Machine;

/// Names of the first process's control group in containers that leave no other mark.
const GROUPS: [(&str, &str); 5] = [
    ("/kubepods", "kubernetes"),
    ("/docker", "docker"),
    ("/lxc", "lxc"),
    ("/libpod", "podman"),
    ("/machine.slice", "machine"),
];

/// Reports a container, without a warning, because it does not change figures. But its neighbours cannot be seen from
/// within, and settings of the machine are the host's.
pub(super) fn look(machine: &Machine) -> Outcome {
    // Without /proc most marks could not be seen.
    machine.text("/proc/self/status")?;
    Ok(Finding::ok(name(machine).unwrap_or_else(|| "none".to_owned())))
}

/// Returns the kind of container, by the marks that the engines leave (as `systemd-detect-virt` looks for them);
/// `None` if there is none.
pub(super) fn name(machine: &Machine) -> Option<String> {
    if machine.has("/run/.containerenv") {
        return Some("podman".to_owned());
    }
    if machine.has("/.dockerenv") {
        return Some("docker".to_owned());
    }
    let told = ["/proc/self/environ", "/proc/1/environ"].iter().find_map(|path| variable(machine, path));
    told.or_else(|| machine.text("/run/systemd/container").ok()).filter(|name| !name.is_empty()).or_else(
        || {
            let groups = machine.text("/proc/1/cgroup").ok()?;
            GROUPS.iter().find(|(group, _)| groups.contains(group)).map(|(_, name)| (*name).to_owned())
        },
    )
}

/// Returns the variable `container`, by which container engines identify themselves; no other variable is read.
fn variable(machine: &Machine, path: &str) -> Option<String> {
    let variables = machine.text(path).ok()?;
    let name = variables.split('\0').find_map(|variable| variable.strip_prefix("container="))?;
    Some(name.escape_debug().to_string())
}

/// Returns the command that writes `value` into a file of the machine: in a container these can only be read.
pub(super) fn write(machine: &Machine, value: &str, path: &str) -> String {
    let place = if name(machine).is_some() { " (on the host)" } else { "" };
    format!("echo {value} | sudo tee {path}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_os::testing::MadeUp;

    #[test]
    fn each_engine_leaves_a_mark() {
        for (path, content, name) in [
            ("/run/.containerenv", "engine=\"podman-5.2\"", "podman"),
            ("/.dockerenv", "", "docker"),
            ("/run/systemd/container", "systemd-nspawn\n", "systemd-nspawn"),
            ("/proc/1/environ", "SECRET=1\0container=lxc\0", "lxc"),
            ("/proc/self/environ", "container=oci\0HOME=/\0", "oci"),
            ("/proc/1/cgroup", "0::/kubepods/besteffort/pod1\n", "kubernetes"),
        ] {
            let made = MadeUp::new(&[("/proc/self/status", "Name: x"), (path, content)]);
            assert_eq!(look(&made.machine), Ok(Finding::ok(name)), "{path}");
            assert_eq!(write(&made.machine, "1", "/sys/x"), "echo 1 | sudo tee /sys/x (on the host)");
        }
    }

    #[test]
    fn without_marks_there_is_none_and_without_proc_nobody_knows() {
        let made = MadeUp::new(&[("/proc/self/status", ""), ("/proc/1/cgroup", "0::/init.scope\n")]);
        assert_eq!(look(&made.machine), Ok(Finding::ok("none")));
        assert_eq!(write(&made.machine, "1", "/sys/x"), "echo 1 | sudo tee /sys/x");
        assert!(look(&MadeUp::bare(&[]).machine).is_err());
    }
}
