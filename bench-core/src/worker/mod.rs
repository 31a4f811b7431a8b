//! The role of the worker: measures one case in a separate process, and reports to the runner.

mod stepped;

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use crate::bencher::{Bencher, Leave, Observed};
use crate::channel::Channel;
use crate::counting;
use crate::counting::Counting;
use crate::error::Error;
use crate::probe::ProbeSet;
use crate::registered::Registered;
use crate::sampling::{Sampler, Schedule, clock};
use bench_protocol::{Assignment, Command, FailureKind, Finish, Frame, Mode, PROTOCOL};
use bench_syntax::quantity::nanoseconds;

/// A function that calls a benchmark.
pub(crate) type Call<'a> = &'a mut dyn FnMut(&mut Bencher) -> Result<(), Error>;

/// The receiver of frames: the channel, or a runner in the same process.
pub(crate) type Sink = Rc<RefCell<dyn FnMut(Frame) -> Result<(), Error>>>;

/// Serves the runner and exits, if this process was started as a worker; otherwise returns.
///
/// `bench_core::main!` calls it first. A program with a `main` of its own that runs benchmarks through
/// `Suite` must do the same, before anything with a side effect.
///
/// ```no_run
/// use bench_core::{Category, Suite};
///
/// fn main() -> Result<(), bench_core::RunError> {
///     bench_core::serve_if_asked(); // workers are this same program
///     let record = Suite::new().category(Category::Unit).run()?;
///     println!("{} cases", record.cases.len());
///     Ok(())
/// }
/// ```
pub fn serve_if_asked() {
    let Some(channel) = Channel::from_environment() else { return };
    let code = match serve(&channel) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("worker: {error}");
            1
        }
    };
    // Not a return: the program must not go on as if it were the runner.
    std::process::exit(code);
}

fn serve(channel: &Channel) -> Result<(), Error> {
    let assignment = introduced(channel)?;
    match crate::registry::find(&assignment.case) {
        Some(case) => serve_case(channel, assignment, &case),
        None => channel.send(&unknown(&assignment.case)),
    }
}

/// Measures a registered case in this process, which was started only for it.
pub(crate) fn serve_case(channel: &Channel, assignment: Assignment, case: &Registered) -> Result<(), Error> {
    serve_round(channel, assignment, &mut |bencher| case.call(bencher))
}

/// Measures one round of a case that is in no registry, for the runner whose channel is in the environment: `call` is
/// the benchmark, whatever the id of the case. Meant for a program that measures on behalf of a worker in another
/// language.
///
/// # Errors
/// When this process was not started as a worker, or the runner has exited.
#[doc(hidden)]
pub fn serve_made(mut call: impl FnMut(&mut Bencher) -> Result<(), Error>) -> Result<(), Error> {
    let wanted = "expected to be started by a worker: the variable of its channel is not set";
    let channel = Channel::from_environment().ok_or_else(|| Error::failure(wanted))?;
    let assignment = introduced(&channel)?;
    serve_round(&channel, assignment, &mut call)
}

/// Sends `ready`, and returns the assignment of the runner.
fn introduced(channel: &Channel) -> Result<Assignment, Error> {
    channel.send(&Frame::Ready { protocol: PROTOCOL, shared: false, leads: true })?;
    match channel.receive()? {
        Some(Command::Measure(assignment)) => Ok(*assignment),
        _ => Err(Error::failure("the first command must be `measure`")),
    }
}

/// Measures a round in this process, which was started only for it.
fn serve_round(channel: &Channel, assignment: Assignment, call: Call<'_>) -> Result<(), Error> {
    let sender = channel.clone();
    let leave: Leave = Box::new(move |outcome| {
        sender.send(&closing(outcome, true))?;
        std::process::exit(0)
    });
    channel.send(&measured(channel, assignment, None, Some(leave), call))
}

/// Measures the benchmark that `call` calls, in the mode of the assignment; returns the closing frame. Warm-up takes no
/// longer than `longest_warm_up`.
pub(crate) fn measured(
    channel: &Channel,
    assignment: Assignment,
    longest_warm_up: Option<Duration>,
    leave: Option<Leave>,
    call: Call<'_>,
) -> Frame {
    let sender = channel.clone();
    let sink: Sink = Rc::new(RefCell::new(move |frame: Frame| sender.send(&frame)));
    match assignment.mode {
        Mode::Step => {
            let schedule = stepped::Stepped::new(channel.clone(), sink);
            measure(call, &assignment, Box::new(schedule), None)
        }
        Mode::Count => count(call, &assignment),
        Mode::Sample | Mode::Once => measure_alone(call, assignment, longest_warm_up, &sink, leave),
    }
}

