//! Unchanged executables of other harnesses.

use serde_json::Value;

use bench_testing::{Bench, Nvml, gpu};

use crate::project::UNTIL_DECIDED;
use crate::stage::{Stage, case, read_json, verdicts};

/// Arguments for the quickest possible run.
const QUICK: [&str; 5] =
    ["--rounds=2", "--max-time=2s", "--quiet", "--timeout=30s", "--output-dir=benchmark_results"];

fn stage(benches: &[(Bench, &str)]) -> Stage {
    let mut stage = Stage::new(&[]);
    for (bench, name) in benches {
        stage.add(*bench, name);
    }
    stage
}

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

#[test]
fn benchmarks_of_criterion_are_listed_without_being_run() {
    let stage = stage(&[(Bench::WithCriterion, "criterion")]);
    let listed = stage.bench(&["run", "./criterion", "--list", "--format", "terse"]).expect_code(0);
    let names: Vec<&str> =
        listed.stdout.lines().filter_map(|line| line.strip_suffix(": benchmark")).collect();
    let expected = [
        "performance/fickle",
        "performance/panics",
        "performance/prepared",
        "performance/sum 1000",
        "performance/sums/of [n]/1000",
        "performance/sums/of [n]/10000",
        "performance/sums/twice",
    ];
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "{}", listed.said());
}

#[test]
fn benchmarks_of_criterion_are_run() {
    let stage = stage(&[(Bench::WithCriterion, "criterion")]);
    let ended = stage.bench(&[&["run", "./criterion"], &QUICK[..]].concat()).expect_code(1);
    assert!(!stage.path().join("target").exists(), "criterion has written something");
    let record = record(&stage);
    let environment = &record["environment"];
    assert!(environment["toolchain"].as_str().expect("text").starts_with("rustc 1."), "{environment}");
    assert_eq!(environment["engines"]["criterion"], "0.8.2");
    let sum = case(&record, "performance/sums/of [n]/1000");
    assert_eq!((&sum["status"], sum["rounds"].as_array().map(Vec::len)), (&"ok".into(), Some(2)), "{sum}");
    assert_eq!(sum["counters"][0], serde_json::json!({"unit": "elements", "per_iteration": 1000}));
    let round = &sum["rounds"][0];
    assert!(round["sample_ns"].as_array().expect("samples").len() >= 10, "{round}");
    assert!(round["start_up_ns"].as_u64().expect("start-up") > 0);
    #[cfg(not(bench_portable))]
    assert!(sum["peak_memory_bytes"].as_u64().expect("memory") > 1 << 20, "{sum}");
    // The time is compared with that of a tenth of the work, by the minimum: a busy machine makes samples slower, and
    // none faster.
    let least = |id: &str| case(&record, id)["time"]["min_s"].as_f64().expect("a time");
    let ratio = least("performance/sums/of [n]/10000") / least("performance/sums/of [n]/1000");
    assert!((5.0..20.0).contains(&ratio), "{ratio}");
    let panics = case(&record, "performance/panics");
    assert!(failure(panics).contains("exit status: 101"), "{panics}");
    assert!(panics.to_string().contains("the floor is gone"), "{panics}");
    assert!(failure(case(&record, "performance/fickle")).contains("was in the list, but is not registered"));
    assert_eq!(record["summary"]["successful_runs"], 5, "{}", ended.said());
}

#[test]
fn gpus_are_observed_while_another_harness_measures() {
    let stage = stage(&[(Bench::WithCriterion, "criterion")]);
    let mut command = stage.bench_command(&[&["run", "./criterion", "sums/twice"], &QUICK[..]].concat());
    Nvml::with(&[gpu(1, serde_json::json!({ "power_average_mw": 250_000 }))])
        .set_up(&mut command, stage.path());
    stage.end(&mut command).expect_code(0);
    let record = record(&stage);
    let observed = case(&record, "performance/sums/twice")["observed"].to_string();
    assert!(observed.contains("gpu_utilisation") && observed.contains("gpu_power"), "{observed}");
    // Energy per iteration is not known: warming up takes energy, too, and the harness does not report how much.
    assert!(!observed.contains("per_iteration"), "{observed}");
}

#[test]
fn a_case_can_be_tried_once() {
    let stage = stage(&[(Bench::WithCriterion, "criterion"), (Bench::WithDivan, "divan")]);
    let once = |program: &str, filter: &str| stage.bench(&["run", program, filter, "--test"]);
    once("./criterion", "sums/twice").expect_code(0).expect_said(&["test performance/sums/twice ... ok"]);
    once("./criterion", "panics").expect_code(1).expect_said(&["the floor is gone"]);
    once("./criterion", "fickle").expect_code(1).expect_said(&["is not registered in this process"]);
    once("./divan", "sum_1000").expect_code(0).expect_said(&["sum_1000 ... ok"]);
    once("./divan", "panics").expect_code(1).expect_said(&["the floor is gone"]);
}

#[test]
fn what_is_registered_after_the_case_is_not_waited_for() {
    let stage = stage(&[(Bench::WithCriterion, "criterion")]);
    let mut command = stage.bench_command(&[&["run", "./criterion", "sum 1000"], &QUICK[..]].concat());
    stage.end(command.env("FIXTURE_LATE", "1")).expect_code(0);
}

