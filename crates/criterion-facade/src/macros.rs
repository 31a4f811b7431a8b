//! The macros of criterion.

/// Defines a function that registers the benchmarks of the given functions. Both forms of criterion are accepted.
///
/// ```no_run
/// # use criterion_facade as criterion;
/// use criterion::{Criterion, criterion_group, criterion_main};
///
/// fn sum(c: &mut Criterion) {
///     c.bench_function("sum", |b| b.iter(|| (0..1000_u64).sum::<u64>()));
/// }
///
/// criterion_group!(simple, sum);
/// criterion_group! {
///     name = configured;
///     config = Criterion::default().sample_size(20);
///     targets = sum
/// }
/// criterion_main!(simple, configured);
/// ```
#[macro_export]
macro_rules! criterion_group {
    (name = $name:ident; config = $config:expr; targets = $($target:path),+ $(,)*) => {
        pub fn $name() {
            $(
                $crate::__private::target(
                    // Without the path `::core::`, which edition 2015 resolves differently.
                    concat!(module_path!(), "::", stringify!($name), "::", stringify!($target)),
                    file!(),
                    &mut || {
                        let mut criterion: $crate::Criterion<_> = $config.configure_from_args();
                        $target(&mut criterion);
                    },
                );
            )+
        }
    };
    ($name:ident, $($target:path),+ $(,)*) => {
        $crate::criterion_group! {
            name = $name;
            config = $crate::Criterion::default();
            targets = $($target),+
        }
    };
}

/// Defines the `main` of a bench target, which registers the benchmarks of these groups.
#[macro_export]
macro_rules! criterion_main {
    ($($group:path),+ $(,)*) => {
        fn main() -> ::std::process::ExitCode {
            $crate::__private::begin(true);
            $(
                $group();
            )+
            $crate::__private::end()
        }
    };
}
