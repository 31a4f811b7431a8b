//! `#[benchmark]` on functions of every form, and the resulting entries of the registry.
//!
//! Half of the test is that this compiles although every lint is forbidden that generated code could violate, so that
//! it cannot silence them either.
#![forbid(unsafe_code, unused)]
#![deny(warnings)]
#![warn(
    clippy::pedantic,
    missing_debug_implementations,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused_qualifications,
    unused_results
)]

use std::time::Duration;

use bench_core::objective::Objective;
use bench_core::registry::{self, benchmarks};
use bench_core::{Benchmark, Category, Ignore, Overrides};

mod functions {
    use bench_core::prelude::*;

    /// A `Result` under another name, whose error has no `Display` and does not convert.
    type Outcome<T> = std::result::Result<T, Mute>;

    #[derive(Clone, Copy, Debug)]
    pub(crate) enum DType {
        F32,
        Bf16,
    }

    /// A type with neither `Display` nor `Debug`.
    #[derive(Clone, Copy)]
    struct Opaque(u8);

    struct Mute;

    const ARRAY: [usize; 2] = [1, 1 << 10];
    const SLICE: &[u32] = &[3, 4];
    const REFERENCE: &[u32; 2] = &[5, 6];
    const OPAQUE: [Opaque; 2] = [Opaque(1), Opaque(2)];

    #[benchmark(category = "unit")]
    fn plain() {}

    #[benchmark(category = "integration", model = "tiny", name = "with-a.name+2", tags("gpu", "slow"))]
    const fn described() -> u64 {
        1
    }

    #[benchmark(category = "unit", tags = ["gpu"], args(len = [1, 8, 1_000], text = ["a b", "c"]), items = len, bytes = text.len() * len)]
    fn hash(text: &str, len: usize) -> Outcome<usize> {
        if text.is_empty() { Err(Mute) } else { Ok(len) }
    }

    #[benchmark(category = "unit", args(array = ARRAY, slice = SLICE, reference = REFERENCE, literal = &[7], opaque = OPAQUE))]
    fn constants(array: usize, slice: u32, reference: u32, literal: u8, opaque: Opaque) -> usize {
        array + slice as usize + reference as usize + usize::from(literal) + usize::from(opaque.0)
    }

    #[benchmark(category = "unit", args(dtype = [DType::F32, DType::Bf16], opaque = [Opaque(1), Opaque(1 + 1)], sign = [-1], r#type = [true]))]
    fn labels(dtype: DType, opaque: Opaque, sign: i32, r#type: bool) -> (DType, u8, i32, bool) {
        (dtype, opaque.0, sign, r#type)
    }

    #[benchmark(category = "performance", args(batch = [1, 8, 32]), count(images = batch, tokens = 77.0), warmup = 0, repeats = 50, rounds = 3, max_time = "1.5s", timeout = "5m")]
    fn driven(b: &mut Bencher, batch: usize) -> Result {
        b.try_iter(|| Ok::<_, Error>(batch))
    }

    #[benchmark(category = "unit", types(f32, Vec<u8>), bytes = size_of::<T>())]
    fn one_type<T: Default>() -> T {
        T::default()
    }

    #[benchmark(category = "unit", types(To = [u8, u16], From = [&str, String]), args(value = [7]), items = value)]
    fn two_types<From: Default, To: TryFrom<u64>>(value: u64) -> (From, Option<To>) {
        (From::default(), To::try_from(value).ok())
    }

    // The argument must not hide the function from the call.
    #[benchmark(category = "unit", args(shadow = [1, 2]), items = shadow)]
    fn shadow(shadow: usize) -> usize {
        shadow
    }

    #[benchmark(category = "unit", ignore)]
    fn ignored() {}

    #[benchmark(category = "unit", ignore = "needs 40 GB")]
    fn ignored_with_reason() {}

    #[benchmark(category = "unit", types(u8, u16), args(batch = ARRAY, dtype = [DType::F32]), ignore(batch = [1 << 10], T = [u16]))]
    fn ignored_in_part<T: Default>(batch: usize, dtype: DType) -> (T, usize, DType) {
        (T::default(), batch, dtype)
    }

    const LARGE: [usize; 1] = [1 << 10];

    #[benchmark(category = "unit", args(batch = ARRAY), ignore(batch = LARGE))]
    fn ignored_by_constant(batch: usize) -> usize {
        batch
    }

    #[cfg(feature = "tokio")]
    #[benchmark(category = "unit", types(u8, u16), args(text = [String::new()], len = [1, 2]), items = len)]
    #[allow(clippy::unused_async)]
    async fn asynchronous<T: Default>(text: String, len: usize) -> Outcome<(T, String, usize)> {
        Ok((T::default(), text, len))
    }

    #[cfg(feature = "tokio")]
    #[benchmark(category = "unit", args(len = [1, 2]))]
    async fn asynchronous_driven(b: &mut Bencher, len: usize) -> Result {
        b.try_iter_async(|| async { Ok::<_, Error>(len) }).await
    }

    #[benchmark(category = "unit")]
    #[cfg(any())]
    fn configured_out() -> NoSuchType {}

    #[cfg(any())]
    #[benchmark(category = "unit")]
    fn configured_out_before() -> NoSuchType {}

    // A lint that is denied by default: an `allow` on the function also applies to its attribute.
    #[benchmark(category = "unit", args(value = [0xFF]))]
    #[allow(overflowing_literals)]
    fn allowed(value: i8) -> i8 {
        value
    }

    macro_rules! from_macro {
        ($($name:ident: $type:ty, [$($value:expr),*], $category:literal;)*) => {$(
            #[benchmark(category = $category, types($type, u128), args(value = [$($value),*]), items = value)]
            fn $name<T: Default>(value: u32) -> (T, u32) {
                (T::default(), value)
            }
        )*};
    }

    from_macro! {
        from_macro_first: Vec<u8>, [1 + 1, 3], "unit";
        from_macro_second: u8, [4], "integration";
    }
}

mod net {
    pub(crate) mod benchmarks {
        pub(crate) mod performance {
            use bench_core::benchmark;

