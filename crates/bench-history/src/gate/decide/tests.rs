//! Tests decisions on invented runs.

use std::path::Path;

use bench_judge::comparison::Compared;
use bench_judge::objective as target;
use bench_record::{Cause, EarlierRun, Failure, Verdict, exit};
use bench_stats::Interval;
use bench_syntax::objective::Objective;

use super::*;
use crate::change::tests::Random;
use crate::commits::Commits;
use crate::gate::{Confirmation, Suspicion};
use crate::store::tests::record;
use crate::store::{Acceptance, Location, Store};

/// A store of runs of eight cases, `unit/0` to `unit/7`, each around 1 s with a spread of half a per cent.
struct Nights {
    _folder: tempfile::TempDir,
    store: Store,
    random: Random,
    config: Config,
    commits: Commits,
    last: u32,
}

impl Nights {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let store = Store::open(&Location::File(folder.path().join("history.sqlite"))).expect("a store");
        let config = Config::parse(config, Path::new("bench.toml")).expect("read");
        Nights {
            _folder: folder,
            store,
            random: Random::seeded(7),
            config,
            commits: Commits::default(),
            last: 0,
        }
    }

    /// Measures a night in which the time of each case is multiplied by `factor` of its number.
    fn measure(&mut self, factor: impl Fn(usize) -> f64) -> Record {
        self.last += 1;
        let ids: Vec<String> = (0..8).map(|number| format!("unit/{number}")).collect();
        let cases: Vec<(&str, f64)> = ids
            .iter()
            .enumerate()
            .map(|(number, id)| (id.as_str(), (1.0 + 0.005 * self.random.normal()) * factor(number)))
            .collect();
        let mut record = record(&format!("night-{:03}", self.last), self.last, &cases);
        for case in &mut record.cases {
            let time = case.time.as_mut().expect("measured");
            let median = time.median_s.0;
            time.interval_s = Some(Interval { low: median * 0.998, high: median * 1.002 });
            // The throughput that follows from the time.
            case.metrics[0].value = 7.0 / median;
        }
        record
    }

    fn decide(&mut self, record: &Record) -> Decision {
        self.store.add(record).expect("added");
        let (series, accepted) =
            (self.store.series().expect("series"), self.store.acceptances().expect("all"));
        let against = Against::History { accepted: &accepted, commits: &self.commits };
        decide(&self.config, record, &series, against, &EarlierRecords::default()).expect("decided")
    }

    fn night(&mut self, factor: impl Fn(usize) -> f64) -> Decision {
        let record = self.measure(factor);
        self.decide(&record)
    }

    /// Adds this many nights, and returns the decision on the last of them.
    fn nights(&mut self, count: usize, factor: impl Fn(usize) -> f64 + Copy) -> Decision {
        for _ in 1..count {
            let record = self.measure(factor);
            self.store.add(&record).expect("added");
        }
        self.night(factor)
    }

    fn against(&mut self, baseline: &Record, record: &Record) -> Decision {
        self.store.add(record).expect("added");
        let series = self.store.series().expect("series");
        let runs: Vec<String> = self.store.runs().expect("runs").into_iter().map(|run| run.run).collect();
        let earlier: Vec<EarlierRun> =
            runs.iter().map(|run| EarlierRun::from(&self.store.record(run).expect("there"))).collect();
        let against = Against::Baseline { name: "v1", record: baseline, earlier: &earlier };
        decide(&self.config, record, &series, against, &EarlierRecords::default()).expect("decided")
    }
}

/// Returns the factors of a night on which the first case is slower by the share `by`.
fn slower(by: f64) -> impl Fn(usize) -> f64 + Copy {
    move |case| if case == 0 { 1.0 + by } else { 1.0 }
}

fn same(_: usize) -> f64 {
    1.0
}

fn only(decision: &Decision) -> &Finding {
    assert_eq!(decision.findings.len(), 1, "{:?}", decision.findings);
    &decision.findings[0]
}