#[test]
fn benchmarks_of_divan_are_run() {
    let stage = stage(&[(Bench::WithDivan, "divan")]);
    stage.bench(&[&["run", "./divan"], &QUICK[..]].concat()).expect_code(1);
    let record = record(&stage);
    let of = |name: &str| case(&record, &format!("performance/with_divan::{name}")).clone();
    let (small, large) = (of("sums::of::1000"), of("sums::of::10000"));
    let least = |case: &Value| case["time"]["min_s"].as_f64().expect("a time");
    assert!((5.0..20.0).contains(&(least(&large) / least(&small))), "{small} {large}");
    assert_eq!(small["rounds"][0]["sample_ns"].as_array().map(Vec::len), Some(1), "one figure a process");
    let rates = small["observed"].as_array().expect("figures");
    assert!(rates.iter().any(|rate| rate["unit"] == "items/s"), "{small}");
    assert!(failure(&of("panics")).contains("exit status: 101"));
}

/// Returns how often turns were handed over in each process pair of a case.
fn handed_over(case: &Value) -> Vec<u64> {
    let pairs = case["pairs"].as_array().expect("pairs");
    pairs.iter().map(|pair| pair["handed_over"].as_u64().unwrap_or(0)).collect()
}

#[test]
fn samples_of_other_harnesses_take_turns_in_a_comparison() {
    for (bench, id) in [
        (Bench::WithCriterion, "performance/sum 1000"),
        (Bench::WithDivan, "performance/with_divan::sum_1000"),
    ] {
        let stage = stage(&[(bench, "one"), (bench, "slower")]);
        let name = id.rsplit(['/', ':']).next().expect("a name");
        let compare = |candidate: &str| {
            stage.bench(&[&["compare", "./one", candidate, name], &UNTIL_DECIDED[..]].concat())
        };
        compare("./slower").expect_code(3);
        let comparison = stage.comparison();
        assert_eq!(verdicts(&comparison), [(id.to_owned(), "slower".to_owned())]);
        let case = case(&comparison, id);
        let change = case["change"].as_f64().expect("a change");
        assert!((0.5..2.0).contains(&change), "{change}");
        if cfg!(not(bench_portable)) {
            // The processes of the first pair run one after the other.
            let handed_over = handed_over(case);
            assert_eq!(handed_over[0], 0);
            assert!(handed_over[1..].iter().all(|times| *times >= 10), "{handed_over:?}");
            assert_eq!(case["threads"], 1);
        }
        // A program is not slower than itself.
        compare("./one").expect_code(0);
    }
}

#[cfg(not(bench_portable))]
#[test]
fn nothing_takes_turns_that_has_several_threads_or_no_compiler() {
    let compare = |variable: &str, value: &str| {
        let stage = stage(&[(Bench::WithCriterion, "one"), (Bench::WithCriterion, "other")]);
        let mut command =
            stage.bench_command(&["compare", "./one", "./other", "sum 1000", "--max-time", "1s"]);
        let ended = stage.end(command.env(variable, value));
        (ended.expect_code(0), case(&stage.comparison(), "performance/sum 1000").clone())
    };
    let (_, threads) = compare("FIXTURE_THREAD", "1");
    assert!(handed_over(&threads).iter().all(|times| *times == 0), "{threads}");
    assert_eq!(threads["threads"], 2);
    let (ended, without) = compare("RUSTC", "./no-such-compiler");
    assert!(handed_over(&without).iter().all(|times| *times == 0), "{without}");
    assert_eq!(without["threads"], Value::Null, "what the executable had is not known");
    ended.expect_said(&["the sides took turns by whole rounds", "`./no-such-compiler`"]);
}

#[test]
fn what_only_looks_like_criterion_is_refused_with_the_reason() {
    for (does, said) in [
        ("leaves", "did not connect: expected criterion 0.3.3 or later"),
        ("is another", "did not send criterion's greeting"),
        ("speaks version 9", "speaks version 9.1 of criterion's protocol"),
        ("sends noise", "sent a message that criterion's protocol does not contain"),
        ("sends a huge frame", "sent a frame of 4294967295 bytes"),
        ("breaks off", "ended with exit status: 0"),
    ] {
        let stage = stage(&[(Bench::Impostor, "impostor"), (Bench::WithDivan, "divan")]);
        let mut command = stage.bench_command(&["run", "./impostor", "./divan", "--list"]);
        let ended = stage.end(command.env("FIXTURE_IMPOSTOR", does));
        // The other program is still listed.
        let ended = ended.expect_code(1);
        assert!(ended.stdout.contains("with_divan::sum_1000"), "{does}: {}", ended.said());
        if does == "breaks off" {
            assert!(ended.stderr.contains("it contains no benchmark of criterion"), "{}", ended.said());
        } else {
            assert!(ended.stderr.contains(said), "{does}: {}", ended.said());
        }
    }
}

#[test]
fn cargo_can_hand_over_what_it_builds() {
    let stage = stage(&[(Bench::WithCriterion, "criterion"), (Bench::Impostor, "impostor")]);
    let runner = |arguments: &[&str]| stage.bench(&[&["runner"], arguments].concat());
    let mut measured = vec!["./criterion", "--bench", "sum 1000"];
    measured.extend(QUICK);
    runner(&measured).expect_code(0);
    assert_eq!(case(&record(&stage), "performance/sum 1000")["status"], "ok");
    // Without `--bench`, as in `cargo test` and `cargo run`, it is not measured.
    runner(&["./criterion", "--test", "sum 1000"])
        .expect_code(0)
        .expect_said(&["Testing sum 1000", "Success"]);
    let mut command = stage.bench_command(&["runner", "./impostor", "--bench"]);
    let ended = stage.end(command.env("FIXTURE_IMPOSTOR", "leaves"));
    ended.expect_code(3).expect_said(&["not measured, but run as usual", "no benchmark here"]);
}
