//! The allocator that counts.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};

use super::count;

/// An allocator that passes every call on to another one, and counts it while counting is on.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: bench_core::CountingAllocator = bench_core::CountingAllocator::system();
/// # fn main() {}
/// ```
///
/// While counting is off, a call costs one more load and comparison; while it is on, about one more nanosecond. The
/// wrapper itself does not allocate and never panics.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator<A = System> {
    inner: A,
}

impl CountingAllocator {
    /// Wraps the system's allocator.
    pub const fn system() -> Self {
        CountingAllocator { inner: System }
    }
}

impl<A> CountingAllocator<A> {
    /// Wraps another allocator: `CountingAllocator::new(MiMalloc)`.
    pub const fn new(inner: A) -> Self {
        CountingAllocator { inner }
    }
}

/// Returns a size as a signed difference. No layout is larger than `isize::MAX`.
#[inline]
fn signed(bytes: usize) -> i64 {
    bytes as i64
}

// SAFETY: every call is passed on unchanged to an allocator that keeps the contract, and its result is returned
// unchanged; the counting touches no memory of the caller, does not allocate and does not unwind.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller guarantees what the inner allocator requires.
        let pointer = unsafe { self.inner.alloc(layout) };
        if !pointer.is_null() {
            count::allocated(layout.size() as u64, signed(layout.size()));
        }
        pointer
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count::freed(signed(layout.size()));
        // SAFETY: as above.
        unsafe { self.inner.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let pointer = unsafe { self.inner.alloc_zeroed(layout) };
        if !pointer.is_null() {
            count::allocated(layout.size() as u64, signed(layout.size()));
        }
        pointer
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as above.
        let moved = unsafe { self.inner.realloc(pointer, layout, new_size) };
        if !moved.is_null() {
            let added = new_size.saturating_sub(layout.size()) as u64;
            count::allocated(added, signed(new_size) - signed(layout.size()));
        }
        moved
    }
}
