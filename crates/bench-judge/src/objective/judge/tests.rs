use super::*;
use crate::Summarize;
use crate::testing::record;
use bench_protocol::Better;
use bench_record::Metric;
use bench_stats::Interval;

/// Judges `text` for the first case of a record.
fn judged(record: &Record, text: &str) -> ObjectiveResult {
    let target = Objective::parse(text).expect(text);
    judge(record, &record.cases[0], &target, &EarlierRecords::default())
}

/// Creates eight rounds of about a millisecond: the interval of the median is about ±2 %.
fn millisecond() -> Record {
    record(vec![("unit/x", (0..8).map(|round| 990_000 + 3_000 * round).collect())])
}

#[test]
fn met_and_missed_take_the_whole_interval() {
    let record = millisecond();
    for (text, outcome) in [
        ("median <= 1.1ms", Outcome::Met),
        ("median < 1.1ms", Outcome::Met),
        ("median <= 0.9ms", Outcome::Missed),
        ("median <= 1ms", Outcome::Unsure),
        ("median >= 1.1ms", Outcome::Missed),
        ("median > 0.9ms", Outcome::Met),
        ("median <= 0.0011", Outcome::Met),
        ("mean <= 1.1ms", Outcome::Met),
        ("max <= 1.011ms", Outcome::Met),
        ("max < 1.011ms", Outcome::Missed),
        ("min >= 0.991ms", Outcome::Missed),
    ] {
        let result = judged(&record, text);
        assert_eq!(result.outcome, outcome, "{text}: {result:?}");
        assert_eq!(result.unit.as_deref(), Some("s"));
        assert_eq!(result.reason.is_some(), outcome == Outcome::Unsure, "{text}: {result:?}");
        let interval = result.interval.expect("eight rounds");
        let value = result.value.expect("a figure");
        assert!(interval.low <= value && value <= interval.high, "{text}: {result:?}");
    }
    let half = judged(&record, "median <= 0.50025ms");
    assert!((half.attainment.expect("a figure") - 0.5).abs() < 1e-9, "{half:?}");
    assert_eq!(judged(&record, "median <= 1s").attainment, Some(1.0));
}

#[test]
fn without_an_interval_there_is_only_doubt() {
    let once = record(vec![("unit/x", vec![1_000_000])]);
    for text in ["median <= 1s", "median <= 1ns", "mean <= 1s", "max <= 1s"] {
        let result = judged(&once, text);
        assert_eq!((result.outcome, result.value), (Outcome::Unsure, Some(1e-3)), "{text}");
        assert!(result.reason.expect("why").starts_with("one round only"), "{text}");
    }
    // Eight samples are too few for a percentile.
    let result = judged(&millisecond(), "p95 <= 1s");
    assert_eq!(result.outcome, Outcome::Unsure);
    assert_eq!(result.reason.as_deref(), Some("too few observations for this percentile"));
}

#[test]
fn a_percentile_with_enough_samples_has_an_interval() {
    let mut record = millisecond();
    let case = &mut record.cases[0];
    for round in &mut case.rounds {
        round.sample_ns = (0..50).map(|sample| 1_000_000 + 10_000 * sample).collect();
    }
    let rounds = std::mem::take(&mut case.rounds);
    rounds.into_iter().for_each(|round| case.push(round));
    let result = judged(&record, "p95 <= 2ms");
    assert_eq!(result.outcome, Outcome::Met, "{result:?}");
    assert_eq!(result.value, Some(0.00147));
    assert_eq!(judged(&record, "p95 <= 1.2ms").outcome, Outcome::Missed);
}

#[test]
fn what_has_no_figure_says_why() {
    let failed = record(vec![("unit/x", vec![])]);
    let result = judged(&failed, "median <= 1s");
    assert_eq!((result.outcome, result.value), (Outcome::Missed, None));
    assert!(result.reason.expect("why").starts_with("the case failed: panicked"));

    let mut other = millisecond();
    let reason = |record: &Record, text: &str| {
        let result = judged(record, text);
        assert_eq!((result.outcome, result.value), (Outcome::Unsure, None), "{text}");
        result.reason.expect("why")
    };
    assert!(reason(&other, "medain <= 1s").starts_with("no `medain`; nearest: `median`"));
    assert_eq!(reason(&other, "load <= 1s"), "this case has no `load`");
    other.cases[0].status = Status::Skipped;
    other.cases[0].skip_reason = Some("no weights".to_owned());
    assert_eq!(reason(&other, "median <= 1s"), "skipped: no weights");
    other.cases[0].status = Status::NotRun;
    assert_eq!(reason(&other, "median <= 1s"), "not run: interrupted");
}

