//! The build of this program.

use bench_protocol::Build;

/// Returns how this program was built.
pub(crate) fn build() -> Build {
    let mut build = Build::default();
    build.toolchain = env!("BENCH_RUSTC").to_owned();
    build.target = env!("BENCH_TARGET").to_owned();
    build.target_features = env!("BENCH_TARGET_FEATURES").to_owned();
    build.optimization = env!("BENCH_OPT_LEVEL").to_owned();
    build.debug_assertions = cfg!(debug_assertions);
    build
}
