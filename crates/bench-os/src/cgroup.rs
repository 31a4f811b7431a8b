//! The control group that this process is in.

use crate::{Machine, Unknown};

/// The two hierarchies of control groups (cgroups(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Version 1: a hierarchy for each controller.
    One,
    /// Version 2: one hierarchy.
    Two,
}

/// A control group and its ancestors.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    /// The version of its hierarchy.
    pub version: Version,
    /// Folders of the group and of its ancestors, innermost first; in a container, only those that are mounted there.
    pub folders: Vec<String>,
}

/// Returns the group whose files contain the limits of `controller` (`cpu`, `memory`); `None` if there is no such
/// group.
pub fn own(machine: &Machine, controller: &str) -> Result<Option<Group>, Unknown> {
    let (groups, mounts) = (machine.text("/proc/self/cgroup")?, machine.text("/proc/self/mountinfo")?);
    // `hierarchy:controllers:path`; the line of version 2 names no controllers.
    let path_of = |wanted: &dyn Fn(&str) -> bool| {
        groups.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            wanted(controllers).then_some(path)
        })
    };
    let of_first = path_of(&|controllers| controllers.split(',').any(|name| name == controller));
    let (version, path) = match (of_first, path_of(&str::is_empty)) {
        (Some(path), _) => (Version::One, path),
        (None, Some(path)) => (Version::Two, path),
        (None, None) => return Ok(None),
    };
    Ok(mounts
        .lines()
        .find_map(|line| folders(line, version, controller, path))
        .map(|folders| Group { version, folders }))
}

/// Returns the folders of the group `path`; `None` unless this line of proc_pid_mountinfo(5) mounts its hierarchy.
fn folders(line: &str, version: Version, controller: &str, path: &str) -> Option<Vec<String>> {
    let (mount, system) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(3);
    let (root, point) = (mount.next()?, mount.next()?);
    let mut system = system.split(' ');
    let (kind, options) = (system.next()?, system.nth(1)?);
    let fits = match version {
        Version::One => kind == "cgroup" && options.split(',').any(|option| option == controller),
        Version::Two => kind == "cgroup2",
    };
    if !fits {
        return None;
    }
    // In a container the mount may begin at the own group, and the ancestors cannot be seen.
    let inside = if root == "/" { Some(path) } else { path.strip_prefix(root) };
    let inside = inside.filter(|inside| !inside.contains("..")).unwrap_or_default().trim_matches('/');
    let mut folders = vec![point.to_owned()];
    for name in inside.split('/').filter(|name| !name.is_empty()) {
        folders.push(format!("{}/{name}", folders[folders.len() - 1]));
    }
    folders.reverse();
    Some(folders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    const TWO: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    const ONE: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    fn group(cgroup: &str, mountinfo: &str) -> Option<Group> {
        let made = MadeUp::new(&[("/proc/self/cgroup", cgroup), ("/proc/self/mountinfo", mountinfo)]);
        own(&made.machine, "cpu").expect("files")
    }

    fn folders(cgroup: &str, mountinfo: &str) -> Vec<String> {
        group(cgroup, mountinfo).expect("a group").folders
    }

    #[test]
    fn every_group_around_the_own_one_can_limit_it() {
        let found = group("0::/user.slice/job\n", TWO).expect("a group");
        assert_eq!(found.version, Version::Two);
        let wanted = ["/sys/fs/cgroup/user.slice/job", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"];
        assert_eq!(found.folders, wanted);
    }

    #[test]
    fn the_first_hierarchy_rules_where_it_has_the_controller() {
        let found = group("4:cpu,cpuacct:/job\n0::/other\n", ONE).expect("a group");
        assert_eq!(found.version, Version::One);
        assert_eq!(found.folders, ["/sys/fs/cgroup/cpu,cpuacct/job", "/sys/fs/cgroup/cpu,cpuacct"]);
        let second = group("4:cpuset:/job\n0::/other\n", ONE).expect("a group");
        assert_eq!(
            (second.version, second.folders[0].as_str()),
            (Version::Two, "/sys/fs/cgroup/unified/other")
        );
    }

    #[test]
    fn a_mount_may_begin_at_the_own_group() {
        let mount = ONE.replace("0:29 / ", "0:29 /docker/1f ");
        assert_eq!(folders("4:cpu,cpuacct:/docker/1f/job\n", &mount)[0], "/sys/fs/cgroup/cpu,cpuacct/job");
        assert_eq!(folders("4:cpu,cpuacct:/docker/1f\n", &mount), ["/sys/fs/cgroup/cpu,cpuacct"]);
        assert_eq!(folders("0::/../outside\n", TWO), ["/sys/fs/cgroup"]);
    }

    #[test]
    fn without_a_hierarchy_there_is_no_group() {
        assert_eq!(group("", TWO), None);
        assert_eq!(group("0::/\n", ""), None);
    }
}
