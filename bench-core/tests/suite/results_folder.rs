//! The folder of all runs: names, several runs at once, and folders that cannot be written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench_core::record::{self, RunState};
use bench_testing::{Bench, Ended, QUICK, Stage, not_checked, runs_in, wait, wait_until};
#[cfg(not(bench_portable))]
use bench_testing::{cargo, run_to_end};

/// A separate file system for a test, removed when dropped.
struct Mount(PathBuf);

impl Mount {
    /// Mounts a tmpfs with these options; returns `None`, with a message, if that is not permitted here.
    fn tmpfs(folder: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir(&folder).expect("folder");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&folder).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Mount(folder));
        }
        not_checked("mounting a tmpfs is not permitted here");
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// Runs with a results folder that cannot be used, which must be reported before anything is measured.
#[track_caller]
fn refused(stage: &Stage, folder: &str) -> Ended {
    let mark = stage.path().join("mark");
    let mut command = stage.command(&["marks", "--rounds=1", "--output-dir", folder, "--bench"]);
    let ended = stage.end(command.env("FIXTURE_MARK", &mark)).expect_code(2);
    assert!(!mark.exists(), "{folder}: measured all the same");
    assert!(ended.stderr.contains(folder), "{}", ended.stderr);
    ended
}

#[test]
fn a_folder_that_cannot_be_made_is_noticed_before_measuring() {
    let stage = Stage::new(Bench::Spread);
    fs::write(stage.path().join("file"), "").expect("file");
    refused(&stage, "file").expect_said(&["cannot create the results folder"]);
    refused(&stage, "file/below").expect_said(&["cannot create the results folder"]);
    refused(&stage, "/proc/benchmarks").expect_said(&["cannot create the results folder"]);
    if let Some(mount) = Mount::tmpfs(stage.path().join("read_only"), "ro") {
        let folder = mount.0.to_str().expect("UTF-8");
        refused(&stage, folder).expect_said(&["Read-only file system"]);
        refused(&stage, &format!("{folder}/below")).expect_said(&["Read-only file system"]);
    }
    if let Some(mount) = Mount::tmpfs(stage.path().join("no_inodes"), "nr_inodes=1") {
        refused(&stage, mount.0.to_str().expect("UTF-8")).expect_said(&["No space left"]);
    }
}

#[test]
fn what_was_measured_outlives_a_full_disk() {
    // Room for the journal but not for the reports, and room for only a part of the journal.
    for (size, journal_fits) in [("size=128k", true), ("size=36k", false)] {
        let stage = Stage::new(Bench::Spread);
        let Some(mount) = Mount::tmpfs(stage.path().join("small"), size) else { return };
        let temporary = stage.path().join("temporary");
        fs::create_dir(&temporary).expect("folder");
        let arguments = [&QUICK[..], &["--output-dir=small", "--bench"]].concat();
        let ended = stage.end(stage.command(&arguments).env("TMPDIR", &temporary));
        assert_ne!(ended.code, 0, "{}", ended.said());
        assert!(ended.stdout.contains("32 of 32 benchmarks measured"), "{}", ended.said());
        assert!(ended.stderr.contains("No space left"), "{}", ended.said());
        assert_eq!(ended.stderr.contains("measuring continues"), !journal_fits, "{}", ended.said());

        let rescued: Vec<PathBuf> =
            fs::read_dir(&temporary).unwrap().flatten().map(|entry| entry.path()).collect();
        assert_eq!(rescued.len(), 1, "{rescued:?}");
        let file = rescued[0].to_str().unwrap();
        assert!(ended.stderr.contains(file), "{}", ended.stderr);
        let record = record::open(&rescued[0]).expect("record");
        assert_eq!((record.cases.len(), record.summary.successful_runs), (32, 32));

        // When there is room again, the folder can be used, and the rescued record can be compared with.
        runs_in(&mount.0).iter().for_each(|run| fs::remove_dir_all(run).expect("removed"));
        let arguments =
            [&QUICK[..], &["softmax", "--output-dir=small", "--compare", file, "--bench"]].concat();
        stage.run(&arguments).expect_code(0).expect_said(&["compared with "]);
        assert_eq!(runs_in(&mount.0).len(), 1);
    }
}

#[test]
fn two_runs_at_once_do_not_share_a_directory() {
    let stage = Stage::new(Bench::Second);
    let arguments = ["naps", "--rounds=4", "--repeats=40", "--bench"];
    let start = |number: u8| {
        let stream = |name| fs::File::create(stage.path().join(format!("{name}{number}"))).expect("file");
        stage.command(&arguments).stdout(stream("out")).stderr(stream("err")).spawn().expect("started")
    };
    let both = [start(1), start(2)];
    wait_until("both run", || stage.runs().len() == 2);
    for run in both {
        assert_eq!(wait(run, || "one of two runs".to_owned()), 0);
    }
    let runs = stage.runs();
    assert_eq!(runs.len(), 2, "{runs:?}");
    for run in &runs {
        let record = record::open(run).expect("record");
        assert_eq!((record.state, record.summary.successful_runs), (RunState::Complete, 3));
        assert_eq!(record.run, run.file_name().unwrap().to_str().unwrap());
        assert!(record.cases.iter().all(|case| case.rounds.len() == 4));
        assert!(!run.join("journal.jsonl").exists());
    }
    for number in [1, 2] {
        // Neither run takes the other one for a run that was killed.
        let said = fs::read_to_string(stage.path().join(format!("err{number}"))).expect("read");
        assert!(!said.contains("recovered"), "{said}");
    }
    assert!(runs.contains(&stage.latest()));
    assert_eq!(left_behind(&stage.results()), [".gitignore"]);
}

