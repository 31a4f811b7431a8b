//! Files and folders of Python benchmarks, run by the package in `python/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use bench_testing::{Ended, workspace};

use crate::python;
use crate::stage::{Stage, case, read_json};

/// Arguments for the quickest possible run.
const QUICK: [&str; 5] = ["--rounds=1", "--warmup=1", "--repeats=2", "--quiet", "--timeout=60s"];

/// Benchmarks by convention and by decorator, which import code of the project.
const BENCHMARKS: &str = "
import mine
from bench_models import benchmark

def benchmark_work():
    mine.work()

@benchmark(category='performance', model='zoo', args={'n': [1, 2]}, ignore={'n': [2]})
def loaded(b, n):
    data = b.load(lambda: list(range(n)))
    b.count(images=n)
    b.iter(sum, data)
";

/// Creates a project in Python with a folder `speed` of benchmarks.
fn project() -> Stage {
    let stage = Stage::new(&[]);
    fs::create_dir(stage.path().join("speed")).expect("folder");
    fs::write(stage.path().join("pyproject.toml"), "").expect("file");
    fs::write(stage.path().join("mine.py"), "def work():\n    sum(range(1000))\n").expect("file");
    fs::write(stage.path().join("speed/cases.py"), BENCHMARKS).expect("file");
    stage
}

/// Returns the command `bench` with only the package of this workspace in its environment.
fn command(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = stage.bench_command(arguments);
    command.env("PYTHONPATH", workspace().join("python"));
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHASHSEED"] {
        command.env_remove(variable);
    }
    command
}

#[track_caller]
fn bench(stage: &Stage, arguments: &[&str]) -> Ended {
    stage.end(&mut command(stage, arguments))
}

fn git(stage: &Stage, arguments: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@b"];
    let ended = stage.command("git", &[&who[..], arguments].concat()).output().expect("git");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_folder_of_python_is_listed_and_run() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    let ended = bench(&stage, &["run", "speed", "--list"]).expect_code(0);
    assert!(ended.stdout.starts_with("unit/work\nzoo/performance/loaded[n=1]\n"), "{}", ended.said());
    bench(&stage, &[&["run", "speed"], &QUICK[..]].concat()).expect_code(0);
    let record = read_json(&stage.report().join("run.json"));
    let toolchain = record["environment"]["toolchain"].as_str().expect("a toolchain");
    assert!(toolchain.starts_with("CPython 3."), "{toolchain}");
    assert_eq!(record["summary"]["successful_runs"], 2, "{record}");
    let work = case(&record, "unit/work");
    assert!(work["rounds"][0]["start_up_ns"].as_u64().expect("start-up") > 0);
    assert_eq!(case(&record, "zoo/performance/loaded[n=1]")["counters"][0]["unit"], "images");
}

#[test]
fn a_file_of_python_follows_the_protocol() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    // The checks of misuse are left out: they start sixty processes, and the tests of the package include some of them.
    let checks = ["list", "sample: n", "step", "shared"];
    let arguments = [&["conformance", "speed/cases.py", "--timeout=60s"], &checks[..]].concat();
    let ended = bench(&stage, &arguments).expect_code(0);
    ended.expect_said(&["0 deviations", "step: batches, then `stop`"]);
}

#[test]
fn revisions_of_python_are_compared_each_with_its_own_code() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    git(&stage, &["init", "--quiet"]);
    git(&stage, &["add", "-A"]);
    git(&stage, &["commit", "--quiet", "-m", "one"]);
    fs::write(stage.path().join("mine.py"), "def work():\n    sum(range(4000))\n").expect("file");
    let ended = bench(&stage, &["compare", "HEAD", "./speed", "unit/work", "--quiet", "--max-time=60s"]);
    ended.expect_code(3).expect_said(&["1 slower"]);
    bench(&stage, &["compare", "./speed", "--interpreter=python3", "--quiet"])
        .expect_code(2)
        .expect_said(&["expected two sides"]);
    bench(&stage, &["calibrate", "./speed", "--interpreter=python3", "--interpreter=python3.99", "--quiet"])
        .expect_code(2)
        .expect_said(&["expected a single --interpreter"]);
}

/// Returns a file with two cases that record the process of each of their calls.
fn traced(share: &str, file: &str) -> String {
    format!(
        "
import os
from bench_models import benchmark

def note(name):
    with open({file:?}, 'a') as lines:
        lines.write(f'{{os.getpid()}} {{name}}\\n')

@benchmark(share={share})
def benchmark_one():
    note('one')

@benchmark(share={share})
def benchmark_other():
    note('other')
"
    )
}

