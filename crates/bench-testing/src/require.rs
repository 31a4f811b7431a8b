//! Requirements of a test on its machine.

use std::path::Path;

/// Ends a test that needs a program which is not installed. If the variable `CI` is set, the test fails: in CI,
/// everything is checked.
#[macro_export]
macro_rules! require {
    ($program:literal) => {
        if $crate::is_missing($program) {
            return;
        }
    };
}

/// Returns whether `program` is missing, and prints a message if so.
///
/// # Panics
///
/// If the program is not installed and the variable `CI` is set.
#[track_caller]
pub fn is_missing(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::home_dir().unwrap_or_default().join(".cargo/bin");
    let mut folders = std::env::split_paths(&path).chain([home]).chain(postgres_folders());
    if folders.any(|folder| folder.join(program).exists()) {
        return false;
    }
    assert!(std::env::var_os("CI").is_none(), "`{program}` is not installed, and `CI` is set");
    not_checked(&format!("`{program}` is not installed"));
    true
}

/// Prints that a test checks nothing because this machine lacks something that no package can provide, such as a GPU or
/// a permission.
pub fn not_checked(reason: &str) {
    println!("not checked: {reason}");
}

/// Returns the folders in which Debian installs the programs of each version of PostgreSQL, which are not on the path.
pub(crate) fn postgres_folders() -> impl Iterator<Item = std::path::PathBuf> {
    let versions = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin"))
}