#[test]
fn a_regression_is_new_once_lasts_until_it_is_accepted_and_is_quiet_then() {
    let mut nights = Nights::new("");
    let decisions: Vec<Decision> =
        (1..=32).map(|night| nights.night(slower(if night >= 20 { 0.03 } else { 0.0 }))).collect();
    let is_new = |decision: &&Decision| {
        decision.findings.iter().any(|found| matches!(found.evidence, Evidence::History { new: true, .. }))
    };
    assert_eq!(decisions.iter().filter(is_new).count(), 1);
    let first = decisions.iter().position(|decision| is_new(&decision)).expect("one");
    assert!((23..31).contains(&first), "{first}");
    for (number, decision) in decisions.iter().enumerate() {
        let (few, fails) = (number < 14, number >= first);
        assert_eq!(decision.exit_code(false), if fails { exit::SLOWER } else { exit::OK }, "{number}");
        assert_eq!(decision.exit_code(true) == exit::UNSURE, few, "{number}");
        assert_eq!(decision.too_little_history, if few { 8 } else { 0 }, "{number}");
    }
    let found = only(&decisions[31]);
    assert_eq!((found.case.as_str(), found.figure.as_str(), found.ruling), ("unit/0", "time", Ruling::Fails));
    let Evidence::History { turn, new: false } = &found.evidence else { panic!("{found:?}") };
    assert_eq!((turn.last_before.run.as_str(), turn.since.run.as_str()), ("night-019", "night-020"));
    assert!((found.allowed.expect("given") / turn.before - 0.01).abs() < 1e-9, "{found:?}");
    assert_eq!(
        found.suspicion(),
        Some(Suspicion {
            last_good: Some("commit-night-019".to_owned()),
            last_good_run: Some("night-019".to_owned()),
            allowed: found.allowed.expect("given") / turn.before,
        })
    );
    let acceptance = Acceptance {
        case: "unit/0".to_owned(),
        run: turn.since.run.clone(),
        at: "2026-03-01T00:00:00Z".to_owned(),
        author: "me".to_owned(),
        reason: "exact sums".to_owned(),
    };
    nights.store.accept(&acceptance).expect("kept");
    for night in 31..60 {
        let decision = nights.night(slower(0.03));
        assert_eq!((decision.findings.as_slice(), decision.exit_code(true)), (&[][..], exit::OK), "{night}");
    }
}

#[test]
fn what_got_well_again_is_no_finding() {
    let mut nights = Nights::new("");
    nights.nights(30, same);
    assert_eq!(only(&nights.nights(15, slower(0.1))).ruling, Ruling::Fails);
    assert_eq!(nights.nights(15, same).findings, []);
}

#[test]
fn small_steps_add_up() {
    let mut nights = Nights::new("[gate]\nthreshold = \"2%\"\n");
    nights.nights(40, same);
    assert_eq!(nights.nights(30, slower(0.015)).findings, [], "less than 2 %");
    let decision = nights.nights(30, slower(0.03));
    let Evidence::History { turn, .. } = &only(&decision).evidence else { panic!("{decision:?}") };
    assert_eq!(turn.since.run, "night-041", "the first of the steps that together are too many");
}

#[test]
fn what_comes_on_top_is_new_again() {
    let mut nights = Nights::new("");
    nights.nights(30, same);
    nights.nights(30, slower(0.1));
    let mut times_new = 0;
    for _ in 0..15 {
        let decision = nights.night(slower(0.2));
        let Evidence::History { turn, new } = &only(&decision).evidence else { panic!("{decision:?}") };
        assert_eq!(turn.since.run, "night-031", "the oldest is what was well before");
        times_new += usize::from(*new);
    }
    assert_eq!(times_new, 1);
}

