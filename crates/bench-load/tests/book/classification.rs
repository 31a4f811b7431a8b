use std::thread::sleep;
use std::time::Duration;

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Classified;
use bench_load::input::Pictures;

#[benchmark(category = "performance", model = "classifier", args(rate = [20.0, 50.0]))]
fn classify(b: &mut Bencher, rate: f64) -> Result<()> {
    // Requests arrive at random; `Pictures::folder("pictures")` would read real pictures.
    Load::open(rate).requests(100).slo("latency <= 50ms").run(
        b,
        Pictures::synthetic(10, 64, 64),
        |picture, _request| {
            let pixels = picture.rgb()?;
            sleep(Duration::from_millis(5));
            let class = pixels.iter().map(|value| u32::from(*value)).sum::<u32>() % 1000;
            Ok::<_, Error>(Classified::new(1).top1(class, 0.9))
        },
    )
}
