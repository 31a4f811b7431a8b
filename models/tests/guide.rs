//! The examples of the guide and of `models/README.md` that need candle: they stand there as they stand here, and compile.
#![allow(clippy::expect_used, reason = "a test says so by panicking")]

#[path = "guide/device.rs"]
mod device;

mod my_model {
    use bench_core::prelude::*;

    pub(crate) mod benchmarks {
        mod performance {
            include!("guide/my_model.rs");
        }
    }

    pub(crate) struct MyModel;

    impl MyModel {
        pub(crate) fn load() -> Result<Self> {
            Ok(MyModel)
        }

        pub(crate) fn inputs(&self, batch: usize) -> Result<Vec<f32>> {
            Ok(vec![1.0; batch])
        }

        pub(crate) fn forward(&self, inputs: &[f32]) -> Result<f32> {
            Ok(inputs.iter().sum())
        }
    }
}

use bench_core::plan::Wishes;
use bench_core::{Overrides, Suite};
use bench_record::Status;

#[test]
fn the_documents_print_what_is_tested_here() {
    let guide = include_str!("../../docs/guide.md");
    let device = bench_testing::excerpt(include_str!("guide/device.rs"));
    assert!(guide.contains(&device), "docs/guide.md lacks:\n{device}");
    let readme = include_str!("../README.md");
    let own = bench_testing::excerpt(include_str!("guide/my_model.rs"));
    assert!(readme.contains(&own), "models/README.md lacks:\n{own}");
}

#[test]
fn every_example_is_measured() {
    let overrides = Overrides { warmup: Some(1), repeats: Some(1), ..Overrides::NONE };
    let wishes = Wishes { overrides, ..Wishes::default() };
    let record = Suite::new().wishes(wishes).in_process().run().expect("a record");
    let mut ids: Vec<&str> = record.cases.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(
        ids,
        [
            "my_model/performance/forward[batch=1]",
            "my_model/performance/forward[batch=8]",
            "resnet50/performance/forward[batch=1]",
            "resnet50/performance/forward[batch=8]",
        ]
    );
    assert!(record.cases.iter().all(|case| case.status == Status::Ok), "{:?}", record.cases);
}
