//! Loaded into a process before its own libraries (`LD_PRELOAD`): the process hands its turn to another one whenever
//! its main thread looks at the clock, and its clock stands still until it has the turn again.
//!
//! A benchmark harness reads the clock before and after each sample. So two processes of any harness alternate sample
//! by sample, and neither sees in its times that it has waited.
//!
//! Compiled separately with `rustc`, without the standard library: the loaded library must not call any function that
//! calls it. Any compiler since 1.72 can build it, in the edition of 2021.

#![no_std]

use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use core::ptr;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use core::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32};

#[cfg(target_arch = "x86_64")]
const FUTEX: c_long = 202;
#[cfg(target_arch = "x86_64")]
const GETTID: c_long = 186;
#[cfg(any(target_arch = "aarch64", target_arch = "riscv64"))]
const FUTEX: c_long = 98;
#[cfg(any(target_arch = "aarch64", target_arch = "riscv64"))]
const GETTID: c_long = 178;

const FUTEX_WAIT: c_int = 0;
const FUTEX_WAKE: c_int = 1;
const CLOCK_MONOTONIC: c_int = 1;
const READ_AND_WRITE: c_int = 2;
const PROT_READ_AND_WRITE: c_int = 3;
const MAP_SHARED: c_int = 1;
const EVERYONE: c_int = c_int::MAX;

/// The pseudo-handle with which the next symbol of a name is looked up after this library's own.
const RTLD_NEXT: *mut c_void = -1isize as *mut c_void;

const fn name(bytes: &[u8]) -> &CStr {
    // SAFETY: called with literals here, which end in their only zero.
    unsafe { CStr::from_bytes_with_nul_unchecked(bytes) }
}

/// The variable that names the seat, 0 or 1, and after a colon the file that both processes map.
const PLACE: &CStr = name(b"BENCH_TURNS\0");

/// The variable that loads this library, also into programs that the process starts.
const PRELOAD: &CStr = name(b"LD_PRELOAD\0");

/// The shortest duration of a turn: handing it over takes about ten microseconds, and the caches then hold the other's
/// data.
const SHORTEST_TURN_NS: i64 = 30_000;

/// The interval at which a waiting process checks whether the other one has ended.
const LOOK_NS: i64 = 50_000_000;

/// `struct timespec` of 64-bit Linux.
#[repr(C)]
pub struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

impl Timespec {
    fn of(ns: i64) -> Self {
        Timespec { seconds: ns / 1_000_000_000, nanoseconds: ns % 1_000_000_000 }
    }

    fn ns(&self) -> i64 {
        self.seconds * 1_000_000_000 + self.nanoseconds
    }
}

/// The memory that both processes and their runner share. [`super::Turns`] reads and writes the same.
#[repr(C)]
struct Table {
    /// The seat whose turn it is.
    turn: AtomicU32,
    /// A bit for each seat that has been left: the other process no longer waits for it.
    left: AtomicU32,
    /// The process in each seat; zero while the seat is empty.
    seats: [AtomicU32; 2],
    /// How often a turn was handed over.
    handed_over: AtomicU32,
    /// Threads that the processes of each seat have started in addition to their main ones.
    threads: [AtomicU32; 2],
}

impl Table {
    /// Returns the word of a seat. Without a check that could panic, whose code would need symbols that are not linked.
    fn of(both: &[AtomicU32; 2], seat: u32) -> &AtomicU32 {
        let [first, second] = both;
        if seat == 0 { first } else { second }
    }
}

extern "C" {
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn getenv(name: *const c_char) -> *mut c_char;
    fn setenv(name: *const c_char, value: *const c_char, overwrite: c_int) -> c_int;
    fn unsetenv(name: *const c_char) -> c_int;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn close(descriptor: c_int) -> c_int;
    fn mmap(
        at: *mut c_void,
        length: usize,
        protection: c_int,
        flags: c_int,
        descriptor: c_int,
        from: i64,
    ) -> *mut c_void;
    fn getpid() -> c_int;
    fn syscall(number: c_long, ...) -> c_long;
}

type ClockGettime = unsafe extern "C" fn(c_int, *mut Timespec) -> c_int;
type StartRoutine = extern "C" fn(*mut c_void) -> *mut c_void;
type PthreadCreate = unsafe extern "C" fn(*mut c_void, *const c_void, StartRoutine, *mut c_void) -> c_int;

static REAL_CLOCK: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static REAL_THREAD: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static TABLE: AtomicPtr<Table> = AtomicPtr::new(ptr::null_mut());
static SEAT: AtomicU32 = AtomicU32::new(0);
static MAIN_THREAD: AtomicU32 = AtomicU32::new(0);
/// The total time that the process has waited.
static WAITED_NS: AtomicI64 = AtomicI64::new(0);
/// When its turn began, by the real clock.
static TURN_BEGAN: AtomicI64 = AtomicI64::new(0);

#[used]
#[link_section = ".init_array"]
static SIT_DOWN: unsafe extern "C" fn() = sit_down;

#[used]
#[link_section = ".fini_array"]
static STAND_UP: unsafe extern "C" fn() = stand_up;

