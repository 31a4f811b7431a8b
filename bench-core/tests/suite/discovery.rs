//! Every linked benchmark is found, whatever builds and links it, and a missing one is reported.

use std::path::Path;
use std::process::Command;

use bench_testing::{Bench, Stage, build, cargo, executable, not_checked, run_to_end, scrub, wait_until};

/// The cases of the bench target `spread`, without the 18 of `unit/hostile`.
const CASES: [&str; 18] = [
    "integration/beside_main",
    "mimi/performance/encode",
    "resnet/integration/classify",
    "resnet/performance/forward[batch=1,dtype=f16]",
    "resnet/performance/forward[batch=1,dtype=f32]",
    "resnet/performance/forward[batch=32,dtype=f16]",
    "resnet/performance/forward[batch=32,dtype=f32]",
    "resnet/performance/forward[batch=8,dtype=f16]",
    "resnet/performance/forward[batch=8,dtype=f32]",
    "resnet/unit/relu",
    "resnet/unit/softmax",
    "unit/add[T=f32]",
    "unit/add[T=f64]",
    "unit/marks",
    "unit/matmul-v2.1+avx",
    "vit/unit/giant",
    "vit/unit/patchify",
    // One example of the 18 ids of this benchmark.
    "unit/hostile[text=two%20words]",
];

/// Lists the cases of an executable, and compares the list with [`CASES`].
#[track_caller]
fn finds_everything(how: &str, executable: &Path) {
    let mut command = Command::new(executable);
    scrub(&mut command);
    let folder = tempfile::tempdir().expect("folder");
    let ended = run_to_end(command.args(["--list", "--format", "terse"]), folder.path()).expect_code(0);
    let mut found: Vec<&str> = ended
        .stdout
        .lines()
        .map(|line| line.strip_suffix(": benchmark").unwrap_or_else(|| panic!("{how}: `{line}`")))
        .collect();
    assert_eq!(
        found.iter().filter(|id| id.starts_with("unit/hostile[text=")).count(),
        18,
        "{how}: {found:?}"
    );
    found.retain(|id| !id.starts_with("unit/hostile[") || id.contains("two"));
    found.sort_unstable();
    let mut wanted = CASES;
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{how}");
}

const SPREAD: [&str; 4] = ["-p", "fixture-spread", "--bench", "spread"];

#[test]
fn in_the_bench_profile() {
    finds_everything("cargo bench", &executable(Bench::Spread));
}

#[test]
fn without_optimisation() {
    let built = build(&mut cargo(&[&["build"], &SPREAD[..]].concat()), &[]);
    finds_everything("cargo build", &built["spread"]);
}

/// The strictest case: all code is one unit, and code that nothing refers to is removed.
#[test]
fn with_link_time_optimisation() {
    let mut command = cargo(&[&["build", "--release"], &SPREAD[..]].concat());
    command.env("CARGO_PROFILE_RELEASE_LTO", "fat").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    // The level of optimization does not matter to the linker.
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    finds_everything("fat LTO", &build(&mut command, &[])["spread"]);
}

/// Linkers differ in which sections they remove. The flags go to the bench target alone: the linker sees the same
/// objects as if everything had been built with them.
#[test]
fn with_every_linker_of_this_machine() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    for linker in ["bfd", "gold", "lld", "mold"] {
        let program = if linker == "mold" { linker.to_owned() } else { format!("ld.{linker}") };
        if !std::env::split_paths(&path).any(|folder| folder.join(&program).exists()) {
            not_checked(&format!("`{program}` is not installed"));
            continue;
        }
        let chosen = format!("-Clink-arg=-fuse-ld={linker}");
        let mut flags = vec!["--", &chosen];
        if cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
            // On this target, the compiler has its own linker, which `without_optimisation` has used.
            flags.push("-Clinker-features=-lld");
        }
        let built = build(&mut cargo(&[&["rustc"], &SPREAD[..]].concat()), &flags);
        finds_everything(&program, &built["spread"]);
    }
}

#[test]
fn a_named_crate_without_benchmarks_is_an_error() {
    Stage::new(Bench::BarrenCrate).bench(&[]).expect_code(2).expect_said(&[
        "no benchmark of the crate `fixture_mains` is linked",
        "crates with benchmarks here: barren_crate",
    ]);
}

#[test]
fn no_benchmark_at_all_is_an_error() {
    for arguments in [&["--bench"][..], &["--list", "--format", "terse"], &[]] {
        Stage::new(Bench::Empty)
            .run(arguments)
            .expect_code(2)
            .expect_said(&["no benchmark is linked", "#[benchmark]"]);
    }
}

#[test]
fn two_benchmarks_with_one_id_are_an_error_that_names_both_places() {
    let places = ["benches/same_id.rs:7", "benches/same_id.rs:14"];
    Stage::new(Bench::SameId).bench(&[]).expect_code(2).expect_said(&[
        "`resnet/unit/softmax`",
        places[0],
        places[1],
    ]);
}

#[test]
fn a_main_that_does_not_serve_the_runner_starts_no_workers_of_workers() {
    let stage = Stage::new(Bench::Unserved);
    stage.run(&[]).expect_code(1).expect_said(&["bench_core::serve_if_asked()", "exited with code 2"]);
    wait_until("its processes end", || stage.processes().is_empty());
}

#[test]
fn a_variable_that_is_no_channel_starts_nothing() {
    let stage = Stage::new(Bench::Spread);
    let me = format!("12345:{}", std::process::id());
    for value in ["", "x", "3", "-1:1", "2:1", &me] {
        let ended = stage.end(stage.command(&["--bench"]).env("BENCH_WORKER_CHANNEL", value));
        assert!(!ended.stdout.contains("known to"), "{value}: {}", ended.said());
        assert!(ended.code == 2 || ended.code == 1, "{value}: {}", ended.said());
        assert!(!stage.results().exists(), "{value}");
    }
}
