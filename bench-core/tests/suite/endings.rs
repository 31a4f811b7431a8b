//! However a run ends, its measurements can be read.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Child;

use bench_core::Record;
use bench_core::record::{self, Cause, RunState, Status};
use bench_testing::{Bench, Ended, Stage, runs_in, signal, try_signal, wait, wait_until};

/// A run that would take minutes, with a round every tenth of a second.
struct Running {
    stage: Stage,
    runner: Child,
}

/// A run that has ended.
struct Over {
    stage: Stage,
    code: i32,
    stdout: String,
    stderr: String,
}

impl Running {
    fn start(bench: Bench, arguments: &[&str]) -> Self {
        let stage = Stage::new(bench);
        let stream = |name| fs::File::create(stage.path().join(name)).expect("file");
        let mut command = stage.command(arguments);
        let runner = command.stdout(stream("out")).stderr(stream("err")).spawn().expect("started");
        Running { stage, runner }
    }

    fn of_naps() -> Self {
        Running::start(Bench::Second, &["naps", "--rounds=1000", "--max-time=100s", "--bench"])
    }

    /// Returns the number of rounds in the journal; 0 if the run has ended, which removes the journal.
    fn rounds(&self) -> usize {
        let journals = self.stage.runs().into_iter().map(|run| run.join("journal.jsonl"));
        let journal = journals.filter_map(|path| fs::read_to_string(path).ok()).next().unwrap_or_default();
        journal.matches("\n{\"type\":\"round\"").count()
    }

    /// Waits until every case has a round, and one of them has two.
    fn has_measured(self) -> Self {
        wait_until("rounds are in the journal", || self.rounds() > 3);
        self
    }

    /// Waits until a worker runs. Before the first round, the runner also starts other programs, which look like the
    /// runner itself until they are loaded.
    fn has_a_worker(self) -> Self {
        let began =
            || fs::read_to_string(self.stage.path().join("err")).unwrap_or_default().contains("first round");
        wait_until("a worker runs", || began() && self.stage.processes().len() == 2);
        self
    }

    fn send(self, name: &str) -> Over {
        signal(name, self.runner.id());
        let code = wait(self.runner, || format!("a run that was sent SIG{name}"));
        let read = |name: &str| fs::read_to_string(self.stage.path().join(name)).expect("read");
        let (stdout, stderr) = (read("out"), read("err"));
        wait_until("the workers end", || self.stage.processes().is_empty());
        Over { stage: self.stage, code, stdout, stderr }
    }
}

fn rounds(record: &Record) -> usize {
    record.cases.iter().map(|case| case.rounds.len()).sum()
}

#[cfg(not(bench_portable))]
#[test]
fn an_interrupted_run_is_sealed() {
    for name in ["INT", "TERM"] {
        let running = Running::of_naps().has_measured();
        let at_least = running.rounds();
        let over = running.send(name);
        assert_eq!(over.code, 130, "{}", over.stderr);
        assert!(over.stderr.contains("interrupted: the report contains"), "{}", over.stderr);
        assert!(over.stdout.contains("3 of 3 benchmarks measured"), "{}", over.stdout);

        let record = over.stage.record();
        assert_eq!(record.state, RunState::Interrupted);
        assert!(rounds(&record) >= at_least, "{} of {at_least} rounds", rounds(&record));
        assert!(record.cases.iter().all(|case| case.status == Status::Ok && case.time.is_some()));
        assert!(record.cases.iter().flat_map(|case| &case.rounds).all(|round| round.is_ok()));
        let run = &over.stage.runs()[0];
        for file in ["run.json", "summary.csv", "samples.csv"] {
            assert!(run.join(file).exists(), "{file}");
        }
        assert!(!run.join("journal.jsonl").exists());
    }
}

