//! Identifies a runner by its lock on a file, which the system releases however the process ends. The lock is not on
//! the journal itself: locked files cannot be read on Windows.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// This process, as the writer of a journal.
#[derive(Debug)]
pub(crate) struct Presence {
    lock: File,
    path: PathBuf,
}

impl Presence {
    /// Marks this process as the writer of the journal in a run directory. If files cannot be locked there, a later run
    /// may recover this one too early.
    pub(crate) fn begin(folder: &Path) -> io::Result<Self> {
        let path = lock_of(folder);
        let lock = File::create(&path)?;
        match lock.try_lock() {
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(Presence { lock, path })
    }

    /// Returns an empty text: the lock identifies the writer.
    pub(crate) fn writer(&self) -> String {
        String::new()
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // A file that remains is not locked, and so has no effect.
        let _ = self.lock.unlock();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the writer of the journal in `folder` is still running. A writer that has left its process id was built for
/// Linux; it counts as running, because that cannot be checked here.
pub(crate) fn is_present(folder: &Path, writer: &str) -> bool {
    if !writer.is_empty() {
        return true;
    }
    let Ok(lock) = File::open(lock_of(folder)) else { return false };
    matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
}

fn lock_of(folder: &Path) -> PathBuf {
    folder.join("journal.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_left_behind_is_nobodys() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(lock_of(folder.path()), "").expect("file");
        assert!(!is_present(folder.path(), ""));
        let presence = Presence::begin(folder.path()).expect("present");
        assert!(is_present(folder.path(), "") && is_present(folder.path(), "1-2-3"));
        drop(presence);
        assert!(!is_present(folder.path(), "") && !lock_of(folder.path()).exists());
    }
}
