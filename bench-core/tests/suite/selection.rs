//! The selection of cases: every filter, by flag and by variable, and the message if no case matches.

use std::collections::BTreeSet;

use bench_testing::{Bench, Ended, Stage};

type Flags<'a> = &'a [&'a str];
type Variables<'a> = &'a [(&'a str, &'a str)];

/// A stage whose selected cases are checked.
struct Selecting(Stage);

impl Selecting {
    fn new() -> Self {
        Selecting(Stage::new(Bench::Spread))
    }

    fn list(&self, arguments: &[&str], variables: Variables) -> Ended {
        let arguments = [&["--list", "--format=terse"], arguments].concat();
        self.0.end(self.0.command(&arguments).envs(variables.iter().copied()))
    }

    #[track_caller]
    fn ids(&self, arguments: &[&str], variables: Variables) -> Vec<String> {
        let ended = self.list(arguments, variables).expect_code(0);
        let mut ids: Vec<String> =
            ended.stdout.lines().map(|line| line.trim_end_matches(": benchmark").to_owned()).collect();
        ids.sort();
        ids
    }
}

const FORWARD: [&str; 6] = [
    "resnet/performance/forward[batch=1,dtype=f16]",
    "resnet/performance/forward[batch=1,dtype=f32]",
    "resnet/performance/forward[batch=32,dtype=f16]",
    "resnet/performance/forward[batch=32,dtype=f32]",
    "resnet/performance/forward[batch=8,dtype=f16]",
    "resnet/performance/forward[batch=8,dtype=f32]",
];

#[test]
fn every_filter_selects_what_it_says() {
    let stage = Selecting::new();
    let classify = "resnet/integration/classify";
    let unit = ["resnet/unit/relu", "resnet/unit/softmax"];
    let expected: [(&[&str], &[&str]); 16] = [
        (&["--category", "integration"], &["integration/beside_main", classify]),
        (&["--category=integration", "--model=resnet"], &[classify]),
        (&["--model", "resnet", "--category", "unit,integration"], &[classify, unit[0], unit[1]]),
        (&["--model=mimi,vit"], &["mimi/performance/encode", "vit/unit/giant", "vit/unit/patchify"]),
        (&["--model=mimi", "--model=vit", "--skip=vit"], &["mimi/performance/encode"]),
        (&["--tag=nightly", "--category=unit"], &["resnet/unit/relu"]),
        (
            &["--tag", "fast"],
            &["resnet/unit/relu", "unit/add[T=f32]", "unit/add[T=f64]", "vit/unit/patchify"],
        ),
        (&["max", "patch"], &["resnet/unit/softmax", "vit/unit/patchify"]),
        (&["--exact", "resnet/unit/relu"], &["resnet/unit/relu"]),
        (&["--exact", "resnet/unit/relu", "--skip", "relu"], &["resnet/unit/relu"]),
        (&["--regex", "^resnet/unit/.*x$"], &["resnet/unit/softmax"]),
        (&["--regex", "^resnet", "--skip", "forward|relu"], &[classify, "resnet/unit/softmax"]),
        (&["--args", "batch=8"], &[FORWARD[4], FORWARD[5]]),
        (&["--args", "batch=8,dtype=F16"], &[FORWARD[4]]),
        (&["--args=batch=1", "--args=batch=8", "--args=dtype=f32"], &[FORWARD[1], FORWARD[5]]),
        (&["forward", "--ignored"], &[FORWARD[2], FORWARD[3]]),
    ];
    for (arguments, ids) in expected {
        assert_eq!(stage.ids(arguments, &[]), ids, "{arguments:?}");
    }
}

#[test]
fn parts_add_up_to_the_whole() {
    let stage = Selecting::new();
    let all = stage.ids(&[], &[]);
    let parts: Vec<Vec<String>> =
        (1..=3).map(|part| stage.ids(&[&format!("--partition={part}/3")], &[])).collect();
    assert!(parts.iter().all(|part| !part.is_empty()));
    assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), all.len());
    assert_eq!(parts.concat().into_iter().collect::<BTreeSet<_>>(), all.into_iter().collect());
    // With more parts than cases, most parts are empty, which is not an error.
    assert!(stage.ids(&["--partition=1/1000"], &[]).len() < 3);
    // The same rule applies to running as to listing.
    let planned =
        stage.0.run(&["--partition=1/3", "--include-ignored", "--dry-run", "--bench"]).expect_code(0);
    assert!(parts[0].iter().all(|id| planned.stdout.contains(id)), "{}", planned.stdout);
}

