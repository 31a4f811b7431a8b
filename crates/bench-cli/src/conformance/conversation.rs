//! A conversation with one worker, in which every answer has a time limit.

use std::collections::VecDeque;
use std::process::{Command as Process, ExitStatus};
use std::time::{Duration, Instant};

use bench_protocol::{Command, Frame, PROTOCOL, json, write_message};
use bench_runner::rounds::{Interrupt, Tail, Worker};

use super::deviation::Deviation;

/// The time that a worker may take to exit after its last frame, or after its channel is closed: the same as in a run.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// The time within which a message that has already been sent arrives.
const MOMENT: Duration = Duration::from_millis(20);

/// An action of a worker, or its absence within the time limit.
#[derive(Debug)]
pub(super) enum Event {
    Frame(Frame),
    /// The worker closed its end of the channel, but continues to run.
    Closed,
    Exited(ExitStatus),
    /// Nothing arrived in time.
    Silence(Duration),
    /// Something arrived that is not a frame.
    Wrong(String),
}

/// A conversation with a worker, which is killed when this is dropped.
pub(super) struct Conversation<'a> {
    worker: Worker,
    frames: VecDeque<Frame>,
    tail: Tail,
    patience: Duration,
    interrupt: &'a Interrupt,
    /// Whether `ready` has been received.
    is_ready: bool,
    /// Whether `ready` offered to measure several cases.
    is_shared: bool,
    /// Whether the worker has offered to run the lead of a batch.
    leads: bool,
}

impl<'a> Conversation<'a> {
    /// Starts a worker.
    pub(super) fn start(
        program: Process,
        patience: Duration,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Deviation> {
        let worker = Worker::start(program)
            .map_err(|error| Deviation::new("a worker that can be started", error.to_string()))?;
        Ok(Conversation {
            worker,
            frames: VecDeque::new(),
            tail: Tail::new(false),
            patience,
            interrupt,
            is_ready: false,
            is_shared: false,
            leads: false,
        })
    }

    /// Sends a command.
    pub(super) fn tell(&mut self, command: &Command) -> Result<(), Deviation> {
        let mut bytes = Vec::new();
        write_message(&mut bytes, command)
            .map_err(|error| Deviation::new("a command that can be written", error.to_string()))?;
        self.send(&bytes);
        Ok(())
    }

    /// Sends bytes. The next action of the worker shows whether it accepts them.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let _ = self.worker.send(bytes, self.patience);
    }

    /// Closes the runner's end of the channel.
    pub(super) fn close(&mut self) {
        self.worker.close();
    }

    /// Whether the worker has offered to measure several cases.
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Whether the worker has offered to run the lead of a batch.
    pub(super) fn leads(&self) -> bool {
        self.leads
    }

    /// Waits for the next action of the worker.
    pub(super) fn next(&mut self) -> Event {
        self.next_within(self.patience)
    }

    /// Waits for a moment in which the worker should do nothing, and returns what it did.
    pub(super) fn pause(&mut self) -> Event {
        self.next_within(Duration::from_millis(300))
    }

