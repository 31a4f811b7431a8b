//! Checks of each mode, as a run uses it.

use std::time::Instant;

use bench_protocol::{Command, Frame, Mode};

use super::check::{Check, Subject, measure};
use super::conversation::{Conversation, Event};
use super::deviation::Deviation;

pub(super) const CHECKS: &[Check] = &[
    Check { name: "ready: comes before any command", make: |subject| ready(subject).into() },
    Check { name: "once: the order of frames", make: |subject| once(subject).into() },
    Check { name: "once: every case", make: |subject| every_case(subject).into() },
    Check { name: "sample: numbers that were asked for", make: |subject| numbers(subject).into() },
    Check { name: "sample: until the slice is over", make: |subject| slice(subject).into() },
    Check { name: "sample: a hard stop", make: |subject| hard_stop(subject).into() },
    Check { name: "step: batches, then `stop`", make: |subject| step(subject).into() },
    Check { name: "step: the channel closed instead of `stop`", make: |subject| unstopped(subject).into() },
    Check { name: "step: `stop` before any batch", make: |subject| stop_at_once(subject).into() },
    Check { name: "count: refused outside valgrind", make: |subject| count(subject).into() },
    Check { name: "environment: filters are not for workers", make: |subject| filters(subject).into() },
];

fn ready(subject: &Subject<'_>) -> Result<(), Deviation> {
    subject.start()?.ready()
}

/// Receives `finished`, and returns its number of iterations.
fn finished(worker: &mut Conversation<'_>, wanted: &str) -> Result<u64, Deviation> {
    match worker.frame(wanted)? {
        Frame::Finished(finish) => Ok(finish.iterations),
        other => Err(worker.instead(wanted, other)),
    }
}

fn once(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.begin(Mode::Once)?;
    worker.first_call()?;
    finished(&mut worker, "`finished` after `first_call`")?;
    worker.ends_well()
}

/// The largest number of cases that are tried, spread evenly over the list.
const MOST_CASES: usize = 50;

fn every_case(subject: &Subject<'_>) -> Result<(), Deviation> {
    let cases = subject.opened.cases();
    let apart = cases.len().div_ceil(MOST_CASES).max(1);
    for case in cases.iter().step_by(apart) {
        let wanted = format!("`{}` ends with `finished` or `skipped`, as it is listed", case.id);
        let mut worker = subject.start()?;
        let mut assignment = subject.assignment(Mode::Once);
        assignment.case.clone_from(&case.id);
        assignment.locator.clone_from(&case.locator);
        worker.tell(&measure(assignment))?;
        loop {
            match worker.frame(&wanted)? {
                Frame::FirstCall { .. } | Frame::Served(_) | Frame::Samples { .. } => {}
                Frame::Finished(_) | Frame::Skipped { .. } => break,
                other => return Err(worker.instead(wanted, other)),
            }
        }
        worker.ends_well()?;
    }
    Ok(())
}

/// The totals over the frames of a worker in mode `sample`.
#[derive(Default)]
struct Samples {
    count: u64,
    iterations: u64,
    total_ns: u128,
    warm_up: u64,
}

/// Follows a round in mode `sample` to its end.
fn samples(worker: &mut Conversation<'_>) -> Result<Samples, Deviation> {
    let began = Instant::now();
    worker.first_call()?;
    let mut samples = Samples::default();
    const WARM: &str = "`warmed_up` after `first_call`";
    match worker.frame(WARM)? {
        Frame::WarmedUp(warm_up) => samples.warm_up = warm_up.iterations,
        other => return Err(worker.instead(WARM, other)),
    }
    const WANTED: &str = "`samples`, then `finished`";
    let measured = loop {
        match worker.frame(WANTED)? {
            Frame::Samples { iterations, ns } => {
                let is_first = samples.count == 0;
                if iterations == 0 || !is_first && iterations != samples.iterations {
                    return Err(Deviation::new(
                        "`samples` with the same `iterations`, at least 1, in all frames of a round",
                        format!("{iterations} after {}", samples.iterations),
                    ));
                }
                samples.iterations = iterations;
                samples.count += ns.len() as u64;
                samples.total_ns += ns.iter().map(|ns| u128::from(*ns)).sum::<u128>();
            }
            Frame::Finished(finish) => break finish.iterations,
            other => return Err(worker.instead(WANTED, other)),
        }
    };
    if samples.count == 0 {
        return Err(Deviation::new("at least one sample before `finished`", "no sample"));
    }
    let sampled = samples.count * samples.iterations;
    if measured != sampled {
        return Err(Deviation::new(
            "`finished` with the iterations of all samples",
            format!("{measured}, after {} samples of {}", samples.count, samples.iterations),
        ));
    }
    let wall = began.elapsed().as_nanos();
    if samples.total_ns > wall {
        return Err(Deviation::new(
            "samples in nanoseconds, together no longer than the round",
            format!("{} ns in a round of {wall} ns", samples.total_ns),
        ));
    }
    worker.ends_well()?;
    Ok(samples)
}

