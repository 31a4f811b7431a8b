//! A program that has installed the counting allocator twice.

use bench_core::CountingAllocator;
use bench_core::allocation::{NotCounted, check, count};

#[global_allocator]
static ALLOCATOR: CountingAllocator<CountingAllocator> = CountingAllocator::new(CountingAllocator::system());

#[test]
fn an_allocator_within_another_is_found_out_and_nothing_is_counted_twice() {
    assert_eq!(check(), Err(NotCounted::Nested(2)));
    let (_, tally) = count(|| Box::new(1));
    let reason = tally.expect_err("no tally").to_string();
    assert!(reason.starts_with("2 CountingAllocators are nested"), "{reason}");
}
