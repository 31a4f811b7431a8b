//! Measures the memory of open streams.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bench_core::prelude::*;
use bench_core::probe::resident_bytes;
use bench_endpoint::api::{Kind, Marks};
use bench_endpoint::client::{Caller, room_for_connections};
use bench_load::Load;
use bench_load::domain::Generation;
use bench_truth::{Act, Truth, chunk, chunked};

use crate::{Server, endpoint, run, serve_until_dropped};

const TOKEN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"tok\"}}]}\n\n";

/// The number of streams that have begun, and whether the memory has been measured.
static OPEN: AtomicUsize = AtomicUsize::new(0);
static ALL: AtomicBool = AtomicBool::new(false);

/// Serves streams that begin and do not end.
pub(crate) fn serve() {
    room_for_connections(10_100).expect("files");
    let server = Truth::start(|_| vec![chunked("text/event-stream"), chunk(TOKEN), Act::Hold]);
    serve_until_dropped(&server.url());
}

pub(crate) fn measure() {
    for streams in [1000, 10_000] {
        // The streams do not end, as intended, so that the case fails.
        run(&format!("open_streams[streams={streams}]"));
    }
}

struct Begun;

impl Marks for Begun {
    fn output(&mut self, _at: Instant, _holds: Option<u32>) {
        OPEN.fetch_add(1, Ordering::Relaxed);
    }

    fn answer(&mut self, _at: Instant) {}

    fn end(&mut self, _at: Instant) {}
}

#[benchmark(category = "performance", rounds = 1, timeout = "5m", args(streams = [1000, 10_000]))]
fn open_streams(b: &mut Bencher, streams: usize) -> Result<()> {
    let server = Server::start("serve-streams");
    room_for_connections(streams as u64).map_err(Error::failure)?;
    let endpoint = endpoint(Kind::Chat, &server.url);
    let prompt = endpoint.prompt(b"hi").map_err(Error::failure)?;
    OPEN.store(0, Ordering::Relaxed);
    ALL.store(false, Ordering::Relaxed);
    let before = resident_bytes().unwrap_or_default();
    let watch = std::thread::spawn(move || {
        let began = Instant::now();
        while OPEN.load(Ordering::Relaxed) < streams && began.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Memory that is just being freed or passed on should not count.
        std::thread::sleep(Duration::from_millis(200));
        let grown = resident_bytes().unwrap_or_default().saturating_sub(before);
        ALL.store(true, Ordering::Relaxed);
        let open = OPEN.load(Ordering::Relaxed);
        println!(
            "{open} of {streams} streams open after {:.1} s: {:.1} kB of resident memory each",
            began.elapsed().as_secs_f64(),
            grown as f64 / 1000.0 / open.max(1) as f64
        );
    });
    let is_first = AtomicBool::new(true);
    let send = async |(): &(), _: &bench_load::Request| {
        // The first call of a case comes before the levels, and must end.
        if is_first.swap(false, Ordering::Relaxed) {
            return Ok(Generation::new(1));
        }
        endpoint.request(&prompt, &Caller::default(), &mut Begun).await?;
        Ok::<_, Error>(Generation::new(1))
    };
    let load = Load::closed(streams).requests(streams as u64).warm_up(0);
    let load = load.stop_when(|| ALL.load(Ordering::Relaxed)).grace(Duration::ZERO);
    let served = load.run_async(b, vec![()], send);
    watch.join().expect("watched");
    served
}
