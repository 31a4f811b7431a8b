//! Runs, comparisons and calibrations of programs that are not Rust, and of programs that break the protocol.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::python::{self, EXAMPLE, FAULTY};
use crate::stage::{Stage, case, read_json, verdicts};

/// Arguments for the quickest possible run.
const QUICK: [&str; 5] = ["--rounds=1", "--warmup=1", "--repeats=2", "--quiet", "--timeout=30s"];

/// Returns the record of the only run.
#[track_caller]
fn record(stage: &Stage) -> Value {
    read_json(&stage.report().join("run.json"))
}

/// Returns the message of the first failed round of a case; empty if there is none.
fn failure(case: &Value) -> &str {
    let rounds = case["rounds"].as_array().expect("rounds");
    rounds.iter().find_map(|round| round["failure"]["message"].as_str()).unwrap_or_default()
}

/// Returns the example, with the ids of this model.
fn example(model: &str) -> String {
    EXAMPLE.replace("f\"unit/", &format!("f\"{model}/unit/"))
}

/// Installs a program with this fault and its own ids in a separate folder.
fn faulty(stage: &Stage, fault: &str) -> String {
    fs::create_dir_all(stage.path().join(fault)).expect("a folder");
    python::install(stage, &example(fault), &format!("{fault}/python_program.py"));
    let text = FAULTY.replace("os.environ.get(\"FAULT\", \"\")", &format!("{fault:?}"));
    assert_ne!(text, FAULTY);
    python::install(stage, &text, &format!("{fault}/program.py"))
}

#[test]
fn a_python_program_is_run_and_its_interpreter_is_the_toolchain() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let program = python::install(&stage, EXAMPLE, "program.py");
    let arguments = [&["run", &program], &QUICK[..]].concat();
    stage.bench(&arguments).expect_code(0);
    let record = record(&stage);
    let toolchain = record["environment"]["toolchain"].as_str().expect("a toolchain");
    assert!(toolchain.contains("Python 3."), "{toolchain}");
    assert_eq!(
        (&record["summary"]["successful_runs"], &record["summary"]["failed_runs"]),
        (&5.into(), &0.into())
    );
    let statuses: Vec<&Value> =
        record["cases"].as_array().expect("cases").iter().map(|case| &case["status"]).collect();
    assert_eq!(statuses.iter().filter(|status| **status == "skipped").count(), 1);
    let look_up = case(&record, "unit/look_up");
    assert!(look_up["rounds"][0]["start_up_ns"].as_u64().expect("start-up") > 0);
    stage.bench(&["run", &program, "--list"]).expect_code(0).expect_said(&["unit/total[n=100]"]);
    stage.bench(&["run", &program, "--dry-run", "total"]).expect_code(0).expect_said(&["unit/total[n=1000]"]);
}

/// Runs two interpreters in one run: each case belongs to the history of its own interpreter.
#[test]
fn each_case_keeps_the_build_of_its_program() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let ours = python::install(&stage, EXAMPLE, "ours.py");
    let text = example("other")
        .replace("f\"{platform.python_implementation()} {platform.python_version()}\"", "\"Other 1.0\"");
    let other = python::install(&stage, &text, "other.py");
    stage.bench(&[&["run", &ours, &other, "digest"], &QUICK[..]].concat()).expect_code(0);
    let record = record(&stage);
    assert_eq!(case(&record, "unit/digest").get("build"), None);
    assert_eq!(case(&record, "other/unit/digest")["build"]["toolchain"], "Other 1.0");
    stage.bench(&["store", "add", "latest"]).expect_code(0);
    let listed = stage.bench(&["store", "export"]).expect_code(0).stdout;
    assert!(listed.contains("Other 1.0"), "{listed}");
}

