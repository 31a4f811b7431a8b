//! Whether the runner that writes a journal is still alive.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub(crate) use linux::{Presence, is_present};
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub(crate) use portable::{Presence, is_present};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_is_there_until_it_has_gone() {
        let folder = tempfile::tempdir().expect("folder");
        let presence = Presence::begin(folder.path()).expect("present");
        assert!(is_present(folder.path(), &presence.writer()));
        assert!(!is_present(tempfile::tempdir().expect("folder").path(), ""));
    }
}
