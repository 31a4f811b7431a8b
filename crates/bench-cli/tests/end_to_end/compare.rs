//! The cases that are compared, the report on them, and the exit code.

use std::fs;

use crate::stage::{Stage, case, verdicts};
use bench_testing::Bench;

/// Enough time to detect twice the work on any machine; a case stops much earlier when it is decided.
const UNTIL_DECIDED: [&str; 3] = ["--threshold=20%", "--max-time=20s", "--quiet"];
/// Arguments for the quickest possible comparison, which decides nothing.
const QUICK: [&str; 2] = ["--max-time=50ms", "--quiet"];

fn ids(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn twice_the_work_is_slower_and_half_of_it_faster() {
    let stage = Stage::new(&["base", "slow"]);
    let ended = stage.bench(&[&["compare", "./base", "./slow", "spins"], &UNTIL_DECIDED[..]].concat());
    assert_eq!(verdicts(&stage.comparison()), [("unit/spins".to_owned(), "slower".to_owned())]);
    ended.expect_code(3).expect_said(&["./slow against ./base, paired", "1 slower at a threshold of 20 %"]);
    let compared = stage.comparison();
    let change = case(&compared, "unit/spins")["change"].as_f64().expect("a change");
    assert!(change > 0.2, "{change}");

    let faster = [&["compare", "./slow", "./base", "spins"], &UNTIL_DECIDED[..]].concat();
    stage.bench(&faster).expect_code(0).expect_said(&["1 faster"]);
    let allowed = ["compare", "./base", "./slow", "spins", "--fail-on-regression=10000%"];
    stage.bench(&[&allowed, &UNTIL_DECIDED[..]].concat()).expect_code(0).expect_said(&["1 slower"]);
}

/// One process pair decides nothing; the exit code shows that only with `--strict`.
#[test]
fn unsure_is_exit_code_4_when_strict() {
    let stage = Stage::new(&["base"]);
    let arguments = [&["compare", "./base", "./base", "spins", "--max-time=1ms"], &QUICK[1..]].concat();
    stage.bench(&arguments).expect_code(0).expect_said(&["1 unsure", "unsure: unit/spins: "]);
    stage.bench(&[&arguments[..], &["--strict"]].concat()).expect_code(4);
}

#[test]
fn both_sides_are_held_to_the_processors_that_are_asked_for() {
    let stage = Stage::new(&["base"]);
    let arguments = [&["compare", "./base", "./base", "spins", "--processors=1"], &QUICK[..]].concat();
    let ended = stage.bench(&arguments).expect_code(0);
    let all = std::thread::available_parallelism().expect("a number").get();
    if all > 1 {
        ended.expect_said(&[&format!("each side worked on 1 of {all} processors")]);
    }
    assert_eq!(stage.comparison()["rules"]["processors"], 1);
    stage
        .bench(&["compare", "./base", "./base", "--processors=0"])
        .expect_code(2)
        .expect_said(&["--processors"]);
}

#[test]
fn programs_without_a_common_case_are_listed() {
    let mut stage = Stage::new(&["base"]);
    stage.add(Bench::Spread, "spread");
    stage.bench(&["compare", "./base", "./spread"]).expect_code(2).expect_said(&[
        "./base holds\n",
        "  unit/spins",
        "./spread holds\n",
        "  unit/hostile",
        "and 25 more",
    ]);
    stage
        .bench(&["compare", "./base", "./base", "no_such_case"])
        .expect_code(2)
        .expect_said(&["no chosen case", "  unit/spins"]);
    assert!(!stage.results().exists(), "there is nothing to report");
}

#[test]
fn a_case_of_one_side_alone_was_added_or_removed() {
    let mut stage = Stage::new(&["base"]);
    stage.add(Bench::Second, "other");
    let arguments = ["compare", "./base", "./other", "--skip=ms=5", "--skip=ends"];
    stage.bench(&[&arguments, &QUICK[..]].concat()).expect_code(0).expect_said(&["2 added", "4 removed"]);
    let comparison = stage.comparison();
    for (id, verdict) in [
        ("integration/naps[ms=1]", "added"),
        ("integration/naps[ms=2]", "added"),
        ("integration/naps", "removed"),
        ("integration/needs", "removed"),
        ("unit/counts", "removed"),
        ("unit/spins", "removed"),
    ] {
        assert_eq!(case(&comparison, id)["verdict"], verdict, "{id}");
    }
    assert_eq!(comparison["cases"].as_array().map(Vec::len), Some(1));
    assert_eq!(comparison["cases"][0]["id"], "unit/second");
}

#[test]
fn filters_are_those_of_cargo_bench() {
    let chosen = |filters: &[&str]| {
        let stage = Stage::new(&["base", "other"]);
        stage.bench(&[&["compare", "./base", "./other"], filters, &QUICK[..]].concat()).expect_code(0);
        verdicts(&stage.comparison())
    };
    assert_eq!(ids(&chosen(&["--category=integration"])), ["integration/naps", "integration/needs"]);
    assert_eq!(ids(&chosen(&["--exact", "unit/second"])), ["unit/second"]);
    assert_eq!(ids(&chosen(&["unit", "--skip=ends", "--skip=count"])), ["unit/second", "unit/spins"]);
    assert_eq!(ids(&chosen(&["--regex", "^unit/s.*s$", "second"])), ["unit/second", "unit/spins"]);
    let stage = Stage::new(&["base"]);
    stage.bench(&["compare", "./base", "./base", "--regex", "("]).expect_code(2).expect_said(&["`(`"]);
}

#[test]
fn what_is_no_bench_executable_is_named() {
    let mut stage = Stage::new(&["base"]);
    stage.add(Bench::Unserved, "unserved");
    let write = |name: &str, text: &str| fs::write(stage.path().join(name), text).expect("written");
    fs::create_dir(stage.path().join("folder")).expect("folder");
    write("text", "buy milk");
    write("other.json", "{}");
    let refused: [(&str, &[&str]); 9] = [
        ("/bin/true", &["/bin/true", "not a benchmark program", "printed nothing"]),
        ("/bin/cat", &["/bin/cat", "not a benchmark program"]),
        ("/bin/false", &["/bin/false", "not a benchmark program", "exit status: 1"]),
        ("./text", &["text"]),
        ("./nowhere", &["./nowhere", "neither a file"]),
        ("nowhere", &["nowhere", "nor a git revision"]),
        ("./folder", &["./folder"]),
        ("other.json", &["other.json"]),
        ("--base", &["--base"]),
    ];
    for (name, texts) in refused {
        for sides in [[name, "./base"], ["./base", name]] {
            let ended = stage.bench(&["compare", sides[0], sides[1]]);
            assert_eq!(ended.code, 2, "{name}: {}", ended.said());
            ended.expect_said(texts);
        }
    }
    assert!(!stage.results().exists());
}

#[test]
fn figures_that_cannot_be_are_refused_before_anything_runs() {
    let stage = Stage::new(&["base"]);
    for flag in ["--threshold=100%", "--threshold=-1", "--threshold=NaN", "--fdr=150%", "--max-time=-1s"] {
        let ended = stage.bench(&["compare", "./base", "./base", flag]);
        assert_eq!(ended.code, 2, "{flag}: {}", ended.said());
    }
    let ended = stage.bench(&["calibrate", "./base", "--inject=inf"]);
    assert_eq!(ended.code, 2, "{}", ended.said());
    assert_eq!(stage.bench(&["calibrate", "./base", "--repeats=0"]).code, 2);
    assert!(!stage.results().exists());
}
