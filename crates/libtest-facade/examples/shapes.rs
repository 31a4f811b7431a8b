//! Benchmarks in every form that libtest supports, which the tests of this crate run.
#![allow(clippy::panic, reason = "a benchmark may fail")]

#[macro_use]
extern crate libtest_facade as test;

use test::{Bencher, black_box};

#[bench]
fn sum(b: &mut Bencher) {
    let numbers: Vec<u64> = (0..100).collect();
    b.bytes = 800;
    b.iter(|| black_box(&numbers).iter().sum::<u64>());
}

#[bench]
fn returns_a_result(b: &mut Bencher<'_>) {
    b.iter(|| black_box("5").parse::<u8>());
}

mod inner {
    use super::*;

    #[bench]
    fn r#loop(b: &mut Bencher) {
        b.iter(|| ());
    }

    #[bench]
    #[ignore = "the floor is gone"]
    fn fails(_: &mut Bencher) {
        panic!("the floor is gone");
    }

    #[bench]
    #[ignore]
    fn gives_up(_: &mut Bencher) -> Result<(), String> {
        Err("no file".to_owned())
    }

    macro_rules! generated {
        ($($name:ident $size:expr;)*) => {
            $(
                #[bench]
                fn $name(b: &mut Bencher) {
                    // A method call on an expression from the caller of the macro must be passed on unchanged.
                    let size = $size.max(1);
                    b.iter(|| vec![0u8; size]);
                }
            )*
        };
    }

    generated! { zeros_8 4 + 4; zeros_64 64; }
}

test::main!();
