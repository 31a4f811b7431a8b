//! Real workers call the code that the attribute writes, and the function gets the values of the case.
//!
//! There is one test in this file, and there must be no other: a worker is this executable started again, which then
//! runs all its tests, and the first line of this test makes it a worker.

use bench_core::plan::Wishes;
use bench_core::prelude::*;
use bench_core::record::{CaseRecord, Status};
use bench_core::{Overrides, RunError, Suite};

#[derive(Debug)]
struct Mute;

type Outcome<T, E = Mute> = std::result::Result<T, E>;

#[benchmark(category = "unit")]
fn nothing() {}

#[benchmark(category = "unit")]
fn own_error() -> Result<u8> {
    Err(Error::skip("no weights: run models/fetch"))
}

#[benchmark(category = "unit")]
fn shown_error() -> Outcome<u8, String> {
    Err("out of cheese".to_owned())
}

#[benchmark(category = "unit")]
fn mute_error() -> Outcome<u8> {
    Err(Mute)
}

#[benchmark(category = "unit")]
fn driven_error(b: &mut Bencher) -> Outcome<(), String> {
    b.iter(|| 1);
    Err("after measuring".to_owned())
}

#[benchmark(category = "unit")]
fn driven_without_measuring(_: &mut Bencher) {}

/// Fails unless `text` has `len` bytes, so that each combination of values has its own ending.
#[benchmark(category = "unit", args(len = [2, 3], text = ["ab", "abc"]), items = len, bytes = len * text.len(), count(words = 1.9))]
fn plain(text: &str, len: usize) -> Outcome<(), String> {
    if text.len() == len { Ok(()) } else { Err(format!("{text} and {len}")) }
}

#[benchmark(category = "unit", args(len = [2, 3]), items = len)]
fn driven(b: &mut Bencher, len: usize) -> Result {
    // A count that the function sets replaces that of the attribute.
    b.items(len * 10).try_iter(|| Ok::<_, Error>(vec![0; len]))
}

/// The attribute lists the type parameters in another order than the function.
#[benchmark(category = "unit", types(To = [u16, u32], From = [u8, &str]), args(n = [3]), bytes = n * size_of::<To>(), count(from = size_of::<From>()))]
fn generic<From: Default, To: Default>(n: usize) -> Outcome<(From, To), String> {
    match size_of::<From>() {
        1 => Ok((From::default(), To::default())),
        size => Err(format!("{n} of {size} bytes")),
    }
}

/// A parameter with the name of the function.
#[benchmark(category = "unit", args(same = [4]), items = same)]
fn same(same: usize) -> usize {
    same
}

/// Returns the id of a case, its counts, and how it ended.
fn summary(case: &CaseRecord) -> (String, Vec<(String, u64)>, String) {
    let counters =
        case.counters.iter().map(|counter| (counter.unit.clone(), counter.per_iteration)).collect();
    let ending = match (case.status, &case.failure, &case.skip_reason) {
        (Status::Ok, ..) => "ok".to_owned(),
        (_, Some(failure), _) => failure.message.clone(),
        (_, None, Some(reason)) => format!("skipped: {reason}"),
        (status, ..) => format!("{status:?}"),
    };
    (case.id.clone(), counters, ending)
}

#[test]
fn every_form_is_called_with_the_chosen_values() -> std::result::Result<(), RunError> {
    bench_core::serve_if_asked();
    let overrides = Overrides { warmup: Some(0), repeats: Some(2), rounds: Some(1), ..Overrides::NONE };
    let record = Suite::new().wishes(Wishes { overrides, ..Wishes::default() }).run()?;
    let mut found: Vec<_> = record.cases.iter().map(summary).collect();
    found.sort();

    let case = |id: &str, counters: &[(&str, u64)], ending: &str| {
        let counters = counters.iter().map(|(unit, count)| ((*unit).to_owned(), *count)).collect();
        (format!("unit/{id}"), counters, ending.to_owned())
    };
    let expected = [
        case("driven[len=2]", &[("items", 20)], "ok"),
        case("driven[len=3]", &[("items", 30)], "ok"),
        case("driven_error", &[], "after measuring"),
        case(
            "driven_without_measuring",
            &[],
            "the benchmark returned without measuring: call one of the `iter` methods of its Bencher",
        ),
        case("generic[To=u16,From=&str,n=3]", &[], "3 of 16 bytes"),
        case("generic[To=u16,From=u8,n=3]", &[("bytes", 6), ("from", 1)], "ok"),
        case("generic[To=u32,From=&str,n=3]", &[], "3 of 16 bytes"),
        case("generic[To=u32,From=u8,n=3]", &[("bytes", 12), ("from", 1)], "ok"),
        case("mute_error", &[], "returned Err of calls::Mute"),
        case("nothing", &[], "ok"),
        case("own_error", &[], "skipped: no weights: run models/fetch"),
        case("plain[len=2,text=ab]", &[("items", 2), ("bytes", 4), ("words", 1)], "ok"),
        case("plain[len=2,text=abc]", &[], "abc and 2"),
        case("plain[len=3,text=ab]", &[], "ab and 3"),
        case("plain[len=3,text=abc]", &[("items", 3), ("bytes", 9), ("words", 1)], "ok"),
        case("same[same=4]", &[("items", 4)], "ok"),
        case("shown_error", &[], "out of cheese"),
    ];
    assert_eq!(found, expected);
    Ok(())
}
