//! Passes the compiler's version and the build's settings to the environment record: a `rustc` that is called at run
//! time might be another one.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    println!("cargo::rustc-env=BENCH_RUSTC={}", version.trim());
    for (name, source) in [
        ("BENCH_OPT_LEVEL", "OPT_LEVEL"),
        ("BENCH_TARGET", "TARGET"),
        ("BENCH_TARGET_FEATURES", "CARGO_CFG_TARGET_FEATURE"),
    ] {
        println!("cargo::rustc-env={name}={}", std::env::var(source).unwrap_or_default());
    }
}