#[test]
fn variables_mean_the_same_as_flags() {
    let stage = Selecting::new();
    let pairs: [(Flags, Variables); 12] = [
        (&["--category=unit"], &[("BENCH_CATEGORY", "unit")]),
        (&["--category=unit,integration"], &[("BENCH_CATEGORY", "unit,integration")]),
        (&["--model=resnet"], &[("BENCH_MODEL", "resnet")]),
        (&["--tag=fast"], &[("BENCH_TAG", "fast")]),
        (&["softmax"], &[("BENCH_FILTER", "softmax")]),
        (&["resnet/unit/relu", "--exact"], &[("BENCH_FILTER", "resnet/unit/relu"), ("BENCH_EXACT", "true")]),
        (&["^unit", "--regex"], &[("BENCH_FILTER", "^unit"), ("BENCH_REGEX", "1")]),
        (&["--skip=hostile"], &[("BENCH_SKIP", "hostile")]),
        (&["--args=batch=8"], &[("BENCH_ARGS", "batch=8")]),
        (&["--args=batch=8,dtype=f32"], &[("BENCH_ARGS", "batch=8,dtype=f32")]),
        (&["--partition=2/3"], &[("BENCH_PARTITION", "2/3")]),
        (&["--ignored"], &[("BENCH_IGNORED", "yes")]),
    ];
    for (flags, variables) in pairs {
        assert_eq!(stage.ids(&[], variables), stage.ids(flags, &[]), "{variables:?}");
    }
    let all = stage.ids(&[], &[]);
    for name in [
        "CATEGORY",
        "MODEL",
        "TAG",
        "FILTER",
        "SKIP",
        "ARGS",
        "PARTITION",
        "EXACT",
        "IGNORED",
        "SEED",
        "TIMEOUT",
    ] {
        assert_eq!(stage.ids(&[], &[(&format!("BENCH_{name}"), "")]), all, "BENCH_{name} set to nothing");
    }
}

#[test]
fn variables_say_yes_and_no_in_every_way() {
    let stage = Selecting::new();
    let ignored = stage.ids(&["--ignored"], &[]);
    for yes in ["true", "1", "yes", "on"] {
        assert_eq!(stage.ids(&[], &[("BENCH_IGNORED", yes)]), ignored, "BENCH_IGNORED={yes}");
    }
    let all = stage.ids(&[], &[]);
    let names =
        "EXACT REGEX IGNORED INCLUDE_IGNORED LIST DRY_RUN IN_PROCESS STRICT QUIET VERBOSE NO_PROGRESS";
    for name in names.split(' ') {
        for no in ["false", "0", "no", "off"] {
            assert_eq!(stage.ids(&[], &[(&format!("BENCH_{name}"), no)]), all, "BENCH_{name}={no}");
        }
    }
}

#[test]
fn flags_beat_variables() {
    let stage = Selecting::new();
    let resnet = stage.ids(&["--model=resnet"], &[]);
    assert_eq!(stage.ids(&["--model=resnet"], &[("BENCH_MODEL", "vit")]), resnet);
    assert_eq!(stage.ids(&["resnet/"], &[("BENCH_FILTER", "vit")]), resnet);
    assert_eq!(stage.ids(&["--model=resnet"], &[("BENCH_FORMAT", "json")]), resnet);
    // If the two exclude each other, the flag applies, since the user has just typed it.
    assert_eq!(stage.ids(&["--regex", "^resnet/"], &[("BENCH_EXACT", "true")]), resnet);
    assert_eq!(stage.ids(&["resnet/", "--include-ignored"], &[("BENCH_IGNORED", "true")]), resnet);
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let stage = Selecting::new();
    let expected: [(&[&str], &[&str]); 6] = [
        (&["--category=performence"], &["performence", "did you mean `performance`"]),
        (&["--model=resnt"], &["unknown model `resnt`", "did you mean `resnet`", "mimi", "vit"]),
        (&["--tag=nightley"], &["unknown tag `nightley`", "did you mean `nightly`", "fast"]),
        (&["--args=bach=8"], &["unknown argument `bach`", "did you mean `batch`", "dtype"]),
        (&["--probes=memry"], &["unknown probe `memry`", "did you mean `memory`", "cpu"]),
        (&["--list", "--format=tabel"], &["tabel", "table"]),
    ];
    for (arguments, texts) in expected {
        stage.0.bench(arguments).expect_code(2).expect_said(texts);
    }
}