            #[benchmark]
            fn by_convention() {}

            #[benchmark(category = "unit", model = "other")]
            fn against_convention() {}
        }
    }
}

mod facade {
    pub(crate) mod inner {
        pub(crate) use bench_core as renamed;
    }
}

mod limits {
    use bench_core::prelude::*;

    #[benchmark(
        category = "unit",
        targets(
            "median <= 5s",
            " ips > 10.25 ",
            "ttfa_p95 < 200ms @ concurrency=8,dtype=f16",
            "speedup(tiny/integration/with-a.name+2) >= 50x",
            "speedup(run:latest) >= 98%",
            "peak_memory <= 1.5GiB",
        )
    )]
    fn limited() {}
}

/// Benchmarks without the name `bench_core` in scope, as in a crate that uses another name for it.
mod elsewhere {
    #[crate::facade::inner::renamed::benchmark(category = "unit", crate = crate::facade::inner::renamed)]
    fn by_path() {}

    #[crate::facade::inner::renamed::benchmark(category = "unit", crate = "crate::facade::inner::renamed", targets = ["median <= 1ms"])]
    fn by_text() {}
}

/// Returns the benchmark of this name; the names in this file are unique.
fn named(name: &str) -> &'static Benchmark {
    let found: Vec<&Benchmark> = benchmarks().iter().filter(|benchmark| benchmark.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0]
}

/// Returns each argument with the labels of its values.
fn axes(name: &str) -> Vec<(&'static str, Vec<String>)> {
    named(name).axes.iter().map(|axis| (axis.name, (0..axis.len).map(axis.label).collect())).collect()
}

fn axis(name: &'static str, labels: &[&str]) -> (&'static str, Vec<String>) {
    (name, labels.iter().map(ToString::to_string).collect())
}

#[test]
fn every_function_is_registered_once() {
    let mut names: Vec<&str> = benchmarks().iter().map(|benchmark| benchmark.name).collect();
    names.sort_unstable();
    let expected = [
        "against_convention",
        "allowed",
        #[cfg(feature = "tokio")]
        "asynchronous",
        #[cfg(feature = "tokio")]
        "asynchronous_driven",
        "by_convention",
        "by_path",
        "by_text",
        "constants",
        "driven",
        "from_macro_first",
        "from_macro_second",
        "hash",
        "ignored",
        "ignored_by_constant",
        "ignored_in_part",
        "ignored_with_reason",
        "inside_a_function",
        "labels",
        "limited",
        "one_type",
        "plain",
        "shadow",
        "two_types",
        "with-a.name+2",
    ];
    assert_eq!(names, expected);
}

#[test]
fn description_is_the_attributes() {
    let plain = named("plain");
    assert_eq!((plain.model, plain.category, plain.tags), (None, Category::Unit, &[][..]));
    let described = named("with-a.name+2");
    assert_eq!((described.model, described.category), (Some("tiny"), Category::Integration));
    assert_eq!(described.tags, ["gpu", "slow"]);
    assert_eq!(named("hash").tags, ["gpu"]);
}

/// Targets parsed at compile time are the same as those parsed at run time.
#[test]
fn targets_are_constants_of_the_same_grammar() {
    assert!(named("plain").targets.is_empty());
    let texts = [
        "median <= 5s",
        "ips > 10.25",
        "ttfa_p95 < 200ms @ concurrency=8,dtype=f16",
        "speedup(tiny/integration/with-a.name+2) >= 50x",
        "speedup(run:latest) >= 98%",
        "peak_memory <= 1.5GiB",
    ];
    let parsed = texts.map(|text| Objective::parse(text).expect(text));
    assert_eq!(named("limited").targets, parsed);
    assert_eq!(named("by_text").targets, [Objective::parse("median <= 1ms").expect("a target")]);
}