fn numbers(subject: &Subject<'_>) -> Result<(), Deviation> {
    let samples = samples(&mut subject.begin(Mode::Sample)?)?;
    let (warm_up, count) = (samples.warm_up, samples.count);
    // A worker may need to know how long an iteration takes before it puts several into a sample.
    let enough = warm_up == 2 || warm_up > 2 && samples.iterations > 1;
    if !enough || count != 3 {
        return Err(Deviation::new(
            "2 iterations of warm-up and 3 samples, as `measure` says",
            format!("{warm_up} iterations of warm-up and {count} samples"),
        ));
    }
    Ok(())
}

fn slice(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    let mut assignment = subject.assignment(Mode::Sample);
    (assignment.warmup, assignment.samples) = (None, None);
    worker.tell(&measure(assignment))?;
    samples(&mut worker).map(drop)
}

/// More samples than fit into any slice, so that a worker that ignores the slice does not end.
const ENDLESS: u64 = 1 << 40;

fn hard_stop(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    let mut assignment = subject.assignment(Mode::Sample);
    (assignment.samples, assignment.hard_stop) = (Some(ENDLESS), true);
    worker.tell(&measure(assignment))?;
    let until = Instant::now() + subject.options.patience;
    let wanted = "a round that ends when its slice of 20 ms is over, as `hard_stop` is true";
    loop {
        match worker.frame(wanted)? {
            Frame::Finished(_) => return worker.ends_well(),
            Frame::FirstCall { .. } | Frame::WarmedUp(_) | Frame::Samples { .. } => {}
            other => return Err(worker.instead(wanted, other)),
        }
        if Instant::now() > until {
            let patience = subject.options.patience.as_secs_f64();
            return Err(Deviation::new(wanted, format!("`samples` for {patience} s")));
        }
    }
}

/// Has the worker measure one batch, and checks the answer.
pub(super) fn batch(worker: &mut Conversation<'_>, iterations: u64, lead: u64) -> Result<(), Deviation> {
    let wanted = format!("one `samples` with `iterations` {iterations} and one time for that `batch`");
    let began = Instant::now();
    worker.tell(&Command::Batch { iterations, lead })?;
    match worker.frame(&wanted)? {
        Frame::Samples { iterations: timed, ns } if timed == iterations && ns.len() == 1 => {
            let (claimed, wall) = (u128::from(ns[0]), began.elapsed().as_nanos());
            if claimed > wall {
                let found = format!("{claimed} ns {wall} ns after the command");
                return Err(Deviation::new("a time in nanoseconds, no longer than the batch", found));
            }
            Ok(())
        }
        other => Err(worker.instead(wanted, other)),
    }
}

fn step(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.begin(Mode::Step)?;
    worker.first_call()?;
    for iterations in [1, 3, 2] {
        // The iterations of the lead, which run before a batch, must not be counted.
        let lead = if worker.leads() { iterations + 1 } else { 0 };
        batch(&mut worker, iterations, lead)?;
    }
    worker.tell(&Command::Stop)?;
    let measured = finished(&mut worker, "`finished` after `stop`")?;
    if measured != 6 {
        return Err(Deviation::new("`finished` with the 6 iterations of all batches", format!("{measured}")));
    }
    worker.ends_well()
}

fn unstopped(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.begin(Mode::Step)?;
    worker.first_call()?;
    batch(&mut worker, 1, 0)?;
    worker.close();
    worker.exits()
}

fn stop_at_once(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.begin(Mode::Step)?;
    worker.first_call()?;
    worker.tell(&Command::Stop)?;
    finished(&mut worker, "`finished` after `stop`")?;
    worker.ends_well()
}

fn count(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.begin(Mode::Count)?;
    worker.ready()?;
    let wanted = "`failed` in mode `count`, which needs valgrind";
    match worker.next() {
        Event::Frame(Frame::Failed { .. }) => worker.ends_well(),
        other => Err(Deviation::new(wanted, worker.describe(&other))),
    }
}

/// Checks that a worker ignores filters in its environment: the runner has already applied them.
fn filters(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut command = subject.program().command();
    for (name, value) in [
        ("BENCH_CATEGORY", "integration"),
        ("BENCH_MODEL", "no_such_model"),
        ("BENCH_TAG", "no_such_tag"),
        ("BENCH_SKIP", ""),
        ("BENCH_LIST", "1"),
        ("BENCH_MAX_TIME", "not a duration"),
    ] {
        command.env(name, value);
    }
    let mut worker = subject.start_as(command)?;
    worker.tell(&measure(subject.assignment(Mode::Once)))?;
    worker.first_call()?;
    finished(&mut worker, "`finished`, whatever variables of the runner say")?;
    worker.ends_well()
}
