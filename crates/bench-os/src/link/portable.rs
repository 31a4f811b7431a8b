//! Uses the one function of the standard library that exists on every system.

use std::io;
use std::path::Path;

pub(super) fn link(meant: &Path, place: &Path) -> io::Result<()> {
    if cfg!(windows) {
        // There it makes links to files alone, and says nothing when it is given a folder.
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "no links to folders can be made on this system",
        ));
    }
    #[expect(deprecated, reason = "its successors are each of one system")]
    std::fs::soft_link(meant, place)
}