#[test]
fn a_slower_copy_of_a_python_program_is_slower() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let base = python::install(&stage, EXAMPLE, "base.py");
    let slow = python::install(&stage, &EXAMPLE.replace("\nWORK = 1 ", "\nWORK = 2 "), "slow.py");
    let arguments = ["compare", &base, &slow, "digest", "--threshold=20%", "--max-time=100s", "--quiet"];
    stage.bench(&arguments).expect_code(3);
    assert_eq!(verdicts(&stage.comparison()), [("unit/digest".to_owned(), "slower".to_owned())]);
    let toolchain =
        stage.comparison()["base"]["build"]["toolchain"].as_str().expect("a toolchain").to_owned();
    assert!(toolchain.contains("Python 3."), "{toolchain}");
    let arguments = ["calibrate", &base, "digest", "--repeats=1", "--max-time=50ms", "--json=-"];
    let ended = stage.bench(&arguments).expect_code(0);
    let printed: Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
    assert_eq!(printed["suite"]["comparisons"], 1);
}

/// Checks a benchmark with prepared inputs: the content of the cache must not differ between the sides.
#[test]
fn both_sides_keep_as_many_inputs_alive() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let side = |name: &str, own: u32| {
        let text = EXAMPLE.replace(
            "channel.send(\"finished\", ",
            &format!(
                "open(\"{name}.alive\", \"a\").write(f\"{{wanted.get('inputs_alive')}} \")\n    \
                 channel.send(\"finished\", inputs_alive=wanted.get(\"inputs_alive\") or {own}, "
            ),
        );
        assert_ne!(text, EXAMPLE);
        python::install(&stage, &text, name)
    };
    let (base, candidate) = (side("base.py", 8), side("candidate.py", 4));
    stage.bench(&["compare", &base, &candidate, "digest", "--max-time=1s", "--quiet"]);
    for name in ["base.py.alive", "candidate.py.alive"] {
        let text = fs::read_to_string(stage.path().join(name)).expect("written");
        let told: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(told[0], "None", "{told:?}");
        assert!(told.len() > 1 && told[1..].iter().all(|alive| *alive == "4"), "{told:?}");
    }
}

/// Returns the example, changed so that each worker adds a line to the file `started`.
fn counted(text: &str) -> String {
    let start = "def work(channel):\n";
    let counted = text.replace(start, &format!("{start}    open(\"started\", \"a\").write(\"x\\n\")\n"));
    assert_ne!(counted, text);
    counted
}

#[test]
fn cases_of_one_set_up_share_a_worker_within_a_pass() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let program = python::install(&stage, &counted(EXAMPLE), "program.py");
    let started = || fs::read_to_string(stage.path().join("started")).expect("workers").lines().count();
    let arguments = ["run", &program, "look_up", "longest", "--rounds=3", "--repeats=3", "--quiet"];
    stage.bench(&arguments).expect_code(0);
    assert_eq!(started(), 3, "a worker for each pass");
    for id in ["unit/look_up", "unit/longest"] {
        assert_eq!(case(&record(&stage), id)["rounds"].as_array().map(Vec::len), Some(3), "{id}");
    }
    fs::remove_dir_all(stage.results()).expect("removed");
    stage.bench(&["run", &program, "total", "--rounds=3", "--repeats=3", "--quiet"]).expect_code(0);
    assert_eq!(started(), 3 + 2 * 3, "cases without a set-up have a worker for each round");
}

#[test]
fn a_crash_of_a_shared_worker_takes_no_other_case_with_it() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let crash = "(\"crash\", {}, \"words\", lambda words: lambda: os._exit(3)), (\"longest\"";
    let text = counted(&EXAMPLE.replace("(\"longest\"", crash));
    let program = python::install(&stage, &text, "program.py");
    let arguments = ["run", &program, "look_up", "longest", "crash", "--rounds=2", "--repeats=2", "--quiet"];
    stage.bench(&arguments).expect_code(1);
    let record = record(&stage);
    assert!(failure(case(&record, "unit/crash")).contains("exited with code 3"), "{record}");
    for id in ["unit/look_up", "unit/longest"] {
        let case = case(&record, id);
        assert_eq!(
            (&case["status"], case["rounds"].as_array().map(Vec::len)),
            (&"ok".into(), Some(2)),
            "{id}"
        );
    }
}

/// Programs that cannot be listed, and the error for each.
const REFUSED: &[(&str, &str)] = &[
    ("nothing", "printed nothing: expected one JSON object"),
    ("no_case", "its list contains no case"),
    ("twice", "contains the id `twice/unit/digest` twice"),
    ("talks", "printed `Loading ..."),
    ("other_version", "it speaks version 3 of the worker protocol"),
    ("long_list", "printed more than 64 MiB"),
];