#[test]
fn thresholds_are_of_a_case_and_a_figure() {
    for (config, fails) in [
        ("", true),
        ("[[rule]]\ncategory = \"unit\"\nthreshold = \"5%\"\n", false),
        ("[[rule]]\ncategory = \"performance\"\nthreshold = \"5%\"\n", true),
        ("[[rule]]\nexact = \"unit/0\"\nmetric = \"time\"\nthreshold = \"50ms\"\n", false),
        ("[[rule]]\nexact = \"unit/0\"\nmetric = \"time\"\nthreshold = \"10ms\"\n", true),
        ("[[rule]]\ncase = \"unit/0\"\nmetric = \"peak_memory\"\nthreshold = \"any\"\n", true),
        ("[[rule]]\ncase = \"unit/0\"\nthreshold = \"any\"\n", false),
        ("[gate]\nmetrics = [\"items\"]\n", true),
        ("[gate]\nmetrics = []\n[[rule]]\nmetric = \"items\"\nthreshold = \"0.5\"\n", false),
        ("[gate]\nmetrics = []\n[[rule]]\nmetric = \"items\"\nthreshold = \"0.1\"\n", true),
    ] {
        let mut nights = Nights::new(config);
        nights.nights(30, same);
        let decision = nights.nights(12, slower(0.03));
        assert_eq!(decision.findings.len(), usize::from(fails), "{config}\n{:?}", decision.findings);
        assert_eq!(decision.exit_code(false), if fails { exit::SLOWER } else { exit::OK });
    }
    // A gate that judges nothing does not pass a run.
    for config in ["[gate]\nmetrics = []\n", "[gate]\nmetrics = [\"peak_memory\"]\n"] {
        let decision = Nights::new(config).night(same);
        assert!(decision.is_empty());
        assert_eq!(decision.exit_code(false), exit::USAGE);
    }
    let decision = Nights::new("[gate]\nmetrics = []\n[[rule]]\nlimits = [\"time < 2s\"]\n").night(same);
    assert_eq!((decision.judged, decision.objectives, decision.exit_code(false)), (0, 8, exit::OK));
    // If higher is better, a higher figure is not worse.
    let mut nights = Nights::new("[gate]\nmetrics = [\"items\"]\n");
    nights.nights(30, same);
    assert_eq!(nights.nights(12, slower(-0.03)).findings, []);
}

#[test]
fn a_night_on_which_all_moved_is_the_machine() {
    let mut nights = Nights::new("");
    nights.nights(30, same);
    let decision = nights.nights(15, |_| 1.1);
    assert_eq!((decision.findings.as_slice(), decision.exit_code(true)), (&[][..], exit::OK));
    assert_eq!(decision.machine_shifts.len(), 1);
    assert_eq!((decision.machine_shifts[0].cases.len(), decision.judged), (8, 8));
    let mut elsewhere = nights.measure(same);
    elsewhere.environment.cpu = Some("another".to_owned());
    assert_eq!(nights.decide(&elsewhere).machine_shifts, [], "it is of one machine");
    assert_eq!(nights.nights(20, |_| 1.1).machine_shifts, [], "it is told for twenty nights");
}

#[test]
fn what_the_machine_has_added_since_is_not_charged_to_the_case() {
    let mut nights = Nights::new("");
    nights.nights(30, same);
    nights.nights(15, slower(0.05));
    let shifted = |case: usize| 1.1 * slower(0.05)(case);
    let decision = nights.nights(15, shifted);
    let finding = only(&decision);
    let change = finding.change().expect("a change");
    assert!((change - 0.05).abs() < 0.01, "the code's own: {finding:?}");
    assert!((finding.of_machine.expect("a shift") - 0.1).abs() < 0.01, "{finding:?}");
    let this_run = finding.this_run.expect("measured");
    assert!((this_run - 1.155).abs() < 0.03, "as it was read: {finding:?}");
    // A machine that got faster excuses nothing.
    let mut nights = Nights::new("");
    nights.nights(30, same);
    nights.nights(15, slower(0.05));
    let decision = nights.nights(15, |case| 0.9 * slower(0.05)(case));
    assert!((only(&decision).change().expect("a change") - 0.05).abs() < 0.01, "{:?}", decision.findings);
}