#[test]
fn module_path_gives_model_and_category() {
    let by_convention = named("by_convention");
    assert_eq!((by_convention.model, by_convention.category), (Some("net"), Category::Performance));
    let against = named("against_convention");
    assert_eq!((against.model, against.category), (Some("other"), Category::Unit));
}

#[test]
fn source_is_the_function() {
    let source = named("plain").source;
    assert_eq!((source.module, source.krate(), source.file), ("attribute::functions", "attribute", file!()));
    let line = include_str!("attribute.rs").lines().position(|line| line.trim() == "fn plain() {}");
    assert_eq!(line.map(|above| above + 1), usize::try_from(source.line).ok());
    assert!(benchmarks().iter().all(|benchmark| benchmark.source.krate() == "attribute"));
}

#[test]
fn values_keep_the_attributes_order_and_are_labelled() {
    assert_eq!(axes("hash"), [axis("len", &["1", "8", "1000"]), axis("text", &["a b", "c"])]);
    assert_eq!(
        axes("labels"),
        [
            axis("dtype", &["f32", "bf16"]),
            axis("opaque", &["Opaque(1)", "Opaque(1+1)"]),
            axis("sign", &["-1"]),
            axis("type", &["true"]),
        ]
    );
    assert_eq!(
        axes("constants"),
        [
            axis("array", &["1", "1024"]),
            axis("slice", &["3", "4"]),
            axis("reference", &["5", "6"]),
            axis("literal", &["7"]),
            axis("opaque", &["0", "1"]),
        ]
    );
    assert_eq!(axes("from_macro_first"), [axis("T", &["Vec<u8>", "u128"]), axis("value", &["2", "3"])]);
    assert_eq!(axes("plain"), []);
}

#[test]
fn types_come_first() {
    assert_eq!(axes("one_type"), [axis("T", &["f32", "Vec<u8>"])]);
    assert_eq!(
        axes("two_types"),
        [axis("To", &["u8", "u16"]), axis("From", &["&str", "String"]), axis("value", &["7"])]
    );
}

#[test]
fn settings_are_the_attributes() {
    let Overrides { warmup, repeats, rounds, max_time, timeout, .. } = named("driven").settings;
    assert_eq!((warmup, repeats, rounds), (Some(0), Some(50), Some(3)));
    assert_eq!((max_time, timeout), (Some(Duration::from_millis(1500)), Some(Duration::from_mins(5))));
    let Overrides { warmup, repeats, rounds, max_time, timeout, .. } = named("plain").settings;
    assert_eq!((warmup, repeats, rounds, max_time, timeout), (None, None, None, None, None));
}

#[test]
fn ignore_has_three_forms() {
    assert!(matches!(named("plain").ignore, Ignore::No));
    assert!(matches!(named("ignored").ignore, Ignore::Always(None)));
    assert!(matches!(named("ignored_with_reason").ignore, Ignore::Always(Some("needs 40 GB"))));
    let partly = |name| {
        let Ignore::When(ignored) = named(name).ignore else { unreachable!("{:?}", named(name).ignore) };
        let labels = |axis: &bench_core::Axis| (0..axis.len).map(axis.label).collect::<Vec<_>>();
        ignored.iter().map(|axis| (axis.name, labels(axis))).collect::<Vec<_>>()
    };
    assert_eq!(partly("ignored_in_part"), [axis("batch", &["1024"]), axis("T", &["u16"])]);
    assert_eq!(partly("ignored_by_constant"), [axis("batch", &["1024"])]);
}

#[test]
fn cases_are_the_product_of_the_arguments() -> Result<(), bench_core::RunError> {
    let cases = registry::cases(&["attribute"])?;
    let ids: Vec<(&str, bool)> = cases
        .iter()
        .filter(|case| case.benchmark().name == "ignored_in_part")
        .map(|case| (case.id(), case.ignored().is_some()))
        .collect();
    assert_eq!(
        ids,
        [
            ("unit/ignored_in_part[T=u8,batch=1,dtype=f32]", false),
            ("unit/ignored_in_part[T=u8,batch=1024,dtype=f32]", true),
            ("unit/ignored_in_part[T=u16,batch=1,dtype=f32]", true),
            ("unit/ignored_in_part[T=u16,batch=1024,dtype=f32]", true),
        ]
    );
    Ok(())
}

#[test]
fn a_function_inside_a_function_is_a_benchmark_too() {
    const LOCAL: [u8; 2] = [1, 2];

    #[bench_core::benchmark(category = "unit", args(value = LOCAL))]
    fn inside_a_function(value: u8) -> u8 {
        value
    }

    assert_eq!(axes("inside_a_function"), [axis("value", &["1", "2"])]);
    assert_eq!(inside_a_function(3), 3, "the function can still be called");
}
