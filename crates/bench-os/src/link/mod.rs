//! Symbolic links.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
use linux as system;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
use portable as system;

use std::io;
use std::path::Path;

/// Creates a symbolic link at `place` that points to `meant`.
///
/// # Errors
/// `place` is taken or cannot be written, or the system has no such links.
pub fn link(meant: &Path, place: &Path) -> io::Result<()> {
    system::link(meant, place)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_what_is_meant_and_replaces_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (meant, place) = (folder.path().join("meant"), folder.path().join("place"));
        std::fs::create_dir(&meant).expect("a folder");
        link(&meant, &place).expect("a link");
        assert_eq!(std::fs::read_link(&place).expect("a link"), meant);
        assert_eq!(link(&meant, &place).expect_err("taken").kind(), io::ErrorKind::AlreadyExists);
    }
}