    fn next_within(&mut self, patience: Duration) -> Event {
        let until = Instant::now() + patience;
        let was_connected = self.worker.is_connected();
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Event::Frame(frame);
            }
            if was_connected && !self.worker.is_connected() {
                // A process that exits closes its channel first.
                return match self.exit(GRACE) {
                    Some(status) => Event::Exited(status),
                    None => Event::Closed,
                };
            }
            let now = Instant::now();
            if now >= until || self.interrupt.is_raised() {
                return Event::Silence(patience);
            }
            if let Err(wrong) = self.hear(until - now) {
                return Event::Wrong(wrong);
            }
            if let Ok(Some(status)) = self.worker.exited() {
                let frames = &mut self.frames;
                let drained = self.worker.drain(&mut |frame| keep(frames, frame), &mut self.tail);
                return match (drained, self.frames.pop_front()) {
                    (_, Some(frame)) => Event::Frame(frame),
                    (Err(wrong), None) => Event::Wrong(wrong),
                    (Ok(()), None) => Event::Exited(status),
                };
            }
        }
    }

    /// Reads the messages that arrive within `patience`, or within a moment, because a process may end without a
    /// message.
    fn hear(&mut self, patience: Duration) -> Result<(), String> {
        let ready = self
            .worker
            .wait(self.interrupt, patience.min(MOMENT))
            .map_err(|error| format!("the worker cannot be watched: {error}"))?;
        let frames = &mut self.frames;
        let heard =
            if ready.channel { self.worker.receive(&mut |frame| keep(frames, frame)) } else { Ok(()) };
        self.worker.read_output(ready, &mut self.tail);
        heard
    }

    /// Waits for `ready`, which must be the first frame.
    pub(super) fn ready(&mut self) -> Result<(), Deviation> {
        let wanted = format!("the first frame `ready` with `protocol` {PROTOCOL}");
        match self.next() {
            Event::Frame(Frame::Ready { protocol: PROTOCOL, shared, leads }) => {
                (self.is_ready, self.is_shared, self.leads) = (true, shared, leads);
                Ok(())
            }
            Event::Frame(Frame::Ready { protocol, .. }) => {
                Err(Deviation::new(wanted, format!("`ready` with `protocol` {protocol}")))
            }
            other => Err(Deviation::new(wanted, self.describe(&other))),
        }
    }

    /// Returns the next frame, without `start_up`, `loaded` and `expects`, which may come between others.
    pub(super) fn frame(&mut self, wanted: &str) -> Result<Frame, Deviation> {
        if !self.is_ready {
            self.ready()?;
        }
        loop {
            match self.next() {
                Event::Frame(Frame::StartUp { .. } | Frame::Loaded { .. } | Frame::Expects { .. }) => {}
                Event::Frame(frame) => return Ok(frame),
                other => return Err(Deviation::new(wanted, self.describe(&other))),
            }
        }
    }

    /// Receives `first_call`, which must be the next frame.
    pub(super) fn first_call(&mut self) -> Result<(), Deviation> {
        const WANTED: &str = "`first_call` after `ready` (`start_up` and `loaded` may come between)";
        match self.frame(WANTED)? {
            Frame::FirstCall { .. } => Ok(()),
            other => Err(self.instead(WANTED, other)),
        }
    }

    /// Returns how the process ended; `None` if it did not end within `patience`.
    pub(super) fn exit(&mut self, patience: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            match self.worker.exited() {
                Ok(None) => {}
                Ok(Some(status)) => return Some(status),
                Err(_) => return None,
            }
            let now = Instant::now();
            if now >= until || self.interrupt.is_raised() {
                return None;
            }
            // Frames are still read, so that a full channel does not block the worker.
            if self.hear(until - now).is_err() {
                self.worker.close();
            }
        }
    }

    /// Checks that the worker exits with code 0 when its round is over and the channel is closed.
    pub(super) fn ends_well(&mut self) -> Result<(), Deviation> {
        let wanted = "exit code 0 after the last frame of the round";
        // Any further frame is a deviation.
        if !self.is_shared || !self.worker.is_connected() {
            match self.next_within(GRACE) {
                Event::Exited(status) => return exit_code_0(status, wanted, &self.tail_text()),
                Event::Closed => {}
                Event::Silence(_) => {
                    return Err(Deviation::new(wanted, "the process did not exit, and is not shared"));
                }
                other => return Err(Deviation::new(wanted, self.describe(&other))),
            }
        }
        if let Event::Frame(frame) = self.next_within(MOMENT) {
            return Err(self.instead("nothing after the last frame of the round", frame));
        }
        self.close();
        match self.exit(GRACE) {
            Some(status) => exit_code_0(status, wanted, &self.tail_text()),
            None => Err(Deviation::new(
                "a worker that exits when the channel is closed",
                format!("it was still running after {} s", GRACE.as_secs()),
            )),
        }
    }

    /// Checks that the worker exits, with any code, now that the channel is closed.
    pub(super) fn exits(&mut self) -> Result<(), Deviation> {
        match self.exit(GRACE) {
            Some(_) => Ok(()),
            None => Err(Deviation::new(
                format!("a worker that exits within {} s when the channel is closed", GRACE.as_secs()),
                "it was still running",
            )),
        }
    }

    /// Returns the deviation that `wanted` was expected and this frame came instead.
    pub(super) fn instead(&self, wanted: impl Into<String>, frame: Frame) -> Deviation {
        Deviation::new(wanted, self.describe(&Event::Frame(frame)))
    }

    /// Describes an event in words.
    pub(super) fn describe(&self, event: &Event) -> String {
        match event {
            Event::Frame(Frame::Failed { message, .. }) => format!("`failed` ({message})"),
            Event::Frame(Frame::Skipped { reason }) => format!("`skipped` ({reason})"),
            Event::Frame(frame) => {
                let text = json::to_text(frame);
                format!("`{}`: {text}", frame.name())
            }
            Event::Closed => "the worker closed the channel and did not exit".to_owned(),
            Event::Exited(status) => format!("the worker ended with {status}{}", self.tail_text()),
            Event::Silence(patience) => format!("nothing for {} s", patience.as_secs_f64()),
            Event::Wrong(wrong) => wrong.clone(),
        }
    }

    /// Returns the last line that the worker has printed, in parentheses; empty if it has printed nothing.
    fn tail_text(&self) -> String {
        match self.tail.last_line() {
            Some(line) => format!(" ({line})"),
            None => String::new(),
        }
    }
}

impl Drop for Conversation<'_> {
    fn drop(&mut self) {
        self.worker.end();
    }
}

/// Keeps a frame until it is taken; fails if too many are waiting, because the worker then sends frames without end.
fn keep(frames: &mut VecDeque<Frame>, frame: Frame) -> Result<(), String> {
    const MOST: usize = 1 << 16;
    if frames.len() >= MOST {
        return Err(format!("expected the round to end, found {MOST} frames that were not requested"));
    }
    frames.push_back(frame);
    Ok(())
}

fn exit_code_0(status: ExitStatus, wanted: &str, tail: &str) -> Result<(), Deviation> {
    if status.success() { Ok(()) } else { Err(Deviation::new(wanted, format!("{status}{tail}"))) }
}