#[test]
fn programs_without_a_list_are_named_and_the_others_go_on() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let write = |name: &str, text: &str, mode: u32| {
        let path = stage.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
        format!("./{name}")
    };
    let libtest = std::env::current_exe().expect("this test").to_string_lossy().into_owned();
    let mut refused: Vec<(String, &str)> = vec![
        (write("unreadable", EXAMPLE, 0o644), "make it executable (`chmod +x`)"),
        (write("lost.py", "#!/nowhere/python\n", 0o755), "its interpreter (first line) does not exist"),
        (write("text", "buy milk\n", 0o755), "nor a script that begins with `#!`"),
        ("/bin/false".to_owned(), "ended with exit status: 1 (without output): expected a list of cases"),
        (libtest, "expected a list of cases, then exit code 0"),
    ];
    refused.extend(REFUSED.iter().map(|(fault, said)| (faulty(&stage, fault), *said)));
    let good = python::install(&stage, &example("good"), "good.py");
    let mut arguments = vec!["run"];
    arguments.extend(refused.iter().map(|(program, _)| program.as_str()));
    arguments.push(&good);
    arguments.push("digest");
    let ended = stage.bench(&[&arguments, &QUICK[..]].concat()).expect_code(1);
    let record = record(&stage);
    assert_eq!(case(&record, "good/unit/digest")["status"], "ok");
    let warnings: Vec<&str> =
        record["warnings"].as_array().expect("warnings").iter().filter_map(Value::as_str).collect();
    for (program, said) in &refused {
        let name = program.trim_start_matches("./");
        let names = |text: &&&str| text.contains(name) && text.contains(said);
        assert!(warnings.iter().any(|warning| names(&warning)), "{name}: {said}: {warnings:#?}");
        assert!(ended.stderr.lines().any(|line| names(&&line)), "{name}: {said}: {}", ended.stderr);
        for sides in [[program, &good], [&good, program]] {
            let ended = stage.bench(&["compare", sides[0], sides[1]]);
            assert_eq!(ended.code, 2, "{}", ended.said());
            ended.expect_said(&[name, said]);
        }
        stage.bench(&["calibrate", program]).expect_code(2).expect_said(&[name, said]);
    }
    arguments.retain(|argument| *argument != good);
    stage.bench(&arguments).expect_code(2).expect_said(&["none of these is a benchmark program"]);
    stage.bench(&["run", &good, "/bin/true", "--list"]).expect_code(1).expect_said(&["good/unit/digest"]);
}

/// Workers that break the protocol, and the message for each in a run and in a comparison.
const BROKEN: &[(&str, &str, &str)] = &[
    ("never_ready", "expected `ready` as its first frame", "expected `ready` as its first frame"),
    (
        "ready_of_1",
        "it speaks version 1 of the worker protocol",
        "it speaks version 1 of the worker protocol",
    ),
    ("no_ready", "`first_call` before `ready`", "expected `ready` as its first frame, found `first_call`"),
    ("chatter", "expected a frame, found `hello`", "expected a frame, found `hello`"),
    ("dies_after_ready", "exited with code 3", "exited with code 3"),
    ("dies_after_first_call", "exited with code 3", "exited with code 3"),
    ("dies_after_samples", "exited with code 3", "exited with code 3"),
    ("big_frame", "at most 64 MiB, found a longer one", "at most 64 MiB, found a longer one"),
    ("endless_frame", "at most 64 MiB, found a longer one", "at most 64 MiB, found a longer one"),
    ("no_samples", "expected `samples` before `finished`", "not done after"),
    ("two_times", "", "expected one time of a batch"),
    ("other_iterations", "", "expected one time of a batch"),
    ("ignores_stop", "", "expected `finished` after `stop`"),
];

