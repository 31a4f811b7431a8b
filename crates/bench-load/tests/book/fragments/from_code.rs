//! A program that runs its own benchmarks.

// The book begins here.
use bench_core::{Category, Suite};

fn main() -> Result<(), bench_core::RunError> {
    bench_core::serve_if_asked(); // must come first in main, because workers are started from this same program
    let record = Suite::new().model("resnet").category(Category::Performance).run()?;
    for case in &record.cases {
        println!("{}: {:?}", case.id, case.time.as_ref().map(|time| time.median_s));
    }
    Ok(())
}
// The book ends here.
