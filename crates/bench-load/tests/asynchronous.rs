//! `async` closures: requests that wait share event loops.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says so by panicking")]

#[path = "book/fragments/asynchronous.rs"]
mod book;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bench_core::Suite;
use bench_core::prelude::*;
use bench_judge::Summarize;
use bench_load::Load;
use bench_load::domain::Generation;
use bench_load::scenario::OpenLoop;
use bench_record::{CaseRecord, InvalidCause, Level, Record, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A token server on loopback: it answers each byte with the same byte, a little later.
async fn serve() -> std::io::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0];
                while socket.read_exact(&mut asked).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    if socket.write_all(&asked).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    Ok(address)
}

#[benchmark(category = "unit", rounds = 1)]
fn streams(b: &mut Bencher) -> Result<()> {
    let address = b.load(|| bench_load::block_on(serve()))??;
    Load::closed([1, 8]).requests(40).run_async(b, vec!["a prompt".to_owned()], async |_text, request| {
        let mut socket = TcpStream::connect(address).await?;
        for token in 0..3 {
            socket.write_all(&[token]).await?;
            assert_eq!(socket.read_u8().await?, token);
            request.output();
        }
        Ok::<_, std::io::Error>(Generation::new(3))
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn hangs(b: &mut Bencher) -> Result<()> {
    let load = Load::closed(2).requests(10).timeout(Duration::from_secs(1));
    load.run_async(b, vec!["a".to_owned()], async |_text, request| {
        // Not the first, which is the first call of the process, nor those of warm-up.
        if request.number() == 7 {
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
        if request.number() == 8 {
            panic!("on purpose");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn searches(b: &mut Bencher) -> Result<()> {
    let search = Load::find_rate(["latency_p90 <= 10s"]).from(200.0).requests(10);
    search.run_async(b, vec!["a".to_owned()], async |_text, _request| {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok::<(), Error>(())
    })
}

/// More clients than a machine could well have threads. Nearly all have sent a request before any of them is answered.
#[benchmark(category = "unit", rounds = 1)]
fn many(b: &mut Bencher) -> Result<()> {
    let all = tokio::sync::Barrier::new(4999);
    let load = Load::closed(5000).requests(10_000).timeout(Duration::from_secs(60));
    load.run_async(b, vec!["a".to_owned()], async |_text, request| {
        assert!(request.client() < 5000);
        // Not number 0, which is the first call of the process, too.
        if (1..5000).contains(&request.number()) {
            all.wait().await;
        }
        Ok::<(), Error>(())
    })
}

/// A closure that does what it must not: it blocks its event loop.
#[benchmark(category = "unit", rounds = 1)]
fn blocks(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(20).run_async(b, vec!["a".to_owned()], async |_text, _request| {
        std::thread::sleep(Duration::from_millis(20));
        Ok::<(), Error>(())
    })
}

/// A schedule with at most one request in flight, although each takes longer than the time until the next one is due.
#[benchmark(category = "unit", rounds = 1)]
fn scheduled(b: &mut Bencher) -> Result<()> {
    let arrivals = OpenLoop::constant(1000.0).most_in_flight(1);
    Load::new(arrivals).requests(50).run_async(b, vec!["a".to_owned()], async |_text, _request| {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok::<(), Error>(())
    })
}

#[benchmark(category = "unit", rounds = 1)]
fn together(b: &mut Bencher) -> Result<()> {
    Load::multi_stream(8).requests(32).run_async(b, vec!["a".to_owned()], async |_text, _request| {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok::<(), Error>(())
    })
}

/// Whether the load of [`ended`] is to end.
static END: AtomicBool = AtomicBool::new(false);

/// Half of the clients get no answer, and the run is ended.
#[benchmark(category = "unit", rounds = 1)]
fn ended(b: &mut Bencher) -> Result<()> {
    let load = Load::closed(1000).warm_up(0).stop_when(|| END.load(Ordering::Relaxed));
    let load = load.grace(Duration::from_millis(20));
    load.run_async(b, vec!["a".to_owned()], async |_text, request| {
        // Not number 0, which is the first call of the process, too.
        if request.number() < 1000 && request.number() % 2 == 1 {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        if request.number() > 2000 {
            END.store(true, Ordering::Relaxed);
        }
        Ok::<(), Error>(())
    })
}

/// Would wait for itself if that were allowed.
#[benchmark(category = "unit", rounds = 1)]
async fn within(b: &mut Bencher) -> Result<()> {
    Load::closed(1).requests(5).run_async(
        b,
        vec!["a".to_owned()],
        async |_text, _request| Ok::<(), Error>(()),
    )
}

fn case(name: &str) -> CaseRecord {
    let record: Record = Suite::new().name_contains(name).in_process().run().expect("a record");
    record.cases.into_iter().next().expect("a case")
}

#[test]
fn outputs_that_arrive_later_are_marked_when_they_arrive() {
    let case = case("unit/streams");
    assert_eq!(case.status, Status::Ok, "{:?}", case.failure);
    let levels = case.served().expect("levels").levels;
    for (level, clients) in levels.iter().zip([1.0, 8.0]) {
        assert_eq!((level.requests, level.succeeded), (40, 40), "{:?}", level.errors);
        let value = |name: &str| level.metric(name).expect(name).value;
        // Three answers, each 5 ms after it was asked for.
        assert!(value("TTFT p50") >= 5e-3 && value("TPOT p50") >= 5e-3 && value("latency p50") >= 15e-3);
        assert!(value("latency p50") >= value("TTFT p50") + 10e-3);
        let mean = level.pace.mean_concurrency.expect("a mean");
        assert!(mean <= clients + 1e-6 && mean > clients / 2.0, "{mean} of {clients} clients wait at once");
    }
}

#[test]
fn a_future_that_hangs_or_panics_is_a_row() {
    let level = &case("unit/hangs").served().expect("levels").levels[0];
    assert_eq!((level.requests, level.succeeded, level.timed_out), (10, 8, 1), "{:?}", level.errors);
    assert!(level.errors.iter().any(|told| told.message == "panicked: on purpose"), "{:?}", level.errors);
}

#[test]
fn a_rate_is_searched_for() {
    let case = case("unit/searches");
    assert!(case.served().is_some_and(|served| served.levels.len() > 1), "{:?}", case.failure);
}

/// The only level of a case that has ended well.
fn level(name: &str) -> Level {
    let case = case(name);
    assert_eq!(case.status, Status::Ok, "{:?}", case.failure);
    case.served().expect("levels").levels.remove(0)
}

#[test]
fn thousands_of_clients_share_event_loops() {
    let level = level("unit/many");
    assert_eq!((level.requests, level.succeeded), (10_000, 10_000), "{:?}", level.errors);
}

#[test]
fn an_event_loop_that_is_blocked_makes_the_level_invalid() {
    let level = level("unit/blocks");
    assert_eq!(level.validity.causes, [InvalidCause::HarnessLate], "{:?}", level.pace);
    assert!(level.validity.reasons[0].contains("event loops"), "{:?}", level.validity.reasons);
}

#[test]
fn a_schedule_waits_for_what_may_be_in_flight_and_says_so() {
    let level = level("unit/scheduled");
    assert_eq!((level.requests, level.succeeded), (50, 50), "{:?}", level.errors);
    assert!(level.validity.causes.contains(&InvalidCause::Saturated), "{:?}", level.validity);
}

#[test]
fn requests_of_a_query_are_sent_together() {
    let level = level("unit/together");
    assert_eq!((level.requests, level.succeeded), (32, 32), "{:?}", level.errors);
}

#[test]
fn a_run_that_is_ended_keeps_what_was_served_and_waits_for_nothing() {
    let level = level("unit/ended");
    assert!(level.failed >= 500, "{:?}", level.errors);
    assert!(
        level.errors[0].message.starts_with("cancelled: no end of the answer 0.02 s"),
        "{:?}",
        level.errors
    );
    assert!(level.succeeded >= 500 && level.validity.causes.contains(&InvalidCause::Interrupted));
}

#[test]
fn within_another_runtime_it_is_said_what_to_do() {
    let case = case("unit/within");
    assert_eq!(case.status, Status::Failed);
    assert!(case.failure.is_some_and(|failure| failure.message.contains("make the benchmark a plain `fn`")));
}
