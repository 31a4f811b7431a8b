//! Something missing is a reason to skip.

use bench_core::prelude::*;

fn find_weights() -> Option<Vec<u8>> {
    None
}

#[benchmark(category = "integration")]
fn weighs(b: &mut Bencher) -> Result<()> {
    // The book begins here.
    let weights = find_weights().ok_or_else(|| Error::skip("no weights: run `models/weights/fetch`"))?;
    // The book ends here.
    b.iter(|| weights.len());
    Ok(())
}