#[test]
fn the_machine_does_not_excuse_what_a_case_did_on_the_same_night() {
    let mut nights = Nights::new("");
    nights.nights(30, same);
    let decision = nights.nights(15, |case| 1.1 * slower(0.2)(case));
    let finding = only(&decision);
    assert!((finding.change().expect("a change") - 0.2).abs() < 0.01, "the code's own: {finding:?}");
    assert_eq!(decision.machine_shifts[0].cases.len(), 8);
}

#[test]
fn a_run_is_judged_by_what_was_before_it_and_on_its_own_machine() {
    let mut nights = Nights::new("");
    nights.nights(30, same);
    let before = nights.measure(same);
    assert_eq!(nights.decide(&before).findings, []);
    only(&nights.nights(15, slower(0.1)));
    let decision = nights.decide(&before);
    assert_eq!((decision.findings.len(), decision.judged), (0, 8), "what came later is no concern of it");
    let mut elsewhere = nights.measure(slower(0.5));
    elsewhere.environment.cpu = Some("another".to_owned());
    let decision = nights.decide(&elsewhere);
    assert_eq!((decision.findings.len(), decision.judged, decision.too_little_history), (0, 8, 8));
}

#[test]
fn a_benchmark_that_failed_fails_the_build() {
    let mut nights = Nights::new("[[rule]]\nlimits = [\"time < 1ms\"]\n");
    let mut record = nights.measure(same);
    record.cases.truncate(1);
    record.cases[0].status = Status::Failed;
    record.cases[0].failure = Some(Failure::new(Cause::Panic, "no"));
    let decision = nights.decide(&record);
    assert_eq!(decision.exit_code(false), exit::FAILED);
    assert!(matches!(&only(&decision).evidence, Evidence::Failure { reason } if reason.contains("no")));
}

#[test]
fn figures_of_an_invalid_level_are_unsure_and_no_part_of_the_history() {
    use bench_record::{InvalidCause, Level, RoundRecord, Served};

    let mut nights = Nights::new("");
    let mut record = nights.measure(same);
    let mut level = Level::named("concurrency 2");
    level.validity.causes = vec![InvalidCause::Failures];
    record.cases[0].rounds = vec![RoundRecord::serving(Served::at_levels(vec![level]))];
    let figures = |case: usize| crate::figure::figures(&record.cases[case]);
    assert!(!figures(1).is_empty() && figures(0).iter().all(|figure| figure.metric == "peak_memory"));
    let decision = nights.decide(&record);
    assert_eq!((decision.exit_code(false), decision.exit_code(true)), (exit::OK, exit::UNSURE));
    let told = "invalid: requests failed at concurrency 2";
    let invalid: Vec<_> = decision.with(Ruling::Unsure).collect();
    assert!(
        matches!(&invalid[..], [Finding { evidence: Evidence::Failure { reason }, .. }] if reason == told)
    );
}

#[test]
fn limits_are_kept_in_every_run() {
    for (limit, ruling) in [
        ("time < 2s", None),
        ("time < 500ms", Some(Ruling::Fails)),
        ("time < 1s", Some(Ruling::Unsure)),
        ("items >= 1", Some(Ruling::Unsure)),
        ("itmes >= 1", Some(Ruling::Unsure)),
        ("time < 500ms @ batch=8", None),
    ] {
        let mut nights = Nights::new(&format!("[[rule]]\ncase = \"unit/\"\nlimits = [\"{limit}\"]\n"));
        let mut record = nights.measure(same);
        record.cases.truncate(2);
        for (case, batch) in record.cases.iter_mut().zip(["1", "2"]) {
            case.arguments.insert("batch".to_owned(), batch.to_owned());
            let time = case.time.as_mut().expect("measured");
            time.interval_s = Some(Interval { low: 0.9, high: 1.1 });
        }
        let decision = nights.decide(&record);
        let rulings: Vec<Ruling> = decision.findings.iter().map(|found| found.ruling).collect();
        // A figure that no case has is reported once, for one case.
        let times = if limit.starts_with("itmes") { 1 } else { 2 };
        assert_eq!(rulings, vec![ruling; times].into_iter().flatten().collect::<Vec<_>>(), "{limit}");
        if let Some(found) = decision.findings.first() {
            assert_eq!(found.figure, limit);
        }
    }
    let mut nights = Nights::new("[[rule]]\ncase = \"untit/\"\nlimits = [\"time < 1s\"]\n");
    let decision = nights.night(same);
    assert_eq!(decision.notes, ["bench.toml:1: this rule matches no case of the run"]);
}

