//! The adapter as a separate program.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bench_protocol::{Build, Command, FailureKind, Frame, Listing, Mode, PROTOCOL};

use crate::adapter::{Held, MODES, Trouble};
use crate::channel::Channel;
use crate::gpu;
use crate::harness::Harness;
use crate::names;
use crate::subject::Subject;
use crate::traces::toolchain;

/// The time for which a runner waits for a list.
const PATIENCE: Duration = Duration::from_secs(60);

/// The flags with which a runner requests the list, after the arguments of the adapter.
const LIST: [&str; 3] = ["--list", "--format", "json"];

/// Implements `bench adapter HARNESS EXECUTABLE [ARGUMENT]...`: lists or measures the benchmarks of the executable;
/// returns the exit code.
///
/// Only for the start of `main`, before any other thread exists.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let channel = Channel::from_environment();
    let ended = match (parse(arguments), channel) {
        (Err(wrong), _) | (_, Some(Err(wrong))) => Err(wrong),
        (Ok((harness, subject, _)), Some(Ok(channel))) => serve(harness, &subject, channel),
        (Ok((harness, subject, true)), None) => list(harness, &subject),
        (Ok(_), None) => {
            Err("an adapter is started by `bench run` and `bench compare`: give them the executable"
                .to_owned())
        }
    };
    match ended {
        Ok(()) => 0,
        Err(wrong) => {
            eprintln!("{wrong}");
            2
        }
    }
}

/// Returns the harness, its executable, and whether the list is requested.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<(Harness, Subject, bool), String> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let lists = arguments.len() >= LIST.len() && arguments[arguments.len() - LIST.len()..] == LIST;
    if lists {
        arguments.truncate(arguments.len() - LIST.len());
    }
    let mut arguments = arguments.into_iter();
    let harness = arguments.next().unwrap_or_default().to_string_lossy().parse()?;
    let executable = arguments.next().map(PathBuf::from).ok_or("expected an executable")?;
    Ok((harness, Subject::new(executable, arguments.collect()), lists))
}

fn list(harness: Harness, subject: &Subject) -> Result<(), String> {
    let Held { names, engines } = harness.adapter().list(subject, PATIENCE)?;
    if names.is_empty() {
        return Err(format!("it contains no benchmark of {harness}"));
    }
    let mut build = Build::default();
    build.toolchain = toolchain(subject.executable()).unwrap_or_else(|| harness.name().to_owned());
    build.engines = engines;
    let mut listing = Listing::new(build, names.iter().map(|name| names::case(name)).collect());
    listing.modes = Some(MODES.to_vec());
    println!("{}", listing.to_json());
    Ok(())
}

fn serve(harness: Harness, subject: &Subject, mut channel: Channel) -> Result<(), String> {
    channel.send(&Frame::Ready { protocol: PROTOCOL, shared: false, leads: false })?;
    let Some(command) = channel.receive()? else { return Ok(()) };
    let Command::Measure(assignment) = command else {
        return Err("the first command must be `measure`".to_owned());
    };
    let failed = |message: String| Frame::Failed { kind: FailureKind::Error, message };
    let last = match assignment.mode {
        Mode::Step | Mode::Count => {
            failed(format!("{harness} cannot time single batches or count instructions"))
        }
        Mode::Sample | Mode::Once => {
            let names = names::names(&assignment.case);
            let mut tell = |frame: Frame| channel.send(&frame);
            let measured = gpu::observed(&assignment, || {
                harness.adapter().measure(subject, &names, &assignment, &mut tell)
            });
            match measured {
                Ok(finish) => Frame::Finished(finish),
                Err(Trouble::Skipped(reason)) => Frame::Skipped { reason },
                Err(Trouble::Failed(message)) => failed(message),
            }
        }
    };
    channel.send(&last)
}
