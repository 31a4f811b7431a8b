//! Sets the address at which the stack of a worker begins.

use std::ffi::OsStr;

use bench_protocol::PADDING_VARIABLE;

/// The step, in bytes, to a multiple of which arguments and environment on the stack are padded.
const STEP: usize = 32 << 10;

/// Returns the text for [`PADDING_VARIABLE`] with which `variables` and `texts` (arguments and other strings that lie
/// with them) take up a multiple of [`STEP`].
///
/// Arguments and environment lie above the first stack frame, so a longer `$PWD` moves every local variable to another
/// cache line. Other harnesses clear the environment to prevent that, but then a program lacks variables that it needs.
pub(super) fn padding<'a>(
    variables: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
    texts: impl Iterator<Item = &'a OsStr>,
) -> String {
    const POINTER: usize = size_of::<usize>();
    // `NAME=VALUE` and the zero at its end, and a pointer to it.
    let of_variable = |name: &OsStr, value: &OsStr| {
        name.as_encoded_bytes().len() + value.as_encoded_bytes().len() + 2 + POINTER
    };
    let taken: usize = variables.map(|(name, value)| of_variable(name, value)).sum::<usize>()
        + texts.map(|text| text.as_encoded_bytes().len() + 1).sum::<usize>()
        + of_variable(OsStr::new(PADDING_VARIABLE), OsStr::new(""));
    "x".repeat(taken.next_multiple_of(STEP) - taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_environment_the_stack_begins_in_one_place() {
        let taken = |variables: &[(&str, &str)], path: &str| {
            let variables = || variables.iter().map(|(name, value)| (OsStr::new(*name), OsStr::new(*value)));
            let padding = padding(variables(), [OsStr::new(path)].into_iter());
            let strings: usize = variables().map(|(name, value)| name.len() + value.len() + 2 + 8).sum();
            strings + path.len() + 1 + PADDING_VARIABLE.len() + padding.len() + 2 + 8
        };
        let usual = taken(&[("HOME", "/root")], "/bin/true");
        assert_eq!(usual, STEP);
        assert_eq!(taken(&[("HOME", "/home/somebody"), ("PWD", "/")], "/usr/local/bin/true"), usual);
        assert_eq!(taken(&[("LARGE", &"x".repeat(STEP))], "/bin/true"), 2 * STEP);
    }
}
