"""Builds without anything built before, against those of other harnesses. Used by `benchmarks/measure`."""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from common import ROOT, run, spread, wall

OURS = (
    "use bench_core::prelude::*;\n#[benchmark(category = \"unit\")]\nfn sum() -> u64 { (0..1000).sum() }\nbench_core::main!();\n"
)

FOR_CRITERION = (
    "use criterion::{Criterion, criterion_group, criterion_main};\n"
    'fn sum(c: &mut Criterion) { c.bench_function("sum", |b| b.iter(|| (0..1000u64).sum::<u64>())); }\n'
    "criterion_group!(benches, sum);\ncriterion_main!(benches);\n"
)

# The default features but `gpu`: what looking at GPUs costs is the difference. CI does without it.
WITHOUT_GPU = "bench-core, without `gpu`"

FACADE = ROOT / "crates/criterion-facade"

PROJECTS = {
    "bench-core": ('bench-core = { path = "%s" }' % (ROOT / "bench-core"), OURS),
    "bench-core, no default features": (
        'bench-core = { path = "%s", default-features = false }' % (ROOT / "bench-core"),
        OURS,
    ),
    "criterion 0.8": ('criterion = "0.8"', FOR_CRITERION),
    "divan 0.1": (
        'divan = "0.1"',
        "fn main() { divan::main(); }\n#[divan::bench]\nfn sum() -> u64 { (0..1000).sum() }\n",
    ),
    WITHOUT_GPU: (
        'bench-core = { path = "%s", default-features = false, features = ["runner"] }' % (ROOT / "bench-core"),
        OURS,
    ),
    "criterion-facade": ('criterion = { package = "criterion-facade", path = "%s" }' % FACADE, FOR_CRITERION),
    "criterion-facade, `runner`": (
        'criterion = { package = "criterion-facade", path = "%s", features = ["runner"] }' % FACADE,
        FOR_CRITERION,
    ),
}


BUILD_TIME = ROOT / "benchmarks/build-time.json"

# Whose build ours is compared with.
RIVALS = {
    "bench-core": "criterion 0.8",
    "bench-core, no default features": "divan 0.1",
    "criterion-facade": "criterion 0.8",
    "criterion-facade, `runner`": "criterion 0.8",
}

# What CI builds: the rest follows from it.
CHECKED = ["bench-core", "bench-core, no default features", "criterion 0.8", "divan 0.1"]

# A fresh build may take this much longer, against its rival's, than when the ratio was recorded.
TOLERANCE = 1.10


def crates_of(output):
    """Names and versions of the crates that a build has compiled, without the project itself.

    A crate that is built twice, for its build script or with other features, is one crate.

    >>> crates_of("   Compiling libc v0.2.191\\n   Compiling one-benchmark v0.1.0 (/tmp/x)\\n   Compiling libc v0.2.191\\n")
    {'libc v0.2.191'}
    """
    compiled = re.findall(r"^\s*Compiling (\S+ v\S+)", output, re.M)
    return {name for name in compiled if not name.startswith("one-benchmark ")}


def fresh_build(project):
    """Wall seconds, processor seconds and crates of a release build without anything built before."""
    with tempfile.TemporaryDirectory() as target:
        environment = dict(os.environ, CARGO_TARGET_DIR=target)
        before, began = os.times(), time.perf_counter()
        output = run(["cargo", "build", "--release", "--bench", "sum"], cwd=project, env=environment)
        wall_s, after = time.perf_counter() - began, os.times()
    processor_s = after.children_user + after.children_system - before.children_user - before.children_system
    return wall_s, processor_s, crates_of(output)


def least_ratio(ours, theirs):
    """The least of one over the least of the other: what disturbs a build only makes it longer.

    >>> least_ratio([3.0, 2.0, 9.0], [4.0, 5.0])
    0.5
    """
    return min(ours) / min(theirs)