/// Takes a seat, before `main` and before there is a second thread.
unsafe extern "C" fn sit_down() {
    unsafe {
        let place = getenv(PLACE.as_ptr());
        if place.is_null() {
            return;
        }
        let seat = (*place as u8).wrapping_sub(b'0') as u32;
        if seat > 1 || *place.add(1) as u8 != b':' {
            return;
        }
        let descriptor = open(place.add(2), READ_AND_WRITE);
        if descriptor < 0 {
            return;
        }
        let length = core::mem::size_of::<Table>();
        let at = mmap(ptr::null_mut(), length, PROT_READ_AND_WRITE, MAP_SHARED, descriptor, 0);
        close(descriptor);
        if at as usize == usize::MAX {
            return;
        }
        // Programs that it starts do not take turns.
        unsetenv(PLACE.as_ptr());
        let preload = getenv(PRELOAD.as_ptr());
        if !preload.is_null() {
            let mut rest = preload;
            while *rest != 0 && *rest as u8 != b':' {
                rest = rest.add(1);
            }
            if *rest == 0 {
                unsetenv(PRELOAD.as_ptr());
            } else {
                setenv(PRELOAD.as_ptr(), rest.add(1), 1);
            }
        }
        let table = at.cast::<Table>();
        SEAT.store(seat, SeqCst);
        MAIN_THREAD.store(syscall(GETTID) as u32, SeqCst);
        Table::of(&(*table).seats, seat).store(getpid() as u32, SeqCst);
        TABLE.store(table, SeqCst);
    }
}

unsafe extern "C" fn stand_up() {
    unsafe {
        let table = TABLE.load(SeqCst);
        let seat = SEAT.load(SeqCst);
        // A forked process has the table of its parent, and no seat.
        if table.is_null() || Table::of(&(*table).seats, seat).load(SeqCst) != getpid() as u32 {
            return;
        }
        (*table).left.fetch_or(1 << seat, SeqCst);
        (*table).turn.store(1 - seat, SeqCst);
        wake(&(*table).left);
        wake(&(*table).turn);
    }
}

unsafe fn wake(word: &AtomicU32) {
    unsafe { syscall(FUTEX, word.as_ptr(), FUTEX_WAKE, EVERYONE, 0usize, 0usize, 0usize) };
}

/// Lets the other process work until it hands the turn back, or has left its seat.
unsafe fn hand_over(table: &Table, seat: u32) {
    let other = 1 - seat;
    let has_left = || table.left.load(SeqCst) & (1 << other) != 0;
    if has_left() {
        return;
    }
    table.handed_over.fetch_add(1, Relaxed);
    table.turn.store(other, SeqCst);
    unsafe { wake(&table.turn) };
    let patience = Timespec::of(LOOK_NS);
    while table.turn.load(SeqCst) == other && !has_left() {
        unsafe {
            syscall(FUTEX, table.turn.as_ptr(), FUTEX_WAIT, other, ptr::addr_of!(patience), 0usize, 0usize)
        };
    }
}

/// Returns the function of this name that would be called without this library.
unsafe fn next(known: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let mut function = known.load(Relaxed);
    if function.is_null() {
        function = unsafe { dlsym(RTLD_NEXT, name.as_ptr()) };
        known.store(function, Relaxed);
    }
    function
}

unsafe fn real(clock: c_int, out: *mut Timespec) -> c_int {
    unsafe {
        let function: ClockGettime = core::mem::transmute(next(&REAL_CLOCK, name(b"clock_gettime\0")));
        function(clock, out)
    }
}

unsafe fn real_now() -> i64 {
    let mut now = Timespec::of(0);
    unsafe { real(CLOCK_MONOTONIC, ptr::addr_of_mut!(now)) };
    now.ns()
}

/// Replaces the C library's function of this name.
///
/// # Safety
/// Same as for that function: `out` must be valid.
#[no_mangle]
pub unsafe extern "C" fn clock_gettime(clock: c_int, out: *mut Timespec) -> c_int {
    unsafe {
        let table = TABLE.load(Relaxed);
        if table.is_null() || clock != CLOCK_MONOTONIC {
            return real(clock, out);
        }
        let called = real_now();
        let is_long = called - TURN_BEGAN.load(Relaxed) > SHORTEST_TURN_NS;
        if is_long && syscall(GETTID) as u32 == MAIN_THREAD.load(Relaxed) {
            hand_over(&*table, SEAT.load(Relaxed));
            let back = real_now();
            WAITED_NS.fetch_add(back - called, Relaxed);
            TURN_BEGAN.store(back, Relaxed);
        }
        let status = real(clock, out);
        if status == 0 {
            *out = Timespec::of((*out).ns() - WAITED_NS.load(Relaxed));
        }
        status
    }
}

/// Replaces the C library's function of this name.
///
/// # Safety
/// Same as for that function.
#[no_mangle]
pub unsafe extern "C" fn pthread_create(
    thread: *mut c_void,
    attributes: *const c_void,
    start: StartRoutine,
    argument: *mut c_void,
) -> c_int {
    unsafe {
        let table = TABLE.load(Relaxed);
        if !table.is_null() {
            Table::of(&(*table).threads, SEAT.load(Relaxed)).fetch_add(1, Relaxed);
        }
        let function: PthreadCreate = core::mem::transmute(next(&REAL_THREAD, name(b"pthread_create\0")));
        function(thread, attributes, start, argument)
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
