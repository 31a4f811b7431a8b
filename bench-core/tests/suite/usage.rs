//! Values that no flag can take: exit code 2, and a message that names them.

use bench_testing::{Bench, Stage};

const COUNTS: [&str; 8] = ["-1", "1.5", "NaN", "inf", "x", "1e3", "99999999999999999999", " "];
const DURATIONS: [&str; 11] =
    ["5", "s", "0s", "-1s", "1 fortnight", "NaNs", "infs", "1e400s", "2000h", "1s 2s", "0.0000000001ns"];
const PERCENTAGES: [&str; 7] = ["0", "-1", "NaN", "inf", "x", "5%%%x", "0%"];
const SIZES: [&str; 8] = ["12", "MB", "0B", "-1MB", "1e3MB", "NaNGB", "1XB", "99999999999999TB"];
const PARTITIONS: [&str; 8] = ["0/3", "4/3", "1", "1/0", "-1/3", "a/b", "1/3/5", "1/99999999999999999999"];
const REGEXES: [&str; 4] = ["(", "[a", "*", "a{9999999}"];
const ARGUMENTS: [&str; 4] = ["batch", "=8", "batch=", "batch=8,,"];

fn refused() -> impl Iterator<Item = (&'static str, &'static str)> {
    let with = |flag, values: &'static [&'static str]| values.iter().map(move |value| (flag, *value));
    with("warmup", &COUNTS)
        .chain(with("repeats", &COUNTS))
        .chain(with("rounds", &COUNTS))
        .chain(with("seed", &COUNTS))
        .chain([
            ("repeats", "0"),
            ("rounds", "0"),
            ("category", "unit,units"),
            ("save-as", "a/b"),
            ("save-as", "latest"),
        ])
        .chain([("save-as", ".."), ("color", "purple"), ("format", "xml"), ("probes", "cpu,gpus")])
        .chain(with("max-time", &DURATIONS))
        .chain(with("timeout", &DURATIONS))
        .chain([
            ("profile-time", "0"),
            ("profile-time", "-1"),
            ("profile-time", "NaN"),
            ("profile-time", "2000h"),
        ])
        .chain(with("target-precision", &PERCENTAGES))
        .chain(with("fail-on-regression", &PERCENTAGES))
        .chain(with("max-memory", &SIZES))
        .chain(with("partition", &PARTITIONS))
        .chain(with("args", &ARGUMENTS))
}

#[track_caller]
fn says(stage: &Stage, ended: bench_testing::Ended, what: &str, value: &str) {
    assert_eq!(ended.code, 2, "{what}: {}", ended.said());
    let named = value.split(',').any(|part| !part.is_empty() && ended.stderr.contains(part));
    assert!(named, "{what} is not named in:\n{}", ended.stderr);
    assert!(!stage.results().exists(), "{what}: something was begun");
}

#[test]
fn wrong_values_of_flags_are_named() {
    let stage = Stage::new(Bench::Spread);
    for (flag, value) in refused() {
        let argument = format!("--{flag}={value}");
        let mut arguments = vec!["softmax", &argument, "--bench"];
        if flag == "fail-on-regression" {
            arguments.push("--compare=latest");
        }
        says(&stage, stage.run(&arguments), &argument, value);
        // As a separate argument, too, which could be taken for another flag.
        if value.starts_with('-') {
            let flag = format!("--{flag}");
            let sign_and_digit = &value[..2];
            says(&stage, stage.run(&["softmax", &flag, value, "--bench"]), &argument, sign_and_digit);
        }
    }
    for pattern in REGEXES {
        says(&stage, stage.run(&["--regex", pattern, "--bench"]), pattern, pattern);
        says(&stage, stage.run(&["--regex", "--skip", pattern, "--bench"]), pattern, pattern);
    }
}

#[test]
fn wrong_values_of_variables_are_named() {
    let stage = Stage::new(Bench::Spread);
    for (flag, value) in refused().step_by(3) {
        let variable = format!("BENCH_{}", flag.replace('-', "_").to_uppercase());
        let mut command = stage.command(&["softmax", "--bench"]);
        command.env(&variable, value);
        if flag == "fail-on-regression" {
            command.env("BENCH_COMPARE", "latest");
        }
        says(&stage, stage.end(&mut command), &format!("{variable}={value}"), value);
    }
}

#[test]
fn odd_but_sound_values_are_taken() {
    let stage = Stage::new(Bench::Spread);
    let taken: [&[&str]; 7] = [
        &["--warmup=0", "--repeats=1", "--rounds=1"],
        &["--rounds=1", "--max-time=1ms", "--timeout=1000h"],
        &["--rounds=1", "--max-time=0.01s", "--target-precision=0.5%"],
        &["--rounds=1", "--max-time=10ms", "--target-precision", "1000"],
        &["--rounds=1", "--max-time=10ms", "--seed=18446744073709551615"],
        &["--rounds=1", "--max-time=10ms", "--max-memory=1.5 GiB", "--probes=none"],
        &["--profile-time=0.05"],
    ];
    for arguments in taken {
        stage.run(&[arguments, &["softmax", "--bench"]].concat()).expect_code(0);
    }
}

#[test]
fn flags_that_need_or_exclude_another_say_so() {
    let stage = Stage::new(Bench::Spread);
    let expected: [(&[&str], &str); 5] = [
        (&["--fail-on-regression=5"], "--compare"),
        (&["--exact", "--regex", "x"], "--regex"),
        (&["--ignored", "--include-ignored"], "--include-ignored"),
        (&["--quiet", "--verbose"], "--verbose"),
        (&["--compare"], "--compare"),
    ];
    for (arguments, text) in expected {
        stage.run(&[&["--bench"][..], arguments].concat()).expect_code(2).expect_said(&[text]);
        assert!(!stage.results().exists(), "{arguments:?}");
    }
}

#[test]
fn measuring_in_process_needs_no_worker() {
    let stage = Stage::new(Bench::Spread);
    let mark = stage.path().join("mark");
    let mut command = stage.command(&["marks", "--in-process", "--repeats=3", "--warmup=1", "--bench"]);
    stage.end(command.env("FIXTURE_MARK", &mark)).expect_code(0);
    let record = stage.record();
    assert_eq!(record.cases[0].rounds.len(), 1);
    assert_eq!(record.cases[0].rounds[0].sample_ns.len(), 3);
}
