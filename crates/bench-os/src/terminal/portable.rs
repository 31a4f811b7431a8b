//! The standard library does not know the width of a terminal.

/// Returns `None`: the standard library does not report it.
pub fn columns_of_stdout() -> Option<usize> {
    None
}
