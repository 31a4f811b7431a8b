//! Uses a shared mapping, futexes (futex(2)) and `LD_PRELOAD` (ld.so(8)).
#![allow(unsafe_code)]

use std::env;
use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::{INTERPOSER_VARIABLE, TURNS_VARIABLE};

/// Creates a new folder that only this user can access.
///
/// # Errors
/// If it exists, or cannot be made.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)
}

const PRELOAD_VARIABLE: &str = "LD_PRELOAD";

/// The interval at which a waiting process checks whether the other one has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The memory that processes of the interposer and their runners share; `interposer.rs` contains the same definition.
#[repr(C)]
#[derive(Debug)]
struct Table {
    turn: AtomicU32,
    left: AtomicU32,
    seats: [AtomicU32; 2],
    handed_over: AtomicU32,
    threads: [AtomicU32; 2],
}

/// A mapped table; unmapped when dropped.
#[derive(Debug)]
struct Mapped(NonNull<Table>);

// SAFETY: what is shared consists of atomics only.
unsafe impl Send for Mapped {}
// SAFETY: the same.
unsafe impl Sync for Mapped {}

impl Mapped {
    fn file(file: &File) -> io::Result<Self> {
        file.set_len(size_of::<Table>() as u64)?;
        // SAFETY: a new mapping, of a file that is as long.
        let at = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size_of::<Table>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(at.cast()).map(Mapped).ok_or_else(|| io::ErrorKind::Other.into())
    }

    fn table(&self) -> &Table {
        // SAFETY: mapped until this is dropped, aligned to a page, and all of it are atomics.
        unsafe { self.0.as_ref() }
    }

    fn leave(&self, seat: u32) {
        let Table { turn, left, .. } = self.table();
        left.fetch_or(1 << seat, SeqCst);
        // A process that waits for its turn has it now.
        turn.store(1 - seat, SeqCst);
        for word in [left, turn] {
            // SAFETY: the word is in a mapping; waking a process touches nothing else.
            unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX, 0, 0, 0) };
        }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nothing that refers to it outlives this.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<Table>()) };
    }
}

/// A table by which two processes take turns.
#[derive(Debug)]
pub struct Turns {
    mapped: Mapped,
    file: PathBuf,
    interposer: PathBuf,
}

impl Turns {
    /// Creates a table: a new file that all its processes can map, and the library that they load.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn set(file: &Path, interposer: &Path) -> io::Result<Self> {
        let opened = File::options().read(true).write(true).create_new(true).open(file)?;
        let mapped = Mapped::file(&opened)?;
        Ok(Turns { mapped, file: file.to_owned(), interposer: interposer.to_owned() })
    }

    /// Clears the table for two processes: `together` they take turns, otherwise neither waits for the other.
    pub fn begin(&self, together: bool) {
        let Table { turn, left, seats, handed_over, threads } = self.mapped.table();
        for word in [turn, handed_over].into_iter().chain(seats).chain(threads) {
            word.store(0, SeqCst);
        }
        left.store(if together { 0 } else { 0b11 }, SeqCst);
    }

    /// Assigns the process that `command` starts to a seat, 0 or 1: an adapter finds it with
    /// [`Seat::from_environment`].
    pub fn lead(&self, command: &mut Command, seat: u32) {
        let mut place = OsString::from(format!("{seat}:"));
        place.push(&self.file);
        command.env(TURNS_VARIABLE, place).env(INTERPOSER_VARIABLE, &self.interposer);
    }

    /// Marks the seat as left: its process is no longer waited for.
    pub fn leave(&self, seat: u32) {
        self.mapped.leave(seat);
    }

    /// Returns how many threads the processes of a seat have started in addition to their main ones since the
    /// [beginning](Self::begin), the larger number of both; `None` unless a process has used each seat, so that the
    /// number is known.
    pub fn threads(&self) -> Option<u32> {
        let Table { seats, threads, .. } = self.mapped.table();
        let are_taken = seats.iter().all(|seat| seat.load(SeqCst) != 0);
        threads.iter().map(|threads| threads.load(SeqCst)).max().filter(|_| are_taken)
    }

    /// Returns how often a turn was handed over since the [beginning](Self::begin).
    pub fn handed_over(&self) -> u32 {
        self.mapped.table().handed_over.load(SeqCst)
    }
}

/// The seat of a process that this one starts.
#[derive(Debug)]
pub struct Seat {
    mapped: Mapped,
    place: OsString,
    number: u32,
    interposer: PathBuf,
}

impl Seat {
    /// Returns the seat that the environment names; `None` if it names none, or one that does not exist.
    pub fn from_environment() -> Option<Self> {
        let place = env::var_os(TURNS_VARIABLE)?;
        let interposer = PathBuf::from(env::var_os(INTERPOSER_VARIABLE)?);
        let (number, file) = place.to_str()?.split_once(':')?;
        let number = number.parse().ok().filter(|number| *number < 2)?;
        let file = File::options().read(true).write(true).open(file).ok()?;
        Some(Seat { mapped: Mapped::file(&file).ok()?, number, interposer, place: place.clone() })
    }

    /// Makes the process that `command` starts use the seat.
    pub fn dress(&self, command: &mut Command) {
        let mut preload = self.interposer.clone().into_os_string();
        if let Some(others) = env::var_os(PRELOAD_VARIABLE) {
            preload.push(":");
            preload.push(others);
        }
        command.env(PRELOAD_VARIABLE, preload).env(TURNS_VARIABLE, &self.place);
    }

    /// Marks the seat as left: its process is no longer waited for.
    pub fn leave(&self) {
        self.mapped.leave(self.number);
    }

    /// Waits until the other seat has been left, so that nothing disturbs this process.
    pub fn wait_for_the_other(&self) {
        let other = 1 << (1 - self.number);
        let left = &self.mapped.table().left;
        loop {
            let seen = left.load(SeqCst);
            if seen & other != 0 {
                return;
            }
            let look = libc::timespec { tv_sec: 0, tv_nsec: LOOK.as_nanos() as libc::c_long };
            // SAFETY: the word is in a mapping, the time a live local.
            unsafe {
                libc::syscall(libc::SYS_futex, left.as_ptr(), libc::FUTEX_WAIT, seen, &raw const look, 0, 0)
            };
        }
    }
}