#[cfg(not(bench_portable))]
#[test]
fn a_case_that_was_interrupted_in_its_first_round_has_not_been_run() {
    let arguments = ["--exact", "unit/hangs_and_ignores_sigterm", "--timeout=10m", "--bench"];
    let over = Running::start(Bench::Misbehaving, &arguments).has_a_worker().send("INT");
    assert_eq!(over.code, 130, "{}", over.stderr);
    assert!(over.stdout.contains("not run: interrupted"), "{}", over.stdout);
    let record = over.stage.record();
    assert_eq!((record.state, record.cases[0].status), (RunState::Interrupted, Status::NotRun));
    assert_eq!((record.summary.failed_runs, record.summary.success_rate), (0, None));
}

/// Even workers that never notice that their runner has ended must end.
#[test]
fn workers_die_with_their_runner() {
    let running =
        Running::start(Bench::Misbehaving, &["--exact", "unit/hangs_busy", "--timeout=10m", "--bench"]);
    assert_eq!(running.has_a_worker().send("KILL").code, 128 + 9);
}

#[cfg(not(bench_portable))]
#[test]
fn a_test_run_can_be_interrupted() {
    let running = Running::start(Bench::Misbehaving, &["--exact", "unit/hangs_asleep", "--timeout=10m"]);
    wait_until("the worker runs", || running.stage.processes().len() == 2);
    let over = running.send("INT");
    assert_eq!(over.code, 130, "{}", over.stderr);
    assert!(over.stdout.contains("test result: FAILED. 0 passed; 0 failed;"), "{}", over.stdout);
}

#[test]
fn a_worker_that_somebody_kills_fails_its_case_alone() {
    let running =
        Running::start(Bench::Second, &["naps", "--rounds=3", "--repeats=300", "--bench"]).has_a_worker();
    let runner = running.runner.id();
    // A worker may end before it can be killed; then the next one is tried.
    wait_until("a worker is killed", || {
        let workers = running.stage.processes().into_iter().map(|(process, _)| process);
        workers.filter(|process| *process != runner).any(|process| try_signal("KILL", process))
    });
    assert_eq!(wait(running.runner, || "a run whose worker was killed".to_owned()), 1);
    let record = running.stage.record();
    assert_eq!((record.summary.successful_runs, record.summary.failed_runs), (2, 1));
    let failure = record.cases.iter().find_map(|case| case.failure.as_ref()).expect("a failure");
    assert!(failure.cause == Cause::Signal && failure.message.contains("SIGKILL"), "{failure}");
}

/// Makes a second, quick run into the same folder.
fn next_run(stage: &Stage) -> Ended {
    stage.bench(&["--exact", "unit/second"]).expect_code(0)
}

/// Returns the record of the earlier run directory, not of the one of [`next_run`].
fn sealed(stage: &Stage, run: &PathBuf) -> Record {
    assert_eq!(stage.runs().len(), 2);
    assert_ne!(&stage.latest(), run, "the newest run is that which came after");
    assert!(
        run.join("run.json").exists() && run.join("summary.csv").exists() && run.join("samples.csv").exists()
    );
    assert!(!run.join("journal.jsonl").exists());
    record::open(run).expect("record")
}

#[test]
fn a_run_whose_runner_was_killed_is_recovered() {
    let over = Running::of_naps().has_measured().send("KILL");
    assert_eq!(over.code, 128 + 9);
    let run = over.stage.runs().remove(0);
    let journal = fs::read_to_string(run.join("journal.jsonl")).expect("a journal");
    assert!(!run.join("run.json").exists());
    let record = record::open(&run).expect("record");
    assert_eq!(record.state, RunState::Recovered);
    assert_eq!(rounds(&record), journal.matches("\n{\"type\":\"round\"").count());
    assert!(record.cases.iter().all(|case| case.time.is_some() && case.status == Status::Ok));

    let name = run.file_name().unwrap().to_str().unwrap();
    let said = next_run(&over.stage).stderr;
    assert!(said.contains("recovered") && said.contains(name), "{said}");
    let kept = sealed(&over.stage, &run);
    let mut read = record;
    read.sealed.clone_from(&kept.sealed);
    assert!(read == kept, "what is sealed is not what was read");
    // A recovered run is not recovered again.
    assert!(!next_run(&over.stage).stderr.contains("recovered"));
}

