//! The fixture crates, built once.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::cargo;

/// A bench target of the fixture crates.
#[derive(Clone, Copy, Debug)]
pub enum Bench {
    /// Benchmarks of three crates.
    Spread,
    /// A second target of the same package.
    Second,
    /// Benchmarks that do everything that a benchmark should not do.
    Misbehaving,
    /// Benchmarks that differ between two copies of the executable, by its name.
    Sides,
    /// Benchmarks whose instructions are known.
    Instructions,
    /// A target without a benchmark.
    Empty,
    /// A target that names a crate without benchmarks.
    BarrenCrate,
    /// Two benchmarks with one id.
    SameId,
    /// A main that does not serve the runner.
    Unserved,
    /// A main that runs benchmarks from code.
    Programmatic,
    /// Programs whose allocations are known.
    AllocationPrograms,
    /// Benchmarks whose allocations are known.
    Allocations,
    /// Benchmarks whose use of memory is known.
    Probes,
    /// Benchmarks with targets.
    Targets,
    /// Benchmarks that work on devices.
    Devices,
    /// Benchmarks of criterion; a copy called `slower` does twice the work.
    WithCriterion,
    /// The same for divan.
    WithDivan,
    /// An executable that looks like one of criterion, but misbehaves.
    Impostor,
    /// Benchmarks for criterion with the crate that replaces it; a copy called `slower` does twice the work.
    WithFacade,
    /// The same benchmarks with their own `main`.
    WithFacadeMain,
    /// The same with the runner linked.
    FacadeAndRunner,
    /// Benchmarks in every form that divan has, with divan itself.
    DivanShapes,
    /// The same file with the crate that replaces divan.
    DivanShapesFacade,
    /// Benchmarks for divan with the crate that replaces it; a copy called `slower` does twice the work.
    WithDivanFacade,
    /// The same with the runner linked.
    DivanAndRunner,
}

impl Bench {
    /// Returns the name of the bench target.
    pub fn target(self) -> &'static str {
        match self {
            Bench::Spread => "spread",
            Bench::Second => "second",
            Bench::Misbehaving => "misbehaving",
            Bench::Sides => "sides",
            Bench::Instructions => "instructions",
            Bench::Empty => "empty",
            Bench::BarrenCrate => "barren_crate",
            Bench::SameId => "same_id",
            Bench::Unserved => "unserved",
            Bench::Programmatic => "programmatic",
            Bench::AllocationPrograms => "allocation_programs",
            Bench::Allocations => "allocations",
            Bench::Probes => "probes",
            Bench::Targets => "targets",
            Bench::Devices => "devices",
            Bench::WithCriterion => "with_criterion",
            Bench::WithDivan => "with_divan",
            Bench::Impostor => "impostor",
            Bench::WithFacade => "with_facade",
            Bench::WithFacadeMain => "with_facade_main",
            Bench::FacadeAndRunner => "facade_and_runner",
            Bench::DivanShapes | Bench::DivanShapesFacade => "divan_shapes",
            Bench::WithDivanFacade => "with_divan_facade",
            Bench::DivanAndRunner => "divan_and_runner",
        }
    }

    /// Whether the target uses another harness, which takes long to build and few tests need.
    fn is_of_another_harness(self) -> bool {
        use Bench::{DivanShapes, Impostor, WithCriterion, WithDivan};
        matches!(self, WithCriterion | WithDivan | DivanShapes | Impostor)
    }

    /// Whether the target uses a crate that replaces another harness, without the runner.
    fn is_of_a_facade(self) -> bool {
        use Bench::{DivanShapesFacade, WithDivanFacade, WithFacade, WithFacadeMain};
        matches!(self, WithFacade | WithFacadeMain | DivanShapesFacade | WithDivanFacade)
    }
}

/// Returns the executable that `cargo bench` would run, after building it if necessary.
pub fn executable(bench: Bench) -> PathBuf {
    static OURS: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    static OTHERS: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    // Built separately, because the other fixtures link the runner.
    static FACADE: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    let built = if bench.is_of_another_harness() {
        OTHERS.get_or_init(|| benches(&["-p", "fixture-harnesses"]))
    } else if bench.is_of_a_facade() {
        FACADE.get_or_init(|| benches(&["-p", "fixture-facade", "-p", "fixture-divan"]))
    } else {
        // The misbehaving fixture uses system calls of Unix.
        let all = ["-p", "fixture-spread", "-p", "fixture-misbehaving", "-p", "fixture-mains"];
        OURS.get_or_init(|| benches(if cfg!(unix) { &all[..] } else { &all[..2] }))
    };
    built[bench.target()].clone()
}

/// Builds the bench targets of these packages; returns the executables by the names of their targets.
fn benches(packages: &[&str]) -> HashMap<String, PathBuf> {
    // The portable variant checks no figures, so optimizing would waste time.
    let profile = if cfg!(bench_portable) { "dev" } else { "bench" };
    build(&mut cargo(&[&["bench", "--no-run", "--profile", profile], packages].concat()), &[])
}

/// Runs a cargo command that builds, with `last` as its last arguments; returns the executables by the names of their
/// targets.
pub fn build(command: &mut Command, last: &[&str]) -> HashMap<String, PathBuf> {
    let output = command.arg("--message-format=json").args(last).output().expect("cargo");
    if !output.status.success() {
        // All tests that need the fixture fail then, so the error is printed directly: the test harness does not
        // capture that.
        let why = format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        let _ = writeln!(std::io::stderr(), "{why}");
        panic!("{why}");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            let executable = message.get("executable")?.as_str()?;
            Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(executable)))
        })
        .collect()
}
