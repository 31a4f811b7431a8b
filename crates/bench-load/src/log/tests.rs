use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::domain::{Answer, Generation, REQUESTS, Response, TEXT};
use crate::slo::Slo;

fn row(number: u64, outcome: Outcome) -> Row {
    let ended = Ended {
        end_ns: (number + 1) * 1_000_000,
        outcome,
        marks: None,
        answer: Answer::default(),
        error: (outcome != Outcome::Served).then(|| format!("error {}", number % 3).into_boxed_str()),
    };
    Row::of((number, 0, 0), (number * 1_000_000, number * 1_000_000 + 1000), ended)
}

fn logged(rows: impl Iterator<Item = Row> + Send, at_once: bool) -> Logged {
    logged_of(&REQUESTS, rows, at_once)
}

fn logged_of(domain: &'static Domain, rows: impl Iterator<Item = Row> + Send, at_once: bool) -> Logged {
    let (inlet, outlet) = log(at_once);
    let (slo, phase) = (Slo::default(), Phase::default());
    let facts = [Facts::default()];
    let meaning = Meaning {
        domain,
        facts: &facts,
        scheduled: false,
        slo: &slo,
        phase: &phase,
        keeps_rows: domain.name == TEXT.name,
    };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut recorder = inlet.recorder();
            rows.for_each(|row| recorder.push(row));
            drop(recorder);
            inlet.close();
        });
        add_up(&outlet, &meaning, None)
    })
}

#[test]
fn no_row_is_lost_on_the_way() {
    for at_once in [false, true] {
        let logged = logged((0..10_001).map(|number| row(number, Outcome::Served)), at_once);
        assert_eq!(logged.whole.counts(), (10_001, 0, 0));
        assert_eq!(logged.whole.window(), (1000, 10_001_000_000));
        assert!(
            logged.latency_ns.len() <= adder::LATENCIES && logged.latency_ns.iter().all(|ns| *ns == 999_000)
        );
    }
}

#[test]
fn what_ends_in_the_steady_part_is_good_there_even_if_it_was_begun_before() {
    let mut tally = Tally::new(&REQUESTS);
    let facts = Facts::default();
    let rows: Vec<Row> = (0..10).map(|number| row(number, Outcome::Served)).collect();
    tally.add_rates(&rows[0], &rows[0].seen(&facts), true);
    rows[1..].iter().for_each(|row| tally.add(row, &row.seen(&facts), 0.001, true));
    let metrics = tally.metrics((0, 10_000_000), false, true);
    let value = |name: &str| metrics.iter().find(|metric| metric.name == name).expect(name).value;
    assert_eq!((value("RPS"), value("goodput")), (1000.0, 1000.0));
}

#[test]
fn failures_are_counted_and_never_averaged_in() {
    let outcome = |number| match number % 10 {
        0 => Outcome::Failed,
        1 => Outcome::TimedOut,
        _ => Outcome::Served,
    };
    let logged = logged((0..1000).map(|number| row(number, outcome(number))), false);
    assert_eq!(logged.whole.counts(), (800, 200, 100));
    assert_eq!(logged.whole.latencies(), 800);
    assert_eq!(logged.errors.iter().map(|(_, count)| count).sum::<u64>(), 200);
    assert_eq!(logged.errors.len(), 3);
    let metrics = logged.whole.metrics(logged.whole.window(), false, false);
    assert_eq!(metrics[0].name, "RPS");
    assert!((metrics[0].value - 800.0).abs() < 1.0, "{:?}", metrics[0]);
    let rate = metrics.iter().find(|metric| metric.name == "success rate").expect("a rate");
    assert_eq!(rate.value, 0.8);
    let timeline = logged.dots.timeline(0);
    assert_eq!(timeline.iter().filter(|dot| !dot.ok).count(), 200);
}

#[test]
fn what_is_filled_in_later_counts_and_is_sent_to_other_workers() {
    let counted = Arc::new(AtomicU64::new(0));
    let mut rows: Vec<Row> = (0..10).map(|number| row(number, Outcome::Served)).collect();
    // The first two rows are complete from the beginning.
    for (number, row) in rows.iter_mut().enumerate() {
        let mut answer = Answer::default();
        Generation::new(1).tell(&mut answer);
        if number >= 2 {
            let counted = Arc::clone(&counted);
            answer = Answer::default();
            answer.later(move |answer| {
                counted.fetch_add(1, Ordering::Relaxed);
                Generation::new(10).tell(answer);
                answer.format("tokenizer");
            });
        }
        (row.values, row.later) = (answer.values, answer.later);
    }
    let while_sent = Arc::clone(&counted);
    let sent = rows.into_iter().inspect(move |_| assert_eq!(while_sent.load(Ordering::Relaxed), 0));
    let logged = logged_of(&TEXT, sent, true);
    assert_eq!((logged.whole.counts(), counted.load(Ordering::Relaxed)), ((10, 0, 0), 8));
    let metrics = logged.whole.metrics((0, 1_000_000_000), false, false);
    let rate = metrics.iter().find(|metric| metric.name == "output tokens/s").expect("a rate");
    assert_eq!(rate.value, 82.0);
    let kept: Vec<Row> = Coded(&logged.coded).collect::<Result<_, _>>().expect("whole rows");
    let numbers: Vec<u64> = kept.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (0..10).collect::<Vec<u64>>());
    assert_eq!((kept[1].format.as_ref(), kept[2].format.as_ref()), ("", "tokenizer"));
}
