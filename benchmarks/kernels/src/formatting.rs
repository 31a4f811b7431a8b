//! Writes a report of numbers as text: bound by branches and a growing string.

use std::fmt::Write;

use bench_core::prelude::*;

use crate::{random, work};

/// The number of lines that an iteration writes.
pub const LINES: usize = work(200);

/// Returns a text with a line for each number.
#[inline(never)]
pub fn report(numbers: &[f32]) -> String {
    let mut text = String::new();
    for (i, number) in numbers.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{i:>4} {number:.3} ms");
    }
    text
}

/// Returns [`report`] together with its input.
pub fn prepared() -> impl FnMut() -> String {
    let numbers = random::floats(LINES);
    move || report(black_box(&numbers))
}

#[benchmark(category = "unit", name = "kernel_formatting", tags("kernels", "cpu"))]
fn bench(b: &mut Bencher) {
    b.items(LINES).iter(prepared());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(report(&[1.5, 0.0004]), "   0 1.500 ms\n   1 0.000 ms\n");
    }
}