#[test]
fn metrics_are_held_against_limits_in_their_units() {
    let mut record = millisecond();
    let around = |value: f64| Some(Interval { low: value * 0.9, high: value * 1.1 });
    record.cases[0].metrics = vec![
        Metric::new("IPS", "images/s", 100.0, Better::Higher).with_interval(around(100.0)),
        Metric::new("TTFA p95", "ms", 150.0, Better::Lower).with_interval(around(150.0)),
        Metric::new("accuracy", "%", 50.0, Better::Higher).with_interval(around(50.0)),
        Metric::new("WER", "1", 0.1, Better::Lower),
    ];
    for (text, outcome) in [
        ("ips >= 80", Outcome::Met),
        ("throughput >= 80", Outcome::Met),
        ("ips >= 95", Outcome::Unsure),
        ("ttfa_p95 <= 0.2s", Outcome::Met),
        ("ttfa_p95 <= 200", Outcome::Met),
        ("ttfa_p95 <= 100ms", Outcome::Missed),
        ("accuracy >= 40%", Outcome::Met),
        ("accuracy >= 0.4x", Outcome::Met),
        ("accuracy >= 40", Outcome::Met),
        ("ips >= 80s", Outcome::Unsure),
        ("wer <= 0.2", Outcome::Unsure),
    ] {
        let result = judged(&record, text);
        assert_eq!(result.outcome, outcome, "{text}: {result:?}");
    }
    let reason = |text: &str| judged(&record, text).reason.expect("why");
    assert_eq!(reason("ips >= 80s"), "the figure is in images/s, and the limit is a time");
    assert_eq!(reason("wer <= 0.2"), "its interval is unknown");
}

#[test]
fn a_restriction_chooses_cases_and_levels() {
    let mut record = millisecond();
    record.cases[0].arguments.insert("batch".to_owned(), "8".to_owned());
    assert_eq!(judged(&record, "median <= 1s @ batch=8").outcome, Outcome::Met);
    let reason = |text: &str| {
        let result = judged(&record, text);
        assert_eq!(result.outcome, Outcome::Unsure, "{text}");
        result.reason.expect("why")
    };
    assert_eq!(reason("median <= 1s @ batch=9"), "no case has batch=9");
    let levels = "no `median` at concurrency=8: the case has no such argument, and no levels";
    assert_eq!(reason("median <= 1s @ concurrency=8"), levels);
    assert_eq!(reason("speedup(unit/y) >= 1 @ concurrency=8"), "the case has no argument `concurrency`");
}

#[test]
fn of_several_levels_the_worst_counts() {
    let target = Objective::parse("ttfa <= 200ms").expect("a target");
    let level = |name: &str, value: f64, half: Option<f64>| Figure {
        value,
        unit: "s".to_owned(),
        interval: half.map(|half| Interval { low: value - half, high: value + half }),
        doubt: Some("because".to_owned()),
        level: Some(name.to_owned()),
        invalid: None,
    };
    let figures =
        vec![level("c=1", 0.1, Some(0.01)), level("c=2", 0.19, Some(0.05)), level("c=4", 0.15, None)];
    let result = worst(&target, figures.clone());
    assert_eq!(result.outcome, Outcome::Unsure, "doubt is worse than a hit");
    let missed = [figures, vec![level("c=8", 0.3, Some(0.01)), level("c=16", 0.4, Some(0.01))]].concat();
    let result = worst(&target, missed);
    assert_eq!((result.outcome, result.value), (Outcome::Missed, Some(0.4)));
    assert_eq!(result.reason.as_deref(), Some("worst at c=16"));
    assert_eq!(worst(&target, vec![level("c=4", 0.1, Some(0.01))]).reason, None, "one is no choice");
}

