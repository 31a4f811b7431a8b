//! The examples of the guide: they stand there as they stand here, and run.
#![allow(clippy::expect_used, reason = "a test says so by panicking")]

mod guide {
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
use bench_testing::excerpt;

#[test]
fn the_guide_prints_what_is_tested_here() {
    let guide = include_str!("../../../docs/guide.md");
    for (example, file) in [
        (include_str!("guide/speech.rs"), "speech"),
        (include_str!("guide/images.rs"), "images"),
        (include_str!("guide/classification.rs"), "classification"),
        (include_str!("guide/text.rs"), "text"),
    ] {
        assert!(
            guide.contains(&format!("```rust\n{example}```")),
            "docs/guide.md lacks tests/guide/{file}.rs"
        );
    }
    for example in [
        include_str!("guide/fragments/allocator.rs"),
        include_str!("guide/fragments/arguments.rs"),
        include_str!("guide/fragments/artifact.rs"),
        include_str!("guide/fragments/asynchronous.rs"),
        include_str!("own_domain.rs"),
        include_str!("guide/fragments/exporter.rs"),
        include_str!("guide/fragments/from_code.rs"),
        include_str!("guide/fragments/skip.rs"),
        include_str!("guide/fragments/targets.rs"),
    ] {
        let block = excerpt(example);
        assert!(guide.contains(&block), "docs/guide.md lacks:\n{block}");
    }
    let block = excerpt(include_str!("../../../bench-core/examples/mine.rs"));
    assert!(include_str!("../../../README.md").contains(&block), "README.md lacks:\n{block}");
    // One is of another crate, and one of models.
    let blocks = guide.matches("\n```rust\n").count();
    assert_eq!(blocks, 4 + 9 + 2 + 1, "docs/guide.md holds a block of Rust that no test compiles");
}

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