#[test]
fn workers_that_break_the_protocol_fail_their_case_alone() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let good = python::install(&stage, &example("good"), "good.py");
    let programs: Vec<String> = BROKEN.iter().map(|(fault, ..)| faulty(&stage, fault)).collect();
    let mut arguments = vec!["run", &good];
    arguments.extend(programs.iter().map(String::as_str));
    arguments.push("digest");
    stage.bench(&[&arguments, &QUICK[..]].concat()).expect_code(1);
    let record = record(&stage);
    assert_eq!(case(&record, "good/unit/digest")["status"], "ok");
    for (fault, said, _) in BROKEN {
        let case = case(&record, &format!("{fault}/unit/digest"));
        let found = failure(case);
        assert_eq!(case["status"] == "failed", !said.is_empty(), "{fault}: {found}");
        assert!(found.contains(said), "{fault}: {found}");
    }
}

#[test]
fn workers_that_break_the_protocol_fail_a_comparison() {
    if python::is_missing() {
        return;
    }
    for (fault, _, said) in BROKEN {
        let stage = Stage::new(&[]);
        let program = faulty(&stage, fault);
        let timeout =
            if fault.starts_with('n') || *fault == "ignores_stop" { "--timeout=5s" } else { "--timeout=60s" };
        let arguments =
            ["calibrate", &program, "digest", "--repeats=1", "--max-time=1ms", "--quiet", timeout];
        stage.bench(&arguments).expect_code(1).expect_said(&[said, "digest"]);
    }
}

#[test]
fn a_case_that_its_worker_does_not_know_fails_alone() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let program = faulty(&stage, "ghost");
    let arguments = [&["run", &program, "ghost/unit/digest", "unit/ghost"], &QUICK[..]].concat();
    stage.bench(&arguments).expect_code(1);
    let record = record(&stage);
    assert!(failure(case(&record, "unit/ghost")).contains("unit/ghost"), "{record}");
    assert_eq!(case(&record, "ghost/unit/digest")["status"], "ok");
}

#[test]
fn a_list_may_be_long() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let many = EXAMPLE.replace("for n in (\"100\", \"1000\")", "for n in map(str, range(20_000))");
    assert_ne!(many, EXAMPLE);
    let program = python::install(&stage, &many, "program.py");
    let ended = stage.bench(&["run", &program, "--list", "total"]).expect_code(0);
    assert_eq!(ended.stdout.lines().filter(|line| line.contains("unit/total[n=")).count(), 20_000);
    let arguments = [&["run", &program, "--exact", "unit/total[n=19999]"], &QUICK[..]].concat();
    stage.bench(&arguments).expect_code(0);
}

/// Writes a shell script with this name, and returns its path.
fn script(stage: &Stage, name: &str, text: &str) -> String {
    let path = stage.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    format!("./{name}")
}

#[test]
fn what_never_lists_its_cases_is_ended_by_the_timeout() {
    let stage = Stage::new(&[]);
    let never = script(&stage, "never", "exec sleep 600");
    let endless = script(&stage, "endless", "exec yes");
    let ended = stage.bench(&["compare", &never, &never, "--timeout=1s"]);
    ended.expect_code(2).expect_said(&["had not ended after 1 s"]);
    let ended = stage.bench(&["compare", &endless, &endless]);
    ended.expect_code(2).expect_said(&["printed more than 64 MiB"]);
}

#[test]
fn a_file_that_may_not_grow_is_an_error_with_words() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let program = python::install(&stage, EXAMPLE, "program.py");
    let limited =
        format!("ulimit -f 8; exec {} run {program} {}", env!("CARGO_BIN_EXE_bench"), QUICK.join(" "));
    let ended = stage.end(&mut stage.command("sh", &["-c", &limited]));
    ended.expect_code(2).expect_said(&["File too large"]);
}

#[test]
fn daemons_of_benchmarks_are_ended_with_the_run_and_said() {
    if python::is_missing() {
        return;
    }
    let stage = Stage::new(&[]);
    let daemon = "import os, subprocess\nif 'BENCH_WORKER_CHANNEL' in os.environ:\n    \
                  subprocess.Popen(['sleep', '611'], start_new_session=True)\nimport gc";
    let text = EXAMPLE.replacen("import gc", daemon, 1);
    assert_ne!(text, EXAMPLE);
    let program = python::install(&stage, &text, "program.py");
    let arguments = [&["run", &program, "look_up"], &QUICK[..]].concat();
    let said = "ended processes that benchmarks had left running: sleep (";
    stage.bench(&arguments).expect_code(0).expect_said(&[said]);
}