/// Returns the files that are neither the name of a run nor the note on the session.
fn left_behind(results: &Path) -> Vec<String> {
    let names =
        fs::read_dir(results).expect("read").flatten().filter(|entry| entry.file_type().unwrap().is_file());
    let is_name =
        |name: &str| name == ".session" || record::named(results, name).is_some_and(|run| run.is_dir());
    names.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| !is_name(name)).collect()
}

/// Runs all bench targets of a package, as `cargo bench` does. Only on Linux can they find out which cargo process has
/// started them.
#[cfg(not(bench_portable))]
fn cargo_bench(stage: &Stage, arguments: &[&str]) -> Ended {
    let mut command = cargo(&["bench", "-p", "fixture-spread"]);
    command.arg("--").args(QUICK).args(arguments).arg("--output-dir").arg(stage.results());
    run_to_end(&mut command, stage.path())
}

#[cfg(not(bench_portable))]
#[test]
fn the_executables_of_one_cargo_bench_share_a_run() {
    let stage = Stage::new(Bench::Spread);
    cargo_bench(&stage, &[]).expect_code(0).expect_said(&["32 of 32 benchmarks", "4 of 4 benchmarks"]);
    let record = stage.record();
    assert_eq!((record.cases.len(), record.summary.total_benchmarks), (36, 36));
    assert!(record.cases.is_sorted_by(|a, b| bench_syntax::case_id::order(&a.id, &b.id).is_le()));
    let first = stage.latest();

    // `latest` is the run before this `cargo bench`, for the second executable, too; and neither
    // misses the cases of the other.
    let ended = cargo_bench(&stage, &["--compare=latest"]).expect_code(0);
    let name = first.file_name().unwrap().to_str().unwrap();
    assert_eq!(ended.stdout.matches(&format!("compared with {name}\n")).count(), 2, "{}", ended.stdout);
    assert!(
        !ended.stdout.lines().any(|line| line.ends_with(" removed") || line.ends_with(" added")),
        "{}",
        ended.stdout
    );
    assert_eq!(stage.runs().len(), 2);
    assert_ne!(stage.latest(), first);
    assert_eq!(record::open(&stage.latest()).expect("record").cases.len(), 36);
}

#[test]
fn a_name_that_is_taken_is_noticed_before_measuring() {
    let stage = Stage::new(Bench::Spread);
    fs::create_dir_all(stage.results().join("taken")).expect("folder");
    let ended = stage.bench(&["softmax", "--save-as=taken"]).expect_code(2).expect_said(&["taken"]);
    assert!(!ended.stdout.contains("known to"), "{}", ended.stdout);
    assert_eq!(stage.runs().len(), 1, "no run directory beside the folder that was there");
}

#[test]
fn names_stay_relative_so_that_the_folder_can_be_moved() {
    let stage = Stage::new(Bench::Spread);
    stage.bench(&["softmax", "--save-as=base"]).expect_code(0);
    let run = stage.latest().file_name().unwrap().to_owned();
    for name in ["latest", "base"] {
        let path = stage.results().join(name);
        if cfg!(bench_portable) {
            let text = fs::read_to_string(path).expect("a small file");
            assert_eq!(text, format!("bench-run: {}\n", run.to_str().expect("UTF-8")));
        } else {
            assert_eq!(fs::read_link(path).expect("link"), Path::new(&run));
        }
    }
    fs::rename(stage.results(), stage.path().join("moved")).expect("moved");
    let arguments = [&QUICK[..], &["softmax", "--output-dir=moved", "--compare=base", "--bench"]].concat();
    stage.run(&arguments).expect_code(0).expect_said(&["compared with "]);
}

#[test]
fn artifacts_are_kept_only_when_asked_for_and_only_in_the_run_directory() {
    let stage = Stage::new(Bench::Misbehaving);
    stage.bench(&["--exact", "unit/keeps_an_artifact"]).expect_code(0);
    assert!(!stage.latest().join("artifacts").exists(), "nobody asked");
    stage.bench(&["--exact", "unit/keeps_an_artifact", "--save-artifacts"]).expect_code(0);
    let folder = stage.latest().join("artifacts").join("unit-keeps_an_artifact");
    let kept: Vec<_> =
        fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0].extension().and_then(|extension| extension.to_str()), Some("png"));
    assert_eq!(fs::read_to_string(&kept[0]).expect("artifact"), "pixels");
}
