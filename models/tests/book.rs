//! The examples of the book and of `models/README.md` that need candle: the tests of `bench-testing` check that both show them
//! as they are here.
#![allow(clippy::expect_used, reason = "a test says so by panicking")]

#[path = "book/device.rs"]
mod device;

mod my_model {
    use bench_core::prelude::*;

    pub(crate) mod benchmarks {
        mod performance {
            include!("book/my_model.rs");
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
