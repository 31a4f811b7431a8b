//! What the probe `allocations` says of iterations whose allocations are known.

use std::time::Duration;

use bench_core::bencher::{Measured, Round, Serve, counted};
use bench_core::plan::Wishes;
use bench_core::prelude::*;
use bench_core::{CountingAllocator, Overrides, Suite};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

fn bytes(len: usize) -> Vec<u8> {
    black_box(Vec::with_capacity(len))
}

#[benchmark(category = "unit")]
fn of_the_body() {
    drop((bytes(100), bytes(50)));
}

#[benchmark(category = "unit")]
fn not_of_the_setup(b: &mut Bencher) {
    b.iter_batched(
        || bytes(1000),
        |mut buffer| {
            buffer.reserve_exact(3000);
            buffer
        },
    );
}

/// Allocates when it is dropped.
struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        drop(bytes(7000));
    }
}

#[benchmark(category = "unit")]
fn not_of_what_is_dropped_untimed(b: &mut Bencher) {
    b.iter_batched(
        || (),
        |()| {
            drop(bytes(10));
            Late
        },
    );
}

#[benchmark(category = "unit")]
fn one_that_grows_now_and_then(b: &mut Bencher) {
    let mut calls = 0;
    b.iter(|| {
        calls += 1;
        (calls % 2 == 0).then(|| bytes(100))
    });
}

#[benchmark(category = "unit")]
fn of_other_threads(b: &mut Bencher) -> Result<()> {
    use rayon::prelude::*;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    b.iter(|| pool.install(|| (0..64).into_par_iter().for_each(|_| drop(bytes(10_000)))));
    Ok(())
}

#[benchmark(category = "unit")]
fn of_nothing(b: &mut Bencher) {
    b.iter(|| black_box(1));
}

#[benchmark(category = "unit")]
fn counts_by_itself(b: &mut Bencher) {
    b.iter(|| bench_core::allocation::count(|| drop(bytes(10))).1.is_ok());
}

/// Allocates for itself what is not the request's.
struct Requests;

impl Serve for Requests {
    fn batch(&mut self, requests: u64) -> Result<Duration> {
        for _ in 0..requests {
            let log = bytes(5000);
            counted(|| drop(bytes(70)));
            drop((log, bytes(6000)));
        }
        Ok(Duration::from_micros(requests))
    }

    fn measure(&mut self, _round: &mut Round<'_>) -> Result<Measured> {
        Ok(Measured { latency_ns: vec![1000, 1000], ..Measured::default() })
    }
}

#[benchmark(category = "unit")]
fn of_a_request(b: &mut Bencher) -> Result<()> {
    b.serve(&mut Requests)
}

#[test]
fn what_an_iteration_allocates_is_read() {
    let overrides = Overrides { warmup: Some(3), repeats: Some(5), rounds: Some(1), ..Overrides::NONE };
    let suite = Suite::new().wishes(Wishes { overrides, ..Wishes::default() }).in_process();
    let record = suite.run().expect("a run");
    let case = |name: &str| record.cases.iter().find(|case| case.name == name).expect(name);
    let read = |name: &str| {
        let observed = &case(name).observed;
        let value = |metric: &str| observed.iter().find(|seen| seen.name == metric).map(|seen| seen.value);
        ["allocations", "allocated", "peak_live"].map(value)
    };
    let all = |figures: [f64; 3]| figures.map(Some);
    assert_eq!(read("of_the_body"), all([2.0, 150.0, 150.0]));
    assert_eq!(read("not_of_the_setup"), all([1.0, 2000.0, 2000.0]));
    assert_eq!(read("not_of_what_is_dropped_untimed"), all([1.0, 10.0, 10.0]));
    assert_eq!(read("of_nothing"), all([0.0; 3]));
    assert_eq!(read("of_a_request"), all([1.0, 70.0, 70.0]));

    let [Some(now_and_then), Some(allocated), peak] = read("one_that_grows_now_and_then") else {
        panic!("{:?}", read("one_that_grows_now_and_then"));
    };
    // Of an odd number of iterations one more or less than half.
    assert!((now_and_then - 0.5).abs() <= 0.17 && (allocated / now_and_then - 100.0).abs() < 1e-9);
    assert_eq!(peak, Some(100.0));

    let [Some(allocations), Some(allocated), Some(peak)] = read("of_other_threads") else {
        panic!("{:?}", read("of_other_threads"));
    };
    assert!((64.0..70.0).contains(&allocations), "{allocations}: the pool's queues allocate now and then");
    assert!((640_000.0..700_000.0).contains(&allocated), "{allocated}");
    assert!(
        (10_000.0..90_000.0).contains(&peak),
        "{peak}: one or two buffers, and what threads owe each other"
    );

    // It cannot count while the probe does, and is no reason to fail.
    assert_eq!(read("counts_by_itself"), all([1.0, 10.0, 10.0]));
    let state = record.environment.probes.iter().find(|state| state.probe == "allocations").expect("linked");
    assert_eq!(state.unavailable, None);
}
