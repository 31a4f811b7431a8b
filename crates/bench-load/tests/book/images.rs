use std::thread::sleep;
use std::time::Duration;

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Images;
use bench_load::input::{ImageRequests, Prompts};

#[benchmark(category = "performance", model = "diffusion")]
fn paint(b: &mut Bencher) -> Result<()> {
    let requests = ImageRequests::new(Prompts::seeded(20)).size(256, 256).steps(8).number(2);
    Load::closed([1, 2, 4]).requests(60).run(b, requests, |wanted, request| {
        for _ in 0..wanted.steps {
            sleep(Duration::from_millis(4)); // one step of denoising
            request.step();
        }
        request.output(); // the pictures are ready: this marks TTFI
        Ok::<_, Error>(
            Images::new(wanted.number, wanted.width, wanted.height)
                .steps(wanted.steps)
                .guidance_scale(wanted.guidance_scale)
                .seed(wanted.seed),
        )
    })
}
