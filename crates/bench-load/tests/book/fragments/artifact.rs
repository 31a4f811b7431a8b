//! A file that a benchmark leaves.

use bench_core::prelude::*;

#[benchmark(category = "integration")]
fn draws(b: &mut Bencher) -> Result<()> {
    let png = b.load(|| vec![0x89, b'P', b'N', b'G']);
    // The book begins here.
    b.artifact("picture.png", &png)?;
    // The book ends here.
    b.iter(|| png.len());
    Ok(())
}