#[test]
fn missed_targets_fail_the_build_unless_it_says_otherwise() {
    for (config, code) in [("", exit::SLOWER), ("[gate]\ntargets = false\n", exit::OK)] {
        let mut nights = Nights::new(config);
        let mut record = nights.measure(same);
        let target = Objective::parse("median <= 1ms").expect("a target");
        let result = target::judge(&record, &record.cases[0], &target, &EarlierRecords::default());
        record.cases[0].targets = vec![result];
        assert_eq!(nights.decide(&record).exit_code(false), code, "{config}");
    }
}

#[test]
fn a_baseline_is_one_run() {
    let mut nights = Nights::new("");
    nights.nights(20, same);
    let mut baseline = nights.measure(same);
    baseline.environment.dirty = Some(false);
    nights.store.add(&baseline).expect("added");
    let record = nights.measure(same);
    let decision = nights.against(&baseline, &record);
    assert_eq!(decision.against, Told::Baseline { name: "v1".to_owned(), run: "night-021".to_owned() });
    assert!(decision.findings.iter().all(|found| found.ruling == Ruling::Unsure), "{:?}", decision.findings);
    let record = nights.measure(slower(0.5));
    let decision = nights.against(&baseline, &record);
    let fails: Vec<&Finding> = decision.with(Ruling::Fails).collect();
    assert_eq!((fails.len(), fails[0].case.as_str(), decision.exit_code(false)), (1, "unit/0", exit::SLOWER));
    let suspicion = fails[0].suspicion().expect("of time");
    assert_eq!(suspicion.last_good.as_deref(), Some("commit-night-021"));
    assert!((suspicion.allowed - 0.01).abs() < 1e-9);
    let mut elsewhere = nights.measure(slower(0.5));
    elsewhere.environment.cpu = Some("another".to_owned());
    let decision = nights.against(&baseline, &elsewhere);
    assert_eq!((decision.exit_code(false), decision.exit_code(true)), (exit::OK, exit::UNSURE));
}

#[test]
fn of_other_figures_a_baseline_knows_how_much_runs_differ() {
    let config = "[gate]\nmetrics = [\"items\"]\n";
    for (nights_before, by, ruling) in [
        (20, 0.5, Some(Ruling::Fails)),
        (20, 0.005, Some(Ruling::Unsure)),
        (20, -0.5, None),
        (3, 0.5, Some(Ruling::Unsure)),
    ] {
        let mut nights = Nights::new(config);
        nights.nights(nights_before, same);
        let baseline = nights.measure(same);
        nights.store.add(&baseline).expect("added");
        let record = nights.measure(slower(by));
        let decision = nights.against(&baseline, &record);
        let of_first = decision.findings.iter().find(|found| found.case == "unit/0");
        assert_eq!(of_first.map(|found| found.ruling), ruling, "{nights_before}, {by}");
    }
}

