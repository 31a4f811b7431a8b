//! Functions of the operating system that the standard library does not offer: processes, descriptors, processors, and
//! the files in which a Linux machine describes itself.
//!
//! One module for each concern. Where Linux has more to offer than the standard library, a module has two variants:
//! `linux`, and `portable` for every other system, which uses only the standard library and reports everything else as
//! unknown. `RUSTFLAGS='--cfg bench_portable'` selects `portable` on Linux, too.

mod acknowledge;
mod arrival;
mod available_memory;
pub mod cgroup;
pub mod channel;
mod ending;
mod group_memory;
mod identity;
mod link;
mod listeners;
mod machine;
mod memory;
mod processors;
mod signal;
mod strays;
mod supervised;
mod terminal;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod turns;
mod unknown;
mod usage;
mod variable;
mod worker;

pub use acknowledge::acknowledge_at_once;
pub use arrival::{CAN_SEE_ARRIVALS, Received, note_arrivals, receive};
pub use available_memory::available_memory_bytes;
pub use ending::Ending;
pub use group_memory::GroupMemory;
pub use identity::{lasting_executable, parent_cargo, process_key, process_runs, show_as};
pub use link::link;
pub use machine::Machine;
pub use memory::{
    CAN_LIMIT_MEMORY, allocated_bytes, has_children, high_water_mark, high_water_mark_of,
    own_resident_memory, process_tree, reset_high_water_mark, resident_memory, thread_times, threads,
};
pub use processors::{Processors, move_process, processors, processors_near, use_processors};
pub use signal::{Signals, outlive_full_files};
pub use strays::{Stray, end_strays};
pub use supervised::{Offer, Ready, Source, Supervised, Wake};
pub use terminal::columns_of_stdout;
pub use unknown::Unknown;
pub use usage::{Usage, cpu_time_of, thread_cpu_time, usage};
pub use variable::forget_variable;
pub use worker::{end_with_this_thread, leave_at_once, settle_in_as_worker};

/// Whether this is the variant that uses only the standard library.
pub const IS_PORTABLE: bool = cfg!(not(all(target_os = "linux", not(bench_portable))));

/// Returns the error of a function without a portable variant.
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
fn unsupported(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::Unsupported, format!("{what} is read on Linux only"))
}
