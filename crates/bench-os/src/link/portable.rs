//! Uses `std::fs::soft_link`, the only function for it that the standard library has on every system.

use std::io;
use std::path::Path;

pub(super) fn link(meant: &Path, place: &Path) -> io::Result<()> {
    if cfg!(windows) {
        // On Windows it only creates links to files, and reports no error when it is given a folder.
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "no links to folders can be made on this system",
        ));
    }
    #[expect(deprecated, reason = "its successors are each of one system")]
    std::fs::soft_link(meant, place)
}
