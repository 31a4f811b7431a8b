//! Operating system, processor, memory and load.

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub(crate) use linux::describe;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub(crate) use portable::describe;

/// Reads `/proc`, as the checks do.
#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux {
    use bench_record::Environment;
    use bench_syntax::quantity::Bytes;

    use crate::read_line;

    pub(crate) fn describe(environment: &mut Environment) {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let kernel = read_line("/proc/sys/kernel/osrelease");
        environment.os = Some(system(&release, kernel.as_deref()));
        environment.cpu = field("/proc/cpuinfo", "model name");
        environment.memory_bytes = field("/proc/meminfo", "MemTotal")
            .and_then(|text| text.trim_end_matches("kB").trim().parse::<u64>().ok())
            .map(|kib| Bytes(kib * 1024));
        environment.load = read_line("/proc/loadavg")
            .and_then(|line| line.split_whitespace().next().and_then(|load| load.parse().ok()));
    }

    /// `Linux (Debian GNU/Linux 12), kernel Linux 6.1.0`: os-release(5), and the kernel's release.
    fn system(release: &str, kernel: Option<&str>) -> String {
        let value = |name: &str| {
            let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
            Some(line.trim_matches('"').to_owned()).filter(|value| !value.is_empty())
        };
        let distribution = match (value("NAME"), value("VERSION_ID")) {
            (name, Some(version)) => format!(" ({} {version})", name.as_deref().unwrap_or("unknown")),
            (Some(name), None) => format!(" ({name})"),
            (None, None) => String::new(),
        };
        let kernel = kernel.map(|kernel| format!(", kernel Linux {kernel}")).unwrap_or_default();
        format!("Linux{distribution}{kernel}")
    }

    /// Returns the value in the first line `name : value` of a file.
    fn field(path: &str, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(path).ok()?;
        let (_, value) = text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then_some((key, value))
        })?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_system_is_named_with_its_version_and_kernel() {
            let debian = "PRETTY_NAME=\"Debian\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n";
            assert_eq!(system(debian, Some("6.1.0-9")), "Linux (Debian GNU/Linux 12), kernel Linux 6.1.0-9");
            assert_eq!(system("NAME=Arch\n", None), "Linux (Arch)");
            assert_eq!(system("", Some("6.1.0")), "Linux, kernel Linux 6.1.0");
        }
    }
}

/// Asks the system through `sysinfo`.
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable {
    use bench_record::Environment;
    use bench_syntax::quantity::Bytes;
    use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

    pub(crate) fn describe(environment: &mut Environment) {
        let kernel =
            System::kernel_long_version().map(|kernel| format!(", kernel {kernel}")).unwrap_or_default();
        environment.os = System::long_os_version().ok().map(|os| os + &kernel);
        environment.load = System::load_average().ok().map(|load| load.one);
        let wanted = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        if let Ok(system) = System::new_with_specifics(wanted) {
            environment.cpu = system
                .cpus()
                .first()
                .map(|cpu| cpu.brand().trim().to_owned())
                .filter(|brand| !brand.is_empty());
            environment.memory_bytes = Some(Bytes(system.total_memory())).filter(|bytes| bytes.0 > 0);
        }
    }
}