#[test]
fn cases_of_a_file_share_the_processes_of_a_pair_if_they_may() {
    if python::is_missing() {
        return;
    }
    for (share, is_shared) in [("True", true), ("False", false)] {
        let stage = project();
        let trace = stage.path().join("trace");
        let trace = trace.to_str().expect("a path in UTF-8");
        fs::write(stage.path().join("speed/traced.py"), traced(share, trace)).expect("file");
        let arguments =
            ["calibrate", "speed", "unit/one", "unit/other", "--repeats=1", "--max-time=1s", "--quiet"];
        bench(&stage, &arguments).expect_code(0);
        let lines = fs::read_to_string(trace).expect("calls");
        let processes = |name: &str| -> BTreeSet<&str> {
            lines.lines().filter_map(|line| line.strip_suffix(name)).collect()
        };
        let (one, other) = (processes(" one"), processes(" other"));
        assert!(one.len().min(other.len()) >= 4, "{one:?} {other:?}");
        let common = one.intersection(&other).count();
        // When one case is decided, the other continues alone.
        let expected = if is_shared { one.len().min(other.len()) } else { 0 };
        assert_eq!(common, expected, "share={share}: {one:?} {other:?}");
    }
}

/// Returns a case with a thread that records the state of the other process while the case is called: `T` if it is
/// stopped.
fn watching(folder: &str) -> String {
    format!(
        "
import os, pathlib, threading, time

FOLDER = pathlib.Path({folder:?})
(FOLDER / f'{{os.getpid()}}.process').touch()

def turn():
    while True:
        time.sleep(0.0001)

def state(process):
    try:
        return pathlib.Path(f'/proc/{{process}}/stat').read_text().rpartition(')')[2].split()[0]
    except OSError:
        return 'gone'

def benchmark_watching(b):
    threading.Thread(target=turn, daemon=True).start()
    others = [path.stem for path in FOLDER.glob('*.process') if path.stem != str(os.getpid())]

    def call():
        with open(FOLDER / 'states', 'a') as states:
            states.writelines(f'{{state(other)}}\\n' for other in others)

    b.iter(call)
"
    )
}

#[test]
#[cfg(all(target_os = "linux", not(bench_portable)))]
fn threads_of_the_side_that_waits_are_stopped() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    let folder = stage.path().join("notes");
    fs::create_dir(&folder).expect("folder");
    fs::write(stage.path().join("speed/watching.py"), watching(folder.to_str().expect("UTF-8")))
        .expect("file");
    let arguments = ["calibrate", "speed", "unit/watching", "--repeats=1", "--max-time=1s", "--quiet"];
    bench(&stage, &arguments).expect_code(0);
    let states = fs::read_to_string(folder.join("states")).expect("states");
    let mut seen = BTreeMap::<&str, usize>::new();
    for state in states.lines() {
        *seen.entry(state).or_default() += 1;
    }
    let stopped = seen.get("T").copied().unwrap_or(0);
    // During the warm-up, both processes are awake.
    let awake: usize = ["R", "S"].iter().filter_map(|state| seen.get(state)).sum();
    assert!(stopped > awake, "{seen:?}");
}

/// Returns a function that serves requests, in `seconds` each.
fn serving(seconds: f64) -> String {
    format!(
        "
import time
from bench_models import benchmark

@benchmark(domain='speech', concurrency=[1, 2], requests=5, model='joe', slo=['ttfa <= 5s'])
def speak(text):
    time.sleep({seconds})
    yield bytes(24_000)
    return {{'sample_rate': 24_000}}
"
    )
}

#[test]
fn a_function_of_python_is_a_load_case_like_any_other() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    let file = stage.path().join("speed/tts.py");
    fs::write(&file, serving(0.002)).expect("file");
    bench(&stage, &["run", "speed", "speak", "--rounds=2", "--quiet"]).expect_code(0);
    let record = read_json(&stage.report().join("run.json"));
    let rounds = case(&record, "joe/performance/speak")["rounds"].as_array().expect("rounds");
    assert_eq!(rounds.len(), 2);
    let served = &rounds[1]["served"];
    let levels = served["levels"].as_array().expect("levels");
    assert_eq!((&served["primary"], &levels[1]["concurrency"]), (&"ASPS".into(), &2.into()), "{served}");
    for file in ["levels.csv", "requests.csv", "plots"] {
        assert!(stage.report().join(file).exists(), "{file}");
    }
    // The flags of load cases apply to these, too.
    bench(&stage, &["run", "speed", "speak", "--rounds=1", "--quick", "--quiet"]).expect_code(0);

    git(&stage, &["init", "--quiet"]);
    git(&stage, &["add", "-A"]);
    git(&stage, &["commit", "--quiet", "-m", "one"]);
    fs::write(&file, serving(0.006)).expect("file");
    let ended = bench(&stage, &["compare", "HEAD", "./speed", "speak", "--quiet", "--max-time=60s"]);
    ended.expect_code(3).expect_said(&["1 slower"]);
}

