//! A benchmark that can fail.

use std::fs;
use std::path::Path;

use bench_core::prelude::*;
use examples::count_words;

/// `try_iter` ends the case at the first `Err`, which becomes the case's failure in the report; the other cases still run.
/// (`iter` does not accept a closure that returns a `Result`: one that fails at once would look like a fast one.)
///
/// `Error::skip` is for what this machine does not have: the case is reported as skipped, with the reason.
#[benchmark(category = "integration", max_time = "2s")]
fn count_words_of_file(b: &mut Bencher) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    if !path.exists() {
        return Err(Error::skip(format!("{} does not exist", path.display())));
    }
    let length = fs::metadata(&path)?.len();
    b.bytes(length as usize).try_iter(|| fs::read_to_string(&path).map(|text| count_words(&text)))
}