def grown(ratio, recorded):
    """Whether a ratio is out of what is tolerated.

    >>> grown(1.09, 1.0), grown(1.11, 1.0), grown(0.5, 1.0)
    (False, True, False)
    """
    return ratio > recorded * TOLERANCE


def lay_out(folder):
    """Writes the projects into a folder, each with its dependencies at hand."""
    projects = {}
    for name, (dependency, source) in PROJECTS.items():
        project = folder / re.sub(r"\W+", "-", name)
        (project / "benches").mkdir(parents=True)
        (project / "src").mkdir()
        (project / "src/lib.rs").write_text("")
        (project / "benches/sum.rs").write_text(source)
        (project / "Cargo.toml").write_text(
            '[package]\nname = "one-benchmark"\nversion = "0.1.0"\nedition = "2024"\n\n[lib]\nbench = false\n\n'
            f'[[bench]]\nname = "sum"\nharness = false\n\n[dev-dependencies]\n{dependency}\n\n[workspace]\n'
        )
        run(["cargo", "fetch"], cwd=project)
        projects[name] = project
    return projects


def build_time(repeats, check, record):
    """Fresh release builds, the projects in turn, so that a slow minute falls on all of them."""
    chosen = CHECKED if check else list(PROJECTS)
    walls, processors, crates = ({name: [] for name in chosen} for _ in range(3))

    def build(name):
        wall_s, processor_s, compiled = fresh_build(projects[name])
        walls[name].append(wall_s)
        processors[name].append(processor_s)
        crates[name] = compiled

    with tempfile.TemporaryDirectory() as folder:
        projects = lay_out(pathlib.Path(folder))
        for turn in range(repeats):
            # Which comes first changes: a machine that warms up must not favour one of them.
            for name in chosen if turn % 2 == 0 else reversed(chosen):
                build(name)
        recorded = json.loads(BUILD_TIME.read_text()) if check else {}
        wrong = []
        for ours, theirs in RIVALS.items():
            if ours not in chosen:
                continue
            known = recorded.get(ours)
            # A ratio that has grown by chance does not grow again: only one that stays too large fails.
            for _ in range(2):
                if known and grown(least_ratio(processors[ours], processors[theirs]), known["processor"]):
                    build(theirs)
                    build(ours)
            ratio = least_ratio(processors[ours], processors[theirs])
            if known and grown(ratio, known["processor"]):
                wrong.append(f"{ours}: {ratio:.2f} x the processor time of {theirs}, recorded {known['processor']:.2f} x")
            if known and len(crates[ours]) > known["crates"]:
                wrong.append(f"{ours}: {len(crates[ours])} crates, recorded {known['crates']}")

    print("| one-benchmark project | fresh release build | processor time | crates | against | wall | processor |\n|---|---|---|---|---|---|---|")
    for name in chosen:
        row = [name, spread(walls[name], "s"), spread(processors[name], "s"), str(len(crates[name]))]
        if rival := RIVALS.get(name):
            ratios = least_ratio(walls[name], walls[rival]), least_ratio(processors[name], processors[rival])
            row += [rival, *(f"{ratio:.2f} x" for ratio in ratios)]
        else:
            row += ["", "", ""]
        print(f"| {' | '.join(row)} |")
    if not check:
        more = lambda took: f"{min(took['bench-core']) - min(took[WITHOUT_GPU]):.1f} s"
        print(f"\nlooking at GPUs adds {more(walls)} to the build, {more(processors)} of processor time (aim: 3 s)")
    if record:
        figures = {
            ours: {
                "against": theirs,
                "processor": round(least_ratio(processors[ours], processors[theirs]), 2),
                "crates": len(crates[ours]),
            }
            for ours, theirs in RIVALS.items()
        }
        BUILD_TIME.write_text(json.dumps(figures, indent=2) + "\n")
    if wrong:
        sys.exit("\nbuild time has grown by more than a tenth, or crates were added:\n" + "\n".join(wrong))