#[test]
fn a_journal_that_ends_in_half_a_line_loses_that_line_alone() {
    let over = Running::of_naps().has_measured().send("KILL");
    let run = over.stage.runs().remove(0);
    let path = run.join("journal.jsonl");
    let journal = fs::read_to_string(&path).expect("a journal");
    let whole = rounds(&record::open(&run).expect("record"));
    // After the last round, the journal may contain the beginning of another one.
    let last = journal.rfind("{\"type\":\"round\"").expect("a round");
    let length = journal[last..].find('\n').expect("whole lines");
    fs::write(&path, &journal[..last + length / 2]).expect("written");

    assert_eq!(rounds(&record::open(&run).expect("record")), whole - 1);
    assert!(next_run(&over.stage).stderr.contains("recovered"));
    assert_eq!(rounds(&sealed(&over.stage, &run)), whole - 1);
}

/// Ids may contain characters outside ASCII.
#[test]
fn a_journal_that_ends_in_half_a_character_loses_that_line_alone() {
    let over = Running::of_naps().has_measured().send("KILL");
    let run = over.stage.runs().remove(0);
    let whole = rounds(&record::open(&run).expect("record"));
    let mut journal = fs::File::options().append(true).open(run.join("journal.jsonl")).expect("a journal");
    journal.write_all(b"{\"type\":\"round\",\"case\":\"na\xc3").expect("written");

    assert_eq!(rounds(&record::open(&run).expect("record")), whole);
    assert!(next_run(&over.stage).stderr.contains("recovered"));
    assert_eq!(rounds(&sealed(&over.stage, &run)), whole);
}

/// The run directory of two bench targets, of which the first was sealed and the second was killed.
#[test]
fn a_later_executable_adds_what_it_had_measured_before_it_was_killed() {
    let earlier = Stage::new(Bench::Second);
    next_run(&earlier);
    let over = Running::of_naps().has_measured().send("KILL");
    let run = over.stage.runs().remove(0);
    fs::copy(earlier.latest().join("run.json"), run.join("run.json")).expect("copied");

    let both = record::open(&run).expect("record");
    assert_eq!((both.state, both.cases.len(), both.summary.successful_runs), (RunState::Recovered, 4, 4));
    next_run(&over.stage);
    assert!(sealed(&over.stage, &run).cases == both.cases, "what is sealed is not what was read");
}

#[test]
fn a_journal_without_a_beginning_stops_nobody() {
    let over = Running::of_naps().has_measured().send("KILL");
    let run = over.stage.runs().remove(0);
    for beginning in ["", "{\"type\":\"beg", "\0\0\0\0", "{\"type\":\"round\"}\n"] {
        fs::write(run.join("journal.jsonl"), beginning).expect("written");
        let error = record::open(&run).expect_err("nothing can be known").to_string();
        assert!(error.contains("journal"), "{beginning:?}: {error}");
        next_run(&over.stage);
    }
}

#[test]
fn a_run_that_goes_on_is_not_recovered() {
    let running = Running::of_naps().has_measured();
    let said = next_run(&running.stage).stderr;
    assert!(!said.contains("recovered"), "{said}");
    let before = running.rounds();
    assert!(before > 3, "its journal is gone");
    wait_until("the first run goes on", || running.rounds() > before);
    // The portable variant does not handle signals, and a shell makes its background processes ignore SIGINT.
    let (signal, code, state) = if cfg!(bench_portable) {
        ("TERM", 128 + 15, RunState::Recovered)
    } else {
        ("INT", 130, RunState::Interrupted)
    };
    let over = running.send(signal);
    assert_eq!(over.code, code, "{}{}", over.stdout, over.stderr);
    let states: Vec<RunState> =
        runs_in(&over.stage.results()).iter().map(|run| record::open(run).expect("record").state).collect();
    assert!(states.contains(&state) && states.contains(&RunState::Complete), "{states:?}");
}
