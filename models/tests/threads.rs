//! A process takes its number of threads once, so this test has its own process.

use models::axis::Threads;

#[test]
fn a_process_computes_on_the_threads_that_it_took_first() {
    Threads::Of(1).take().expect("one processor");
    assert_eq!(rayon::current_num_threads(), 1);
    assert_eq!(candle_core::utils::get_num_threads(), 1);
    Threads::Of(1).take().expect("the same again");
    let error = Threads::All.take().expect_err("another number");
    assert!(error.skip_reason().is_some_and(|reason| reason.contains("threads=1 already")), "{error}");
}