def main_command(clone, target):
    """Seconds in which the main command builds, and in which it then runs."""
    environment = dict(os.environ, CARGO_TARGET_DIR=target, CARGO_TERM_COLOR="never")
    # Flags of the harness, among them a folder for results, would measure another command.
    environment = {name: value for name, value in environment.items() if not name.startswith("BENCH_")}
    command = ["cargo", "bench", "--locked", "--", "--category", "performance"]
    said, built = [], None
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            said.append(line)
            # What cargo says before it starts a bench target.
            if built is None and re.match(r"\s+Running ", line):
                built = time.perf_counter()
    ended = time.perf_counter()
    if process.returncode != 0 or built is None:
        sys.exit(f"{' '.join(command)} failed ({process.returncode}):\n{''.join(said)}")
    return built - began, ended - built


def first_run(repeats):
    """What someone waits who tries this repository, in fresh builds of criterion: one before and one after each run, so
    that a slow minute falls on both. Downloads are not measured. The commit is measured, not what is not committed."""
    if run(["git", "status", "--porcelain"], cwd=ROOT).strip():
        print("warning: what is not committed is not measured", file=sys.stderr)
    parts = {"clone": [], "build": [], "run": [], "together": []}
    criterion, ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        other = lay_out(pathlib.Path(folder) / "projects")["criterion 0.8"]
        for turn in range(repeats):
            clone = pathlib.Path(folder) / f"clone-{turn}"
            before, *_ = fresh_build(other)
            cloned = wall(["git", "clone", "--quiet", "--no-local", str(ROOT), str(clone)])
            run(["cargo", "fetch", "--locked"], cwd=clone)
            with tempfile.TemporaryDirectory() as target:
                built, ran = main_command(clone, target)
            after, *_ = fresh_build(other)
            for name, seconds in zip(parts, (cloned, built, ran, cloned + built + ran)):
                parts[name].append(seconds)
            criterion += [before, after]
            ratios.append((cloned + built + ran) / statistics.mean([before, after]))
            print(f"turn {turn + 1} of {repeats}: {ratios[-1]:.1f} times criterion's build", file=sys.stderr)
    print("| clean clone to the end of `cargo bench -- --category performance`, without weights | |\n|---|---|")
    for name, seconds in parts.items():
        print(f"| {name} | {spread(seconds, 's')} |")
    print(f"| fresh release build of a one-benchmark project, criterion 0.8 | {spread(criterion, 's')} |")
    print(f"| ratio | {spread(ratios, 'times')} (aim: 12) |")


def install(repeats):
    """What someone waits for the `bench` command, in fresh builds of criterion, and how large it is."""
    took, criterion, ratios, size = [], [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        other = lay_out(pathlib.Path(folder) / "projects")["criterion 0.8"]
        run(["cargo", "fetch", "--locked"], cwd=ROOT)
        for turn in range(repeats):
            before, *_ = fresh_build(other)
            with tempfile.TemporaryDirectory() as target:
                environment = dict(os.environ, CARGO_TARGET_DIR=target)
                command = ["cargo", "install", "--locked", "--path", str(ROOT / "crates/bench-cli"), "--root", f"{target}/root"]
                took.append(wall(command, cwd=folder, env=environment))
                size = pathlib.Path(target, "root/bin/bench").stat().st_size
            after, *_ = fresh_build(other)
            criterion += [before, after]
            ratios.append(took[-1] / statistics.mean([before, after]))
            print(f"turn {turn + 1} of {repeats}: {ratios[-1]:.1f} times criterion's build", file=sys.stderr)
    print("| `cargo install --path crates/bench-cli` | |\n|---|---|")
    print(f"| wall time | {spread(took, 's')} |")
    print(f"| fresh release build of a one-benchmark project, criterion 0.8 | {spread(criterion, 's')} |")
    print(f"| ratio | {spread(ratios, 'times')} (aim: 5) |")
    print(f"| the installed program | {size / 1e6:.1f} MB (aim: 20) |")