/// Returns the answer to a case that this program does not have.
pub(crate) fn unknown(case: &str) -> Frame {
    Frame::Failed { kind: FailureKind::Error, message: format!("this program has no case `{case}`") }
}

/// Counts the instructions of a benchmark with valgrind; returns the closing frame.
fn count(call: Call<'_>, assignment: &Assignment) -> Frame {
    if !counting::is_under_valgrind() {
        let message =
            "mode `count` needs a worker that runs under valgrind, or valgrind is not known on this platform";
        return Frame::Failed { kind: FailureKind::Error, message: message.to_owned() };
    }
    let schedule = Counting::new(assignment.warmup.unwrap_or_default());
    let last = measure(call, assignment, Box::new(schedule), None);
    counting::count_nothing();
    last
}

/// Measures the benchmark that `call` calls by the worker's own schedule; returns the closing frame. `leave` is `None`
/// unless the process was started only for this round.
pub(crate) fn measure_alone(
    call: Call<'_>,
    assignment: Assignment,
    longest_warm_up: Option<Duration>,
    sink: &Sink,
    leave: Option<Leave>,
) -> Frame {
    let sink = Rc::clone(sink);
    let schedule =
        Sampler::new(assignment.clone(), clock::resolution(), move |frame| (*sink.borrow_mut())(frame))
            .warming_up_within(longest_warm_up);
    measure(call, &assignment, Box::new(schedule), leave)
}

fn measure(
    call: Call<'_>,
    assignment: &Assignment,
    schedule: Box<dyn Schedule>,
    leave: Option<Leave>,
) -> Frame {
    let mut probes = match assignment.mode {
        Mode::Once | Mode::Count => ProbeSet::default(),
        Mode::Sample | Mode::Step => ProbeSet::attach(assignment.probes.as_deref()),
    };
    let timed = assignment.mode != Mode::Count;
    probes.prepare(assignment);
    let mut bencher = Bencher::new(assignment.clone(), schedule, probes, leave);
    let returned = catch_unwind(AssertUnwindSafe(|| call(&mut bencher)));
    closing(
        match returned {
            Err(panic) => {
                return Frame::Failed {
                    kind: FailureKind::Panic,
                    message: shortened(panic_message(panic.as_ref())),
                };
            }
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) => bencher.finish(),
        },
        timed,
    )
}

/// Returns the last frame of a round that has not panicked. Only a `timed` round has the figures of the clock.
fn closing(outcome: Result<Observed, Error>, timed: bool) -> Frame {
    match outcome {
        Ok(Observed { probes, queue, counters, reports, iterations, inputs_alive }) => {
            Frame::Finished(Finish {
                iterations,
                inputs_alive: inputs_alive.filter(|_| timed),
                counters,
                probes: probes
                    .reports()
                    .into_iter()
                    .chain(queue.report(iterations).filter(|_| timed))
                    .chain(reports)
                    .collect(),
                clock_resolution_ns: timed.then(|| nanoseconds(clock::resolution())),
                empty_iteration_ns: timed.then(clock::empty_iteration_ns),
            })
        }
        Err(error) => match error.skip_reason() {
            Some(reason) => Frame::Skipped { reason: shortened(reason.to_owned()) },
            None => Frame::Failed { kind: FailureKind::Error, message: shortened(error.to_string()) },
        },
    }
}

/// Shortens a long message, such as an error that prints its tensor, by leaving out the middle.
fn shortened(message: String) -> String {
    const HEAD: usize = 4 << 10;
    const TAIL: usize = 2 << 10;
    if message.len() <= HEAD + TAIL {
        return message;
    }
    let is_boundary = |at: &usize| message.is_char_boundary(*at);
    // 0 and the length are boundaries, so both are found.
    let head = (0..=HEAD).rev().find(is_boundary).unwrap_or_default();
    let tail = (message.len() - TAIL..=message.len()).find(is_boundary).unwrap_or(message.len());
    format!("{} … {}", &message[..head], &message[tail..])
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