#[test]
fn an_import_that_never_ends_or_floods_fails_its_own_cases() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    let bad = [
        ("hangs", "import time\ntime.sleep(600)\n"),
        ("floods", "print('x' * 50_000_000)\n"),
        ("leaves", "import os\nos._exit(3)\n"),
    ];
    for (name, text) in bad {
        let file = stage.path().join(format!("speed/{name}.py"));
        fs::write(file, format!("{text}def benchmark_{name}(): ...\n")).expect("file");
    }
    let quick = ["--rounds=1", "--warmup=1", "--repeats=2", "--quiet", "--timeout=5s"];
    bench(&stage, &[&["run", "speed"], &quick[..]].concat()).expect_code(1);
    let record = read_json(&stage.report().join("run.json"));
    let message = |id: &str| case(&record, id)["failure"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message("unit/hangs").contains("5.0 s"), "{}", message("unit/hangs"));
    assert!(!message("unit/leaves").is_empty(), "{record}");
    // What a file prints affects no case.
    assert_eq!((message("unit/floods"), message("unit/work")), (String::new(), String::new()));
    assert_eq!(record["summary"]["failed_runs"], 2, "{record}");
}

#[test]
fn hash_seeds_differ_from_pair_to_pair_and_are_the_same_within_one() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    let seen = stage.path().join("seeds");
    let text = format!(
        "import os\nopen({:?}, 'a').write(os.environ['PYTHONHASHSEED'] + '\\n')\ndef benchmark_seed(): ...\n",
        seen.display().to_string()
    );
    fs::write(stage.path().join("speed/cases.py"), text).expect("file");
    bench(&stage, &["compare", "./speed", "./speed", "--quiet", "--max-time=3s"]).expect_code(0);
    let seeds = fs::read_to_string(seen).expect("seeds");
    let mut counts = std::collections::BTreeMap::new();
    seeds.lines().for_each(|seed| *counts.entry(seed).or_insert(0) += 1);
    assert!(counts.len() > 2, "{counts:?}");
    assert!(counts.values().all(|count| count % 2 == 0), "{counts:?}");
}

#[test]
fn requests_are_sent_for_a_worker_only() {
    let stage = Stage::new(&[]);
    let plan = r#"{"socket": "s", "field": "text", "inputs": {"prompts": {"count": 1}}, "load": {"concurrency": [1]}}"#;
    let plan_file = stage.path().join("plan.json");
    fs::write(&plan_file, plan).expect("file");
    let mut command = stage.bench_command(&["functions", "round"]);
    let ended = command.stdin(fs::File::open(plan_file).expect("file")).output().expect("started");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(2) && said.contains("expected to be started by a worker"), "{said}");
}

#[test]
fn the_commit_that_made_python_slower_is_named_and_a_gate_measures_both_again() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    fs::write(stage.path().join(".gitignore"), "benchmark_results\n__pycache__\n").expect("file");
    git(&stage, &["init", "--quiet"]);
    let commit = |turns: u32, subject: &str| {
        let code = format!("# {subject}\ndef work():\n    sum(range({turns}))\n");
        fs::write(stage.path().join("mine.py"), code).expect("file");
        git(&stage, &["add", "-A"]);
        git(&stage, &["commit", "--quiet", "-m", subject]);
        let rounds = ["--rounds=6", "--max-time=1s", "--quiet", "--category=unit"];
        bench(&stage, &[&["run", "speed", "--save-as", subject], &rounds[..]].concat()).expect_code(0);
    };
    commit(1000, "good");
    commit(1000, "note");
    commit(10_000, "culprit");
    commit(10_000, "bad");
    let until_decided = ["--threshold=20%", "--max-time=20s", "--quiet"];
    let bisect = ["bisect", "HEAD~3", "HEAD", "--case=unit/work"];
    let ended = bench(&stage, &[&bisect[..], &until_decided].concat()).expect_code(0);
    ended.expect_said(&["unit/work became slower with", "culprit"]);
    let gate = ["gate", "bad", "--baseline=good", "--confirm=always", "--max-time=20s", "--quiet"];
    let ended = bench(&stage, &gate).expect_code(3).expect_said(&["unit/work", "1 fails"]);
    assert!(!ended.stdout.contains("not confirmed"), "{}", ended.said());
}

#[test]
fn an_interpreter_without_the_package_is_answered_with_the_command_that_installs_it() {
    if python::is_missing() {
        return;
    }
    let stage = project();
    let ended = stage.end(command(&stage, &["run", "speed"]).env("PYTHONPATH", "")).expect_code(2);
    ended.expect_said(&["the package bench-models is missing", "-m pip install ./python"]);
    bench(&stage, &["run", "speed", "--interpreter=/no/such/python"])
        .expect_code(2)
        .expect_said(&["/no/such/python cannot run Python benchmarks"]);
    fs::write(stage.path().join("speed/cases.py"), "x = 1\n").expect("file");
    bench(&stage, &["run", "speed"]).expect_code(2).expect_said(&["functions called `benchmark_*`"]);
}
