//! Reads memory for the rows of requests.

use bench_core::probe::{gpu_memory_bytes, peak_resident_bytes, resident_bytes};

/// Memory in bytes; each value is `None` if it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Resident memory of this process now.
    pub(crate) resident: Option<u64>,
    /// The peak resident memory of this process since the measured part began.
    pub(crate) peak: Option<u64>,
    /// The memory in use on the observed GPUs.
    pub(crate) gpu: Option<u64>,
}

impl Memory {
    /// Reads the memory now.
    pub(crate) fn now() -> Self {
        Memory { resident: resident_bytes(), peak: peak_resident_bytes(), gpu: gpu_memory_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_holds_what_is_gone() {
        let before = Memory::now().resident.expect("/proc");
        let block = std::hint::black_box(vec![1u8; 32 << 20]);
        drop(block);
        let peak = Memory::now().peak.expect("VmHWM");
        assert!(peak >= before + (16 << 20), "{peak} {before}");
    }
}
