use super::*;
use crate::command_line::flag;

fn read(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Flags, Stop> {
    let variable = |name: &str| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    };
    Flags::read("cargo bench --", arguments.iter().map(OsString::from), variable)
}

fn flags(arguments: &[&str]) -> Flags {
    read(arguments, &[]).expect("flags")
}

fn said(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    match read(arguments, variables).expect_err("a mistake") {
        Stop::Wrong(message) => message,
        Stop::Help => panic!("no help was asked for"),
    }
}

/// Each flag of the table has an effect, which is the same on the command line and in the environment.
#[test]
fn every_flag_is_understood() {
    let nothing = flags(&[]);
    for flag in flag::all().filter(|flag| !["", "show-output", "test-threads"].contains(&flag.name)) {
        let value = match (flag.name, flag.value) {
            (_, None) => "",
            ("category", _) => "unit",
            ("args", _) => "a=1",
            ("partition", _) => "1/2",
            ("format", _) => "json",
            ("measure", _) => "instructions",
            ("device", _) => "cpu",
            ("valid-for", _) => "p99",
            ("max-memory", _) => "1GB",
            ("color", _) => "never",
            (_, Some("DURATION" | "S")) => "5s",
            (_, Some("PCT")) => "5%",
            (_, Some("N" | "K")) => "7",
            (_, Some(_)) => "text",
        };
        let arguments = match (flag.name, value) {
            ("filter", value) => value.to_owned(),
            (name, "") => format!("--{name}"),
            (name, value) => format!("--{name}={value}"),
        };
        let on_command_line = flags(&[&arguments]);
        assert_ne!(on_command_line, nothing, "{arguments}");
        for variable in flag.variables() {
            let value = if value.is_empty() { "yes" } else { value };
            assert_eq!(read(&[], &[(&variable, value)]).expect("flags"), on_command_line, "{variable}");
        }
    }
    for passed in ["--show-output", "--test-threads=1", "--test-threads", "-Zx", "-Z"] {
        let following = ["1"].into_iter().filter(|_| ["--test-threads", "-Z"].contains(&passed));
        let arguments: Vec<&str> = [passed].into_iter().chain(following).collect();
        assert_eq!(flags(&arguments), nothing, "{passed}");
    }
    assert_eq!(flags(&["--no-capture"]), flags(&["--nocapture"]));
    assert_eq!(flags(&["--repeats=9"]), flags(&["--samples=9"]), "its earlier name");
    assert_eq!(flags(&["--bench", "--bench"]), flags(&["--bench"]), "cargo gives it once, a person again");
    assert_eq!(flags(&["--bench", "--test"]), flags(&["--test"]), "cargo bench -- --test");
    assert_eq!((flags(&["-q"]), flags(&["-v"])), (flags(&["--quiet"]), flags(&["--verbose"])));
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let both = |arguments: &[&str], variables| read(arguments, variables).expect("flags");
    let seed = both(&["--seed", "1"], &[("BENCH_SEED", "2")]);
    assert_eq!(seed, flags(&["--seed", "1"]));
    assert_eq!(both(&["a"], &[("BENCH_FILTER", "b")]), flags(&["a"]));
    assert_eq!(both(&["--regex"], &[("BENCH_EXACT", "1")]), flags(&["--regex"]));
    assert_eq!(both(&["-v"], &[("BENCH_QUIET", "1")]), flags(&["-v"]));
    assert_eq!(both(&[], &[("BENCH_LIST", "off")]), flags(&[]));
    let message = said(&[], &[("BENCH_QUIET", "1"), ("BENCH_VERBOSE", "1")]);
    assert!(message.starts_with("error: --quiet and --verbose cannot be used together\n"), "{message}");
}

#[test]
fn values_stand_behind_or_after_a_flag() {
    for arguments in [
        &["--category", "unit,performance", "--skip", "x"][..],
        &["--category=unit", "--category=performance", "--skip=x"],
    ] {
        assert_eq!(flags(arguments), flags(&["--category=unit,performance", "--skip=x"]));
    }
    // A comma in a filter is part of the filter.
    assert_ne!(flags(&["--skip=a,b"]), flags(&["--skip=a", "--skip=b"]));
    assert_eq!(flags(&["--cargo-args", "--list"]).cargo_args.as_deref(), Some("--list"));
    assert_eq!(flags(&["--layouts=16"]).layouts, Some(16));
    for wrong in ["--layouts=0", "--layouts=65", "--layouts=many"] {
        assert!(matches!(read(&[wrong], &[]), Err(Stop::Wrong(_))), "{wrong}");
    }
    assert_eq!(flags(&["--", "--list"]).which.filters, ["--list"]);
    assert_eq!(flags(&["-", ""]).which.filters, ["-", ""]);
    assert_eq!(read(&["--list", "--help", "--nonsense"], &[]), Err(Stop::Help));
    assert_eq!(read(&["-qh"], &[]), Err(Stop::Help));
}

