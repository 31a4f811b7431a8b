//! Checks that a worker exits if its runner exits between any two frames.

use bench_protocol::{Command, Frame, Mode};

use super::check::{Check, Subject};
use super::conversation::{Conversation, Event};
use super::deviation::Deviation;

pub(super) const CHECKS: &[Check] = &[
    Check { name: "the runner exits: before `ready`", make: |subject| at_once(subject).into() },
    Check {
        name: "the runner exits: mode `once`, after each frame",
        make: |subject| after_each(subject, Mode::Once).into(),
    },
    Check {
        name: "the runner exits: mode `sample`, after each frame",
        make: |subject| after_each(subject, Mode::Sample).into(),
    },
    Check {
        name: "the runner exits: mode `step`, after each frame",
        make: |subject| after_each(subject, Mode::Step).into(),
    },
    Check { name: "the runner exits: in a batch", make: |subject| in_a_batch(subject).into() },
];

/// The number of frames of a round after which the runner exits. Later frames are of the same kinds.
const MOST: usize = 8;

fn at_once(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    worker.close();
    worker.exits()
}

fn after_each(subject: &Subject<'_>, mode: Mode) -> Result<(), Deviation> {
    for frames in 1..=MOST {
        let mut worker = subject.begin(mode)?;
        let ended = after(&mut worker, frames)?;
        worker.close();
        worker.exits().map_err(|deviation| {
            Deviation::new(deviation.expected, format!("{} after {frames} frames", deviation.found))
        })?;
        if ended {
            break;
        }
    }
    Ok(())
}

/// Follows a round for this many frames; returns whether the round has ended within them.
fn after(worker: &mut Conversation<'_>, frames: usize) -> Result<bool, Deviation> {
    let mut batches = 0;
    for _ in 0..frames {
        match worker.next() {
            Event::Frame(Frame::Finished(_) | Frame::Skipped { .. } | Frame::Failed { .. }) => {
                return Ok(true);
            }
            Event::Frame(frame) => {
                let is_answer = matches!(frame, Frame::FirstCall { .. } | Frame::Samples { .. });
                // In other modes, the worker reads no further command, so these have no effect.
                if is_answer && batches < 2 {
                    worker.tell(&Command::Batch { iterations: 1, lead: 0 })?;
                } else if is_answer && batches == 2 {
                    worker.tell(&Command::Stop)?;
                }
                batches += usize::from(is_answer);
            }
            other => {
                let found = worker.describe(&other);
                return Err(Deviation::new("frames, and last `finished`", found));
            }
        }
    }
    Ok(false)
}

fn in_a_batch(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.begin(Mode::Step)?;
    worker.first_call()?;
    worker.tell(&Command::Batch { iterations: 1, lead: 0 })?;
    worker.close();
    worker.exits()
}
