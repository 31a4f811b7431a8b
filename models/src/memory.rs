//! Whether a model fits the memory there is, asked before it is made.

use std::fs;

/// A model that needs more memory than there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{model} needs {:.1} GB of memory, and {:.1} GB are available: choose a smaller configuration, or free some",
    gigabytes(*needed_bytes), gigabytes(*available_bytes)
)]
pub struct TooLarge {
    /// The model, and which configuration of it.
    pub model: String,
    /// What it takes at its largest.
    pub needed_bytes: u64,
    /// What can be had.
    pub available_bytes: u64,
}

impl TooLarge {
    /// For benchmarks: a model that does not fit skips the case.
    pub fn or_skip(self) -> bench_core::Error {
        bench_core::Error::skip(self.to_string())
    }
}

fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

/// Whether `needed_bytes` can be had, for `model`; where the system does not say, they are taken to be.
///
/// # Errors
/// [`TooLarge`].
pub fn expect_available(model: impl Into<String>, needed_bytes: u64) -> Result<(), TooLarge> {
    match available_bytes() {
        Some(available_bytes) if available_bytes < needed_bytes => {
            Err(TooLarge { model: model.into(), needed_bytes, available_bytes })
        }
        _ => Ok(()),
    }
}

/// Memory that can be had without swapping: what the kernel has, and what the control group leaves of its limit
/// (Linux, `Documentation/filesystems/proc.rst` and `admin-guide/cgroup-v2.rst`).
pub fn available_bytes() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_of(&text));
    let number = |file: &str| fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse().ok();
    // Where there is no limit, the file says `max`.
    let group = number("memory.max")
        .zip(number("memory.current"))
        .map(|(most, current): (u64, u64)| most.saturating_sub(current));
    machine.into_iter().chain(group).min()
}

fn available_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_both_figures() {
        expect_available("a small model", 1).expect("a byte");
        let Some(available) = available_bytes() else { return println!("not tested: no figure here") };
        let error = expect_available("a large model", u64::MAX / 2).expect_err("too large");
        assert_eq!(error.needed_bytes, u64::MAX / 2);
        // Others take and free memory meanwhile.
        assert!(error.available_bytes.abs_diff(available) < available / 2 + (1 << 30));
        let said =
            TooLarge { model: "a model".into(), needed_bytes: 4_600_000_000, available_bytes: 2_040_000_000 };
        assert_eq!(
            said.or_skip().skip_reason(),
            Some(
                "a model needs 4.6 GB of memory, and 2.0 GB are available: choose a smaller configuration, or free some"
            )
        );
    }

    #[test]
    fn the_kernel_is_understood() {
        let text =
            "MemTotal:       24640284 kB\nMemFree:  1 kB\nMemAvailable:   23109412 kB\nBuffers: 7 kB\n";
        assert_eq!(available_of(text), Some(23_109_412 * 1024));
        assert_eq!(available_of("MemTotal: 1 kB\n"), None);
    }
}
