//! Asks the terminal's driver.

/// Returns the columns of the terminal on stdout. `None` if stdout is not a terminal, or does not know its size.
pub fn columns_of_stdout() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one `winsize` behind the pointer, which is valid for the call; a descriptor that is no
    // terminal, or closed, is an error and writes nothing.
    let outcome = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (outcome == 0 && size.ws_col > 0).then_some(usize::from(size.ws_col))
}
