//! Checks the answers of a worker to commands that no runner should send.

use std::time::Duration;

use bench_protocol::json::to_text;
use bench_protocol::{Command, Frame, LONGEST_FRAME, Mode};
use serde_json::{Value, json};

use super::check::{Check, Subject, measure};
use super::conversation::{Conversation, Event};
use super::deviation::Deviation;

pub(super) const CHECKS: &[Check] = &[
    Check { name: "commands: an unknown case", make: |subject| unknown_case(subject).into() },
    Check { name: "commands: unknown fields", make: |subject| unknown_field(subject).into() },
    Check { name: "commands: in pieces", make: |subject| pieces(subject).into() },
    Check { name: "commands: several at once", make: |subject| at_once(subject).into() },
    Check { name: "commands: not JSON", make: |subject| refused(subject, b"hello\n").into() },
    Check { name: "commands: not UTF-8", make: |subject| refused(subject, b"{\"type\":\"\xff\"}\n").into() },
    Check { name: "commands: an empty line", make: |subject| refused(subject, b"\n").into() },
    Check { name: "commands: not an object", make: |subject| refused(subject, b"[\"measure\"]\n").into() },
    Check {
        name: "commands: an unknown `type`",
        make: |subject| refused(subject, b"{\"type\":\"dance\"}\n").into(),
    },
    Check {
        name: "commands: `batch` before `measure`",
        make: |subject| refused(subject, b"{\"type\":\"batch\",\"iterations\":1}\n").into(),
    },
    Check { name: "commands: `measure` without a mode", make: |subject| without(subject, "mode").into() },
    Check { name: "commands: `measure` without a case", make: |subject| without(subject, "case").into() },
    Check { name: "commands: an unknown mode", make: |subject| unknown_mode(subject).into() },
    Check {
        name: "commands: a batch of 0 iterations",
        make: |subject| refused_in_step(subject, b"{\"type\":\"batch\",\"iterations\":0}\n").into(),
    },
    Check { name: "commands: `measure` in a round", make: |subject| measure_twice(subject).into() },
    Check {
        name: "commands: not JSON in a round",
        make: |subject| refused_in_step(subject, b"{{{\n").into(),
    },
    Check { name: "commands: longer than 64 MiB", make: |subject| oversized(subject).into() },
    Check { name: "commands: cut off in the middle", make: |subject| cut_off(subject).into() },
];

fn as_json(subject: &Subject<'_>, mode: Mode) -> Value {
    value(&measure(subject.assignment(mode)))
}

/// Returns a command as a JSON value that a check can change.
fn value(command: &Command) -> Value {
    serde_json::from_str(&to_text(command)).unwrap_or_default()
}

fn line(value: &Value) -> Vec<u8> {
    format!("{value}\n").into_bytes()
}

fn unknown_case(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    let mut assignment = subject.assignment(Mode::Once);
    assignment.case = "unit/no_such_case_in_any_program".to_owned();
    assignment.locator = None;
    worker.tell(&measure(assignment))?;
    worker.ready()?;
    match worker.next() {
        Event::Frame(Frame::Failed { .. }) => worker.ends_well(),
        other => {
            let found = worker.describe(&other);
            Err(Deviation::new("`failed` for a case that the program does not have", found))
        }
    }
}

/// Follows a round in mode `once` to its end.
fn ends(worker: &mut Conversation<'_>, wanted: &str) -> Result<(), Deviation> {
    loop {
        match worker.frame(wanted)? {
            Frame::Finished(_) => return worker.ends_well(),
            Frame::FirstCall { .. } | Frame::Samples { .. } => {}
            other => return Err(worker.instead(wanted, other)),
        }
    }
}

fn unknown_field(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    let mut command = as_json(subject, Mode::Once);
    command["surprise"] = json!({ "of": ["a", "later", "version"] });
    worker.send(&line(&command));
    ends(&mut worker, "a round that ends with `finished`: unknown fields are ignored")
}

fn pieces(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    worker.ready()?;
    let command = line(&as_json(subject, Mode::Once));
    for piece in command.chunks(command.len().div_ceil(3)) {
        worker.send(piece);
        // Long enough for a worker on a busy machine to read each piece separately.
        std::thread::sleep(Duration::from_millis(300));
    }
    ends(&mut worker, "a round that ends with `finished`: a command may come in pieces")
}

fn at_once(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    let mut bytes = line(&as_json(subject, Mode::Step));
    for command in
        [1, 2].map(|iterations| Command::Batch { iterations, lead: 0 }).into_iter().chain([Command::Stop])
    {
        bytes.extend(line(&value(&command)));
    }
    worker.send(&bytes);
    ends(&mut worker, "two `samples` and `finished`: several commands may come at once")
}

/// Checks that the worker, if it gets these bytes instead of `measure`, fails or exits, and measures nothing.
fn refused(subject: &Subject<'_>, bytes: &[u8]) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    worker.ready()?;
    worker.send(bytes);
    gives_up(&mut worker)
}

/// Same as [`refused`], but sends the bytes within a round.
fn refused_in_step(subject: &Subject<'_>, bytes: &[u8]) -> Result<(), Deviation> {
    let mut worker = subject.begin(Mode::Step)?;
    worker.first_call()?;
    worker.send(bytes);
    gives_up(&mut worker)
}

fn without(subject: &Subject<'_>, field: &str) -> Result<(), Deviation> {
    let mut command = as_json(subject, Mode::Once);
    if let Some(fields) = command.as_object_mut() {
        fields.remove(field);
    }
    refused(subject, &line(&command))
}

fn unknown_mode(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut command = as_json(subject, Mode::Once);
    command["mode"] = json!("guess");
    refused(subject, &line(&command))
}

fn measure_twice(subject: &Subject<'_>) -> Result<(), Deviation> {
    refused_in_step(subject, &line(&as_json(subject, Mode::Step)))
}

fn gives_up(worker: &mut Conversation<'_>) -> Result<(), Deviation> {
    const WANTED: &str = "`failed`, or a worker that exits with another code than 0";
    match worker.next() {
        Event::Frame(Frame::Failed { .. }) => {
            worker.close();
            worker.exits()
        }
        Event::Exited(status) if !status.success() => Ok(()),
        other => Err(Deviation::new(WANTED, worker.describe(&other))),
    }
}

/// Checks that a worker neither waits for the end of a command that is too long nor keeps all of the command in memory.
fn oversized(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    worker.ready()?;
    let chunk = vec![b'x'; 1 << 20];
    worker.send(b"{\"type\":\"");
    for _ in 0..(LONGEST_FRAME >> 20) + 8 {
        worker.send(&chunk);
    }
    gives_up(&mut worker)
}

fn cut_off(subject: &Subject<'_>) -> Result<(), Deviation> {
    let mut worker = subject.start()?;
    worker.ready()?;
    worker.send(b"{\"type\":\"measure\",\"case\":\"");
    worker.close();
    worker.exits()
}
