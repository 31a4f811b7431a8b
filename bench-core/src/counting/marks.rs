//! Client requests: marks in the code that valgrind understands.
//!
//! A client request is a sequence of instructions that has no effect, which valgrind recognizes (`valgrind.h`, "Magic
//! instruction sequences"). Counters are zeroed before the counted part and dumped after it. These two act on all
//! threads, whereas `CALLGRIND_TOGGLE_COLLECT` and `--toggle-collect` act only on the calling thread and would leave
//! out the work of a thread pool; and they do not change the simulated caches.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering};

use bench_protocol::Part;

/// `RUNNING_ON_VALGRIND` of `valgrind.h`.
const RUNNING_ON_VALGRIND: usize = 0x1001;

/// First number of callgrind's own requests: `VG_USERREQ_TOOL_BASE('C', 'T')` of `callgrind.h`.
const CALLGRIND: usize = (b'C' as usize) << 24 | (b'T' as usize) << 16;
/// `CALLGRIND_ZERO_STATS`: counting starts again.
const ZERO_STATS: usize = CALLGRIND + 1;
/// `CALLGRIND_DUMP_STATS_AT`: writes the counts to a file, with a text.
const DUMP_STATS_AT: usize = CALLGRIND + 3;

/// The value of [`PART`] while no part is marked.
const NO_PART: u8 = u8::MAX;

/// The part that the next marks belong to. Process-wide, as valgrind's counters are.
static PART: AtomicU8 = AtomicU8::new(NO_PART);

/// Counts code between marks as this part from now on.
pub(crate) fn mark_as(part: Part) {
    PART.store(part as u8, Ordering::Relaxed);
}

/// Whether marks are needed. Costs one load.
#[inline(always)]
pub(super) fn are_wanted() -> bool {
    PART.load(Ordering::Relaxed) != NO_PART
}

/// Whether this process runs under valgrind.
pub(crate) fn is_under_valgrind() -> bool {
    request(RUNNING_ON_VALGRIND, 0) != 0
}

/// Starts to count. Never inlined, so that the instructions between the request and the caller are the same in every
/// benchmark.
#[cold]
#[inline(never)]
pub(super) fn begin() {
    request(ZERO_STATS, 0);
}

/// Ends counting: valgrind writes what it has counted since [`begin`].
#[cold]
#[inline(never)]
pub(super) fn end() {
    if let Some(part) = Part::numbered(PART.load(Ordering::Relaxed)) {
        request(DUMP_STATS_AT, part.label().as_ptr().addr());
    }
}

/// Sends a request to valgrind and returns its answer; 0 if the program does not run under valgrind.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[inline(always)]
fn request(code: usize, argument: usize) -> usize {
    let question: [usize; 6] = [code, argument, 0, 0, 0, 0];
    let mut answer = 0;
    // SAFETY: rotations of a register by 128 bits altogether and an exchange of a register with itself change
    // nothing but flags. Valgrind reads the array, which is alive, and writes rdx, which is an output.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") question.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

/// Sends a request to valgrind and returns its answer; 0 if the program does not run under valgrind.
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
#[inline(always)]
fn request(code: usize, argument: usize) -> usize {
    let question: [usize; 6] = [code, argument, 0, 0, 0, 0];
    let mut answer = 0;
    // SAFETY: rotations of a register by 128 bits altogether and a register or-ed with itself change nothing.
    // Valgrind reads the array, which is alive, and writes x3, which is an output.
    unsafe {
        std::arch::asm!(
            "ror x12, x12, #3",
            "ror x12, x12, #13",
            "ror x12, x12, #51",
            "ror x12, x12, #61",
            "orr x10, x10, x10",
            in("x4") question.as_ptr(),
            inout("x3") answer,
            options(nostack),
        );
    }
    answer
}

/// Returns 0: this crate has no valgrind requests for this system.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn request(_code: usize, _argument: usize) -> usize {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_do_nothing_outside_valgrind() {
        assert!(!is_under_valgrind());
        begin();
        end();
        assert!(!are_wanted());
    }
}
