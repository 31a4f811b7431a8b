//! The examples of the book's chapters on serving and writing: the tests of `bench-testing` check that the book shows them as
//! they are here.
#![allow(clippy::expect_used, reason = "a test says so by panicking")]

mod book {
    #[allow(dead_code, reason = "what a document shows need not be called")]
    mod fragments {
        mod allocator;
        mod arguments;
        mod artifact;
        mod exporter;
        mod from_code;
        mod skip;
        mod targets;
    }
    mod classification;
    mod images;
    mod speech;
    mod text;
}

use bench_core::Suite;
use bench_judge::Summarize;
use bench_protocol::LoadWishes;
use bench_record::Status;

#[test]
fn every_example_measures_what_its_field_looks_at() {
    let wishes = LoadWishes { quick: true, ..LoadWishes::default() };
    for (name, primary, beside) in [
        ("tts/performance/synthesize", "ASPS", "TTFA p50"),
        ("diffusion/performance/paint", "IPS", "step time p50"),
        ("classifier/performance/classify", "IPS", "goodput"),
        ("llm/performance/answer", "output tokens/s", "TPOT p50"),
    ] {
        let record =
            Suite::new().name_contains(name).load(wishes.clone()).in_process().run().expect("a record");
        assert!(!record.cases.is_empty(), "{name}");
        for case in &record.cases {
            assert_eq!(case.status, Status::Ok, "{}: {:?}", case.id, case.failure);
            for level in case.served().expect("levels").levels {
                assert_eq!(level.metrics[0].name, primary, "{}", case.id);
                assert!(level.metrics[0].value > 0.0, "{}", case.id);
                assert!(level.metric(beside).is_some(), "{beside} in {}", case.id);
                assert_eq!((level.failed, level.requests), (0, 5), "{}: {:?}", case.id, level.errors);
            }
        }
    }
}
