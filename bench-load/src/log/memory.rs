//! Memory of this process, as rows of requests show it.

use bench_core::probe::{peak_resident_bytes, resident_bytes};

/// Resident memory of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resident {
    /// Now, in bytes.
    pub(crate) now_bytes: u64,
    /// At most since the measured part began, in bytes.
    pub(crate) peak_bytes: Option<u64>,
}

/// Looks at this process; none where `/proc` cannot be read.
pub(crate) fn resident() -> Option<Resident> {
    Some(Resident { now_bytes: resident_bytes()?, peak_bytes: peak_resident_bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_holds_what_is_gone() {
        let before = resident().expect("/proc");
        let block = std::hint::black_box(vec![1u8; 32 << 20]);
        drop(block);
        let peak = resident().expect("/proc").peak_bytes.expect("VmHWM");
        assert!(peak >= before.now_bytes + (16 << 20), "{peak} {before:?}");
    }
}
