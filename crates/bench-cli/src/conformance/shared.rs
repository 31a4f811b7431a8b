//! Checks of workers that have offered to measure several cases.

use bench_protocol::{Case, Command, Frame, Mode};

use super::check::{Check, Subject, measure};
use super::conversation::{Conversation, Event};
use super::deviation::{Deviation, Outcome};
use super::modes::batch;

pub(super) const CHECKS: &[Check] = &[
    Check { name: "shared: all cases of a set-up, one after another", make: |subject| offered(subject, all) },
    Check { name: "shared: rounds in mode `step`", make: |subject| offered(subject, steps) },
    Check { name: "shared: the runner exits between two rounds", make: |subject| offered(subject, between) },
];

/// The largest number of cases that one worker measures: more would show nothing new.
const MOST: usize = 5;

/// Makes a check if the program has a set-up and its worker offers to be shared.
fn offered(
    subject: &Subject<'_>,
    make: fn(&Subject<'_>, &mut Conversation<'_>, &[&Case]) -> Result<(), Deviation>,
) -> Outcome {
    let cases = subject.opened.cases();
    let Some(first) = cases.iter().find(|case| case.set_up.is_some() && case.ignored.is_none()) else {
        return Outcome::NotChecked("no case names a `set_up`".to_owned());
    };
    let mut group: Vec<&Case> = cases
        .iter()
        .filter(|case| case.set_up == first.set_up && case.ignored.is_none())
        .take(MOST)
        .collect();
    // The first case is measured again, so that there are two rounds even if there is no other case.
    group.push(first);
    let made = subject.start().and_then(|mut worker| {
        worker.ready()?;
        if !worker.is_shared() {
            return Ok(None);
        }
        make(subject, &mut worker, &group).map(Some)
    });
    match made {
        Ok(Some(())) => Outcome::Ok,
        Ok(None) => Outcome::NotChecked("`ready` does not offer it".to_owned()),
        Err(deviation) => Outcome::Deviation(deviation),
    }
}

fn round(
    subject: &Subject<'_>,
    worker: &mut Conversation<'_>,
    case: &Case,
    mode: Mode,
) -> Result<(), Deviation> {
    let mut assignment = subject.assignment(mode);
    assignment.case.clone_from(&case.id);
    assignment.locator.clone_from(&case.locator);
    worker.tell(&measure(assignment))?;
    let wanted = format!(
        "a round of `{}` in the worker that has measured others: `first_call` to `finished` without another `ready`",
        case.id
    );
    let mut is_called = false;
    loop {
        let frame = worker.frame(&wanted)?;
        let was_called = is_called;
        is_called |= matches!(frame, Frame::FirstCall { .. });
        match frame {
            Frame::Skipped { .. } => return Ok(()),
            Frame::Finished(_) if was_called => return Ok(()),
            Frame::FirstCall { .. } if mode == Mode::Step => {
                batch(worker, 2, 0)?;
                worker.tell(&Command::Stop)?;
            }
            Frame::FirstCall { .. } | Frame::WarmedUp(_) | Frame::Samples { .. } => {}
            other => return Err(worker.instead(wanted, other)),
        }
    }
}

fn all(subject: &Subject<'_>, worker: &mut Conversation<'_>, group: &[&Case]) -> Result<(), Deviation> {
    for case in group {
        round(subject, worker, case, Mode::Sample)?;
    }
    worker.ends_well()
}

fn steps(subject: &Subject<'_>, worker: &mut Conversation<'_>, group: &[&Case]) -> Result<(), Deviation> {
    for case in group {
        round(subject, worker, case, Mode::Step)?;
    }
    worker.ends_well()
}

fn between(subject: &Subject<'_>, worker: &mut Conversation<'_>, group: &[&Case]) -> Result<(), Deviation> {
    if let Some(case) = group.first() {
        round(subject, worker, case, Mode::Once)?;
    }
    // The worker waits: it must neither exit nor send a frame.
    match worker.pause() {
        Event::Silence(_) => {}
        other => {
            let found = worker.describe(&other);
            return Err(Deviation::new("a shared worker that waits for another `measure`", found));
        }
    }
    worker.ends_well()
}
