//! What is lacking is a reason to skip.

use bench_core::prelude::*;

fn find_weights() -> Option<Vec<u8>> {
    None
}

#[benchmark(category = "integration")]
fn weighs(b: &mut Bencher) -> Result<()> {
    // The guide begins here.
    let weights = find_weights().ok_or_else(|| Error::skip("no weights: run `models/weights/fetch`"))?;
    // The guide ends here.
    b.iter(|| weights.len());
    Ok(())
}
