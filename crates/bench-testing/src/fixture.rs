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
    /// Everything a benchmark should not do.
    Misbehaving,
    /// The difference between two copies of it.
    Sides,
    /// Benchmarks whose instructions are known.
    Instructions,
    /// No benchmark.
    Empty,
    /// Names a crate without benchmarks.
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
    /// Benchmarks of criterion; of a copy called `slower`, with twice the work.
    WithCriterion,
    /// The same of divan.
    WithDivan,
    /// Bears the traces of criterion, and misbehaves.
    Impostor,
    /// Benchmarks of criterion on the crate that stands in for it; of a copy called `slower`, with twice the work.
    WithFacade,
    /// The same with their own main.
    WithFacadeMain,
    /// The same with the runner linked.
    FacadeAndRunner,
    /// Benchmarks in every shape that divan knows, on divan itself.
    DivanShapes,
    /// The same file on the crate that stands in for divan.
    DivanShapesFacade,
    /// Benchmarks of divan on the crate that stands in for it; of a copy called `slower`, with twice the work.
    WithDivanFacade,
    /// The same with the runner linked.
    DivanAndRunner,
}

impl Bench {
    /// The name of the bench target.
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

    /// Whether it is of another harness, which takes a while to build and few tests need.
    fn is_of_another_harness(self) -> bool {
        use Bench::{DivanShapes, Impostor, WithCriterion, WithDivan};
        matches!(self, WithCriterion | WithDivan | DivanShapes | Impostor)
    }

    /// Whether it is of a crate that stands in for another harness, without the runner.
    fn is_of_a_facade(self) -> bool {
        use Bench::{DivanShapesFacade, WithDivanFacade, WithFacade, WithFacadeMain};
        matches!(self, WithFacade | WithFacadeMain | DivanShapesFacade | WithDivanFacade)
    }
}

/// The executable that `cargo bench` would run.
pub fn executable(bench: Bench) -> PathBuf {
    static OURS: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    static OTHERS: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    // By itself: without the runner, which the others link.
    static FACADE: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    let built = if bench.is_of_another_harness() {
        OTHERS.get_or_init(|| benches(&["-p", "fixture-harnesses"]))
    } else if bench.is_of_a_facade() {
        FACADE.get_or_init(|| benches(&["-p", "fixture-facade", "-p", "fixture-divan"]))
    } else {
        // What misbehaves does so by system calls of Unix.
        let all = ["-p", "fixture-spread", "-p", "fixture-misbehaving", "-p", "fixture-mains"];
        OURS.get_or_init(|| benches(if cfg!(unix) { &all[..] } else { &all[..2] }))
    };
    built[bench.target()].clone()
}

/// Builds the bench targets of these packages.
fn benches(packages: &[&str]) -> HashMap<String, PathBuf> {
    // Without the figures of the portable variant nobody waits for the optimizer.
    let profile = if cfg!(bench_portable) { "dev" } else { "bench" };
    build(&mut cargo(&[&["bench", "--no-run", "--profile", profile], packages].concat()), &[])
}

/// Runs a cargo command that builds, with `last` as its last arguments; the executables by their
/// targets' names.
pub fn build(command: &mut Command, last: &[&str]) -> HashMap<String, PathBuf> {
    let output = command.arg("--message-format=json").args(last).output().expect("cargo");
    if !output.status.success() {
        // Every test that needs it fails of this, so it is said before them, where the test harness does not keep it back.
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
