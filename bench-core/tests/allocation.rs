//! Programs whose allocations are known exactly.
#![allow(clippy::expect_used, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::RefCell;
use std::sync::Barrier;

use bench_core::CountingAllocator;
use bench_core::allocation::{NotCounted, Tally, check, count};
use bench_core::black_box;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// What was counted.
fn seen(run: impl FnOnce()) -> Tally {
    count(run).1.expect("one is installed, and nobody else counts")
}

fn tally(allocations: u64, bytes: u64, peak_live_bytes: u64) -> Tally {
    Tally { allocations, bytes, peak_live_bytes }
}

fn bytes(len: usize) -> Vec<u8> {
    black_box(Vec::with_capacity(len))
}

fn nothing_is_nothing() {
    assert_eq!(seen(|| ()), Tally::default());
    // Neither what has no size nor an empty collection asks for memory.
    assert_eq!(
        seen(|| drop((black_box(Box::new(())), black_box(Vec::<u64>::new()), vec![(); 1000]))),
        Tally::default()
    );
}

fn each_call_counts_and_the_peak_is_what_was_live_together() {
    assert_eq!(seen(|| drop(bytes(100))), tally(1, 100, 100));
    assert_eq!(seen(|| drop((bytes(100), bytes(50)))), tally(2, 150, 150));
    assert_eq!(
        seen(|| {
            drop(bytes(100));
            drop(bytes(50));
        }),
        tally(2, 150, 100)
    );
    // Zeroed.
    assert_eq!(seen(|| drop(black_box(vec![0_u8; 4096]))), tally(1, 4096, 4096));
}

fn what_was_allocated_before_may_be_freed_and_makes_room() {
    let old = bytes(1000);
    assert_eq!(
        seen(|| {
            drop(old);
            drop(bytes(600));
        }),
        tally(1, 600, 0)
    );
}

fn a_realloc_counts_what_it_adds() {
    let grown = seen(|| {
        let mut buffer = bytes(100);
        buffer.reserve_exact(300);
        buffer.shrink_to(10);
        drop(black_box(buffer));
    });
    assert_eq!(grown, tally(3, 300, 300));
}

fn more_than_the_others_are_told_of_at_once() {
    // Beyond a quantum, upwards and downwards, again and again.
    let seen = seen(|| {
        for _ in 0..10 {
            let parts: Vec<Vec<u8>> = black_box((0..100).map(|_| bytes(10_000)).collect());
            drop(parts);
        }
    });
    let outer = 100 * size_of::<Vec<u8>>() as u64;
    assert_eq!(seen, tally(10 * 101, 10 * (1_000_000 + outer), 1_000_000 + outer));
}

fn threads_are_counted_also_when_they_have_ended() {
    let gate = Barrier::new(5);
    // Starting a thread allocates, too: started before, they allocate while we count.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                drop(bytes(1));
                gate.wait();
                gate.wait();
                for _ in 0..1000 {
                    drop(bytes(64));
                }
                gate.wait();
                gate.wait();
            });
        }
        gate.wait();
        let seen = seen(|| {
            gate.wait();
            gate.wait();
        });
        gate.wait();
        assert_eq!((seen.allocations, seen.bytes), (4000, 256_000));
        assert!((64..=256).contains(&seen.peak_live_bytes), "{seen:?}");
    });
    // Threads that end within the count keep their tally: what starting them costs is measured by others that
    // do nothing.
    let ended = |len: usize| {
        seen(|| {
            for _ in 0..3 {
                std::thread::spawn(move || (0..100).for_each(|_| drop(bytes(len)))).join().expect("ended");
            }
        })
    };
    let (small, large) = (ended(10), ended(1010));
    assert_eq!(large.allocations, small.allocations);
    assert_eq!(large.bytes - small.bytes, 300 * 1000);
    assert!(small.allocations >= 300);
}

fn a_thread_that_is_ending_is_counted_too() {
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            drop(bytes(1_000_000));
        }
    }
    thread_local! {
        static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
    }
    let ending = |run: fn()| seen(|| std::thread::spawn(run).join().expect("ended"));
    let before = ending(|| ());
    let in_a_destructor = ending(|| LAST.with(|last| *last.borrow_mut() = Some(Last)));
    assert_eq!(in_a_destructor.bytes - before.bytes, 1_000_000);

    // Keys of pthreads are destroyed after all thread-locals, the slot's lease among them.
    extern "C" fn allocate(_: *mut libc::c_void) {
        drop(bytes(1_000_000));
    }
    let after_them = ending(|| {
        let mut key = 0;
        // SAFETY: the key is a live local, the value is not null, and the destructor ignores it.
        #[allow(unsafe_code)]
        unsafe {
            assert_eq!(libc::pthread_key_create(&mut key, Some(allocate)), 0);
            assert_eq!(libc::pthread_setspecific(key, (&raw const ALLOCATOR).cast()), 0);
        }
    });
    assert_eq!(after_them.bytes - before.bytes, 1_000_000);
}

fn a_pool_of_threads_is_counted() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool");
    let work = |count: usize| {
        use rayon::prelude::*;
        pool.install(|| (0..count).into_par_iter().for_each(|_| drop(bytes(128))));
    };
    work(1000);
    let seen = seen(|| work(5000));
    // The pool's own queues allocate a little.
    assert!((5000..5100).contains(&seen.allocations), "{seen:?}");
    assert!(seen.bytes >= 5000 * 128);
}

fn one_allocator_is_installed() {
    assert_eq!(check(), Ok(()));
}

fn one_count_at_a_time() {
    let (inner, outer) = count(|| count(|| drop(bytes(10))).1);
    assert_eq!(inner, Err(NotCounted::Busy));
    assert_eq!(outer, Ok(tally(1, 10, 10)));
}

fn one_within_another_counts_twice() {
    let nested = CountingAllocator::new(CountingAllocator::system());
    let layout = Layout::new::<u64>();
    let seen = seen(|| {
        // SAFETY: a layout with a size, and the pointer goes back to where it came from.
        #[allow(unsafe_code)]
        unsafe {
            let pointer = nested.alloc(layout);
            assert!(!pointer.is_null());
            nested.dealloc(pointer, layout);
        }
    });
    assert_eq!(seen.allocations, 2);
}

fn a_panic_ends_the_count() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let caught = std::panic::catch_unwind(|| count(|| panic!("on purpose")));
    std::panic::set_hook(hook);
    assert!(caught.is_err());
    assert_eq!(seen(|| drop(bytes(100))), tally(1, 100, 100));
}

/// One test, since what any thread allocates is counted: that of another test, too.
#[test]
fn what_programs_allocate_is_counted() {
    for program in [
        nothing_is_nothing,
        each_call_counts_and_the_peak_is_what_was_live_together,
        what_was_allocated_before_may_be_freed_and_makes_room,
        a_realloc_counts_what_it_adds,
        more_than_the_others_are_told_of_at_once,
        threads_are_counted_also_when_they_have_ended,
        a_thread_that_is_ending_is_counted_too,
        a_pool_of_threads_is_counted,
        one_allocator_is_installed,
        one_count_at_a_time,
        one_within_another_counts_twice,
        a_panic_ends_the_count,
    ] {
        program();
    }
}