#[test]
fn a_speedup_is_over_the_case_with_the_same_arguments() {
    let times = |ns: u64| (0..8).map(|round| ns + ns / 300 * round).collect::<Vec<u64>>();
    let mut record = record(vec![
        ("unet/performance/fast[batch=8]", times(1_000_000)),
        ("unet/performance/slow", times(2_000_000)),
        ("unet/performance/slow[batch=1]", times(4_000_000)),
        ("unet/performance/slow[batch=8]", times(8_000_000)),
        ("unet/performance/plain", times(3_000_000)),
        ("unet/performance/broken", vec![]),
    ]);
    for (case, batch) in [(0, "8"), (2, "1"), (3, "8")] {
        record.cases[case].arguments.insert("batch".to_owned(), batch.to_owned());
    }
    for (text, outcome, value) in [
        ("speedup(unet/performance/slow) >= 7", Outcome::Met, 8.0),
        ("speedup(unet/performance/slow) >= 9x", Outcome::Missed, 8.0),
        ("speedup(unet/performance/slow) >= 800%", Outcome::Unsure, 8.0),
        ("speedup(unet/performance/slow[batch=1]) >= 3.5", Outcome::Met, 4.0),
        ("speedup(unet/performance/plain) >= 2.5", Outcome::Met, 3.0),
    ] {
        let result = judged(&record, text);
        assert_eq!(result.outcome, outcome, "{text}: {result:?}");
        assert!((result.value.expect("a ratio") / value - 1.0).abs() < 1e-3, "{text}: {result:?}");
        assert_eq!(result.unit.as_deref(), Some("×"));
        let interval = result.interval.expect("eight rounds");
        assert!(interval.low < value && value < interval.high, "{text}: {result:?}");
    }
    let missing = judged(&record, "speedup(unet/performance/plane) >= 2");
    let reason = missing.reason.expect("why");
    assert!(
        reason.starts_with(
            "this run contains no case `unet/performance/plane`; nearest: unet/performance/plain"
        )
    );
    let broken = judged(&record, "speedup(unet/performance/broken) >= 2");
    assert_eq!(broken.outcome, Outcome::Unsure);
    assert_eq!(broken.reason.as_deref(), Some("there is no time of `unet/performance/broken`"));
}

#[test]
fn a_speedup_over_an_earlier_run_has_the_interval_of_a_comparison() {
    let (mut new, mut old) = (millisecond(), record(vec![("unit/x", vec![4_000_000; 8])]));
    (new.timestamp, old.timestamp) = ("2026-11-02T00:00:00Z".to_owned(), "2026-11-01T00:00:00Z".to_owned());
    old.run = "earlier".to_owned();
    let over = |old: &Record, text: &str| {
        let target = Objective::parse(text).expect(text);
        judge(&new, &new.cases[0], &target, &EarlierRecords::default().with("base", old.clone()))
    };
    let met = over(&old, "speedup(run:base) >= 2");
    assert_eq!(met.outcome, Outcome::Met, "{met:?}");
    assert!((met.value.expect("a ratio") - 4.0).abs() < 0.1);
    // Without earlier runs, two runs are assumed to differ by a third, however well each one is known.
    let interval = met.interval.expect("eight rounds");
    assert!(interval.low < 3.2 && interval.high > 5.0, "{interval:?}");
    assert_eq!(over(&old, "speedup(run:base) >= 3.9").outcome, Outcome::Unsure);
    assert_eq!(over(&old, "speedup(run:base) >= 8").outcome, Outcome::Missed);

    let reason = |old: &Record| {
        let result = over(old, "speedup(run:base) >= 2");
        assert_eq!(result.outcome, Outcome::Unsure, "{result:?}");
        result.reason.expect("why")
    };
    let mut elsewhere = old.clone();
    elsewhere.environment.cpu = Some("another".to_owned());
    assert!(reason(&elsewhere).starts_with("not the same machine and build"));
    let mut later = old.clone();
    later.timestamp = "2026-11-03T00:00:00Z".to_owned();
    assert_eq!(reason(&later), "the run `base` is not an earlier one");
    assert_eq!(reason(&record(vec![])), "the run `base` is not an earlier one", "of the same name: itself");
    let mut without = old;
    without.cases.clear();
    assert_eq!(reason(&without), "the run `base` does not contain this case");
    let unknown = over(&without, "speedup(run:other) >= 2");
    assert_eq!(unknown.reason.as_deref(), Some("no earlier run `other` was given"));
}

#[test]
fn a_record_is_settled_from_its_texts() {
    let mut record = millisecond();
    let declared = |text: &str| ObjectiveResult::without_figure(text, Outcome::Unsure, "not judged");
    record.cases[0].targets =
        ["median <= 1s", "median <= 1ns", "median <= 1 fortnight"].map(declared).to_vec();
    settle(&mut record, &EarlierRecords::default());
    let outcomes: Vec<Outcome> = record.cases[0].targets.iter().map(|result| result.outcome).collect();
    assert_eq!(outcomes, [Outcome::Met, Outcome::Missed, Outcome::Unsure]);
    let reason = record.cases[0].targets[2].reason.clone().expect("why");
    assert!(reason.contains("`fortnight` is not a unit"), "{reason}");
    let summary = record.targets.expect("three");
    assert_eq!((summary.total, summary.met, summary.missed, summary.unsure), (3, 1, 1, 1));
    let before = record.clone();
    settle(&mut record, &EarlierRecords::default());
    assert_eq!(record, before, "judging again changes nothing");
}