#[test]
fn a_measurement_has_the_last_word() {
    let mut nights = Nights::new("");
    nights.nights(30, same);
    let decision = nights.nights(12, slower(0.1));
    let between = |low: f64, high: f64| Some(Interval { low, high });
    for (verdict, allowed, interval, ruling, code) in [
        (Verdict::Slower, 0.01, None, Ruling::Fails, exit::SLOWER),
        (Verdict::Slower, 0.01, between(0.02, 0.04), Ruling::Fails, exit::SLOWER),
        // Slower, but by no more than is allowed; and perhaps by more.
        (Verdict::Slower, 0.05, between(0.02, 0.04), Ruling::Cleared, exit::OK),
        (Verdict::Slower, 0.03, between(0.02, 0.04), Ruling::Unsure, exit::OK),
        (Verdict::Unsure, 0.05, between(-0.01, 0.04), Ruling::Cleared, exit::OK),
        (Verdict::Unsure, 0.03, between(-0.01, 0.04), Ruling::Unsure, exit::OK),
        (Verdict::Same, 0.01, None, Ruling::Cleared, exit::OK),
        (Verdict::Faster, 0.01, None, Ruling::Cleared, exit::OK),
        (Verdict::Unsure, 0.01, None, Ruling::Unsure, exit::OK),
        (Verdict::Failed, 0.01, None, Ruling::Fails, exit::SLOWER),
        (Verdict::Removed, 0.01, None, Ruling::Fails, exit::SLOWER),
    ] {
        let mut decision = decision.clone();
        decision.findings[0].allowed = decision.findings[0].before.map(|before| allowed * before);
        let compared = Box::new(Compared {
            id: "unit/0".to_owned(),
            old_s: None,
            new_s: None,
            counts: None,
            change: None,
            interval,
            verdict,
            smallest_effect: None,
            reason: None,
        });
        let head = "b".to_owned();
        decision.findings[0].confirm(Confirmation::Measured { base: "a".to_owned(), head, compared });
        assert_eq!(
            (decision.findings[0].ruling, decision.exit_code(false)),
            (ruling, code),
            "{verdict}, {interval:?}, {allowed}"
        );
    }
    let mut decision = decision;
    decision.findings[0].confirm(Confirmation::Impossible { reason: "no checkout".to_owned() });
    assert_eq!(decision.exit_code(false), exit::SLOWER, "the word of the history stands");
}

#[test]
fn the_gate_is_green_on_the_night_the_level_is_back_and_hears_the_next_regression() {
    let mut nights = Nights::new("");
    nights.nights(60, same);
    assert_eq!(nights.nights(8, slower(0.1)).exit_code(false), exit::SLOWER);
    for night in 69..=98 {
        if [69, 70, 75, 98].contains(&night) {
            let decision = nights.night(same);
            assert_eq!(decision.exit_code(false), exit::OK, "{night}: {:?}", decision.findings);
        } else {
            let record = nights.measure(same);
            nights.store.add(&record).expect("added");
        }
    }
    let decision = nights.nights(5, slower(0.08));
    assert_eq!(decision.exit_code(false), exit::SLOWER);
    let Evidence::History { turn, .. } = &only(&decision).evidence else { panic!("{decision:?}") };
    assert_eq!((turn.since.run.as_str(), turn.last_before.run.as_str()), ("night-099", "night-098"));
}

#[test]
fn reruns_of_an_old_commit_are_no_change_of_today() {
    let mut nights = Nights::new("");
    let commit = |night: u32| format!("commit-night-{night:03}");
    // Commit 3 took a fifth more than the others.
    for night in 1..=25 {
        nights.night(slower(if night == 3 { 0.2 } else { 0.0 }));
    }
    let decide_rerun = |nights: &mut Nights| {
        let mut rerun = nights.measure(slower(0.2));
        rerun.environment.commit = Some(commit(3));
        nights.decide(&rerun)
    };
    nights.commits = Commits::oldest_first((1..=25).map(commit));
    for _ in 0..6 {
        let decision = decide_rerun(&mut nights);
        assert_eq!((decision.findings.as_slice(), decision.exit_code(false)), (&[][..], exit::OK));
        assert_eq!((decision.judged, decision.too_little_history), (8, 8), "judged as what it was then");
    }
    // In the order of time alone, it would be a change.
    let commits = std::mem::take(&mut nights.commits);
    let decision = decide_rerun(&mut nights);
    assert_eq!((decision.findings.len(), decision.exit_code(false)), (1, exit::SLOWER));
    nights.commits = commits;
    let today = nights.night(same);
    assert_eq!(today.findings, []);
}