#[test]
fn where_nothing_matches_is_said_what_there_is() {
    let stage = Selecting::new();
    let expected: [(&[&str], &[&str]); 7] = [
        (
            &["softmux"],
            &["no case matches", "of 35 cases", "are:\n  resnet/unit/softmax\n", "`--list` shows all"],
        ),
        (&["forwrad"], &["resnet/performance/forward["]),
        (&["--exact", "softmax"], &["resnet/unit/softmax"]),
        (&["--regex", "^forward"], &["resnet/performance/forward["]),
        (&["--args=batch=7"], &["no case has batch=7", "`batch` takes 1, 8, 32"]),
        (&["giant"], &["1 cases match", "`--include-ignored`"]),
        (&["relu", "--ignored"], &["1 cases match", "leave out `--ignored`"]),
    ];
    for (arguments, texts) in expected {
        stage.0.bench(arguments).expect_code(2).expect_said(texts);
    }
    assert!(!stage.0.results().exists(), "no run directory for a run that never was");
}

#[test]
fn listing_and_planning_run_nothing() {
    let stage = Selecting::new();
    let mark = stage.0.path().join("mark");
    let run = |arguments: &[&str]| {
        stage.0.end(stage.0.command(arguments).env("FIXTURE_MARK", &mark)).expect_code(0)
    };
    for arguments in [
        &["--list"][..],
        &["--list", "--bench"],
        &["--list", "--format=json", "marks"],
        &["--dry-run", "--bench"],
        &["--dry-run", "marks", "--bench"],
        &["--dry-run"],
        &["--bench", "relu", "--rounds=1", "--repeats=2"],
    ] {
        run(arguments);
        assert!(!mark.exists(), "{arguments:?} has run a benchmark");
    }
    run(&["marks", "--rounds=1", "--repeats=2", "--bench"]);
    assert!(mark.exists(), "the mark would show that a benchmark has run");
}

#[test]
fn a_plan_shows_how_each_case_would_be_measured() {
    let stage = Selecting::new();
    let settings = ["--warmup=3", "--repeats=40", "--rounds=7", "--max-time=1500ms", "--timeout=90s"];
    let ended = stage.0.run(&[&settings[..], &["softmax", "--dry-run", "--bench"]].concat()).expect_code(0);
    let line = ended.stdout.lines().find(|line| line.starts_with("resnet/unit/softmax")).expect("its line");
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells, ["resnet/unit/softmax", "3", "40", "7", "1.500", "s", "90.00", "s"]);
    let default = stage.0.run(&["softmax", "encode", "--dry-run", "--bench"]).expect_code(0);
    default.expect_said(&[
        "steady",
        "as needed",
        "3.000 s",
        "10.00 s",
        "300.0 s",
        "2 cases",
        "13.00 s together",
    ]);
}

#[test]
fn a_list_in_json_says_everything_of_a_case() {
    let stage = Selecting::new();
    let ended = stage.0.run(&["--list", "--format=json", "forward"]).expect_code(0);
    let list: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(list["protocol"], 2);
    assert!(list["build"]["toolchain"].as_str().is_some_and(|toolchain| toolchain.starts_with("rustc ")));
    let cases = &list["cases"];
    assert_eq!(cases.as_array().map(Vec::len), Some(6));
    let ignored = cases.as_array().unwrap().iter().find(|case| case["id"] == FORWARD[2]).expect("a case");
    assert_eq!(ignored["model"], "resnet");
    assert_eq!(ignored["category"], "performance");
    assert_eq!(ignored["arguments"], serde_json::json!({"batch": "32", "dtype": "f16"}));
    assert_eq!(ignored["tags"], serde_json::json!(["nightly"]));
    assert_eq!(ignored["ignored"], "batch=32 is marked `ignore`");
    assert!(ignored["source"].as_str().unwrap().contains("performance.rs:"));
}