#[test]
fn mistakes_are_answered_with_what_would_be_right() {
    const GENERAL: &str = "Usage: cargo bench -- [OPTIONS] [FILTER]...";
    for (arguments, message) in [
        (
            &["--list", "--output=x"][..],
            "unexpected argument '--output' found\n\n  tip: a similar argument exists: '--output-dir'\n\n\
             Usage: cargo bench -- --list --output-dir <DIR> [FILTER]...",
        ),
        (
            &["--list", "--nonsense"],
            &format!(
                "unexpected argument '--nonsense' found\n\n  \
                 tip: to pass '--nonsense' as a value, use '-- --nonsense'\n\n{GENERAL}"
            ),
        ),
        (
            &["--seed", "-1"],
            &format!(
                "unexpected argument '-1' found\n\n  tip: to pass '-1' as a value, use '-- -1'\n\n{GENERAL}"
            ),
        ),
        (&["--skip", "--list"], "a value is required for '--skip <FILTER>' but none was supplied"),
        (&["-Z"], "a value is required for '-Z <UNSTABLE>' but none was supplied"),
        (
            &["--list", "--exact=true"],
            "unexpected value 'true' for '--exact' found; no more were expected\n\n\
             Usage: cargo bench -- --list --exact [FILTER]...",
        ),
        (
            &["--exact", "--exact"],
            &format!("the argument '--exact' cannot be used multiple times\n\n{GENERAL}"),
        ),
        (
            &["--list", "--against=a", "--compare=b"],
            "the argument '--against <REV>' cannot be used with '--compare <RUN>'\n\n\
             Usage: cargo bench -- --list --against <REV> [FILTER]...",
        ),
        (
            &["--sample-size=10"],
            &format!(
                "'--sample-size' is a flag of criterion and divan\n\n  tip: '--samples 50' sets the number of \
                 samples of a case; the number of iterations per sample is chosen automatically\n\n{GENERAL}"
            ),
        ),
        (&["--bench", "-n"], "'-n' is a flag of criterion\n\n  tip: leave it out: no plot is drawn"),
        (
            &["--baseline-lenient", "main"],
            "'--baseline-lenient' is a flag of criterion\n\n  tip: '--baseline NAME' compares",
        ),
        (
            &["--features", "x"],
            "'--features' is a flag of cargo\n\n  tip: arguments for cargo go before '--'",
        ),
        (&["--max-time=5"], "invalid value '5' for '--max-time <DURATION>': \"5\" is not a duration"),
    ] {
        let said = said(arguments, &[]);
        assert!(said.starts_with(&format!("error: {message}")), "{arguments:?}: {said}");
        assert!(said.ends_with("\n\nFor more information, try '--help'.\n"), "{said}");
    }
    let said = said(&[], &[("BENCH_LIST", "maybe")]);
    assert!(
        said.starts_with("error: invalid value 'maybe' for '--list': value was not a boolean\n"),
        "{said}"
    );
}

#[test]
fn a_process_that_an_engine_has_started_measures_its_part() {
    let slurm = [("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "4")];
    let by_slurm = read(&[], &slurm).expect("flags");
    assert_eq!(by_slurm.part_by, Some("Slurm"));
    assert_eq!(by_slurm.which.partition, "2/4".parse().ok());
    // The user's choice takes precedence.
    let typed = read(&["--partition=4/4"], &slurm).expect("flags");
    assert_eq!(typed, flags(&["--partition=4/4"]));
    let set = read(&[], &[&slurm[..], &[("BENCH_PARTITION", "3/4")]].concat()).expect("flags");
    assert_eq!(set, flags(&["--partition=3/4"]));
    assert_eq!(read(&[], &[("SLURM_PROCID", "0"), ("SLURM_NTASKS", "4")]).expect("flags"), flags(&[]));
    assert!(said(&[], &[("JOB_COMPLETION_INDEX", "0")]).contains("BENCH_WORKERS"));
}

#[test]
fn parts_of_one_step_of_slurm_are_one_run() {
    let slurm =
        [("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "4"), ("SLURM_JOB_ID", "7"), ("SLURM_STEP_ID", "0")];
    let run_id = |arguments: &[&str], more: &[(&str, &str)]| {
        read(arguments, &[&slurm[..], more].concat()).expect("flags").run_id
    };
    assert_eq!(run_id(&[], &[]).as_deref(), Some("slurm-7.0"));
    assert_eq!(run_id(&[], &[("BENCH_RUN_ID", "nightly")]).as_deref(), Some("nightly"));
    assert_eq!(run_id(&["--run-id=mine"], &[("BENCH_RUN_ID", "nightly")]).as_deref(), Some("mine"));
    // A user who numbers the parts also decides which of them form a run.
    assert_eq!(run_id(&["--partition=1/2"], &[]), None);
    let mpi = [("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "2")];
    assert_eq!(run_id(&[], &mpi), None);
}
