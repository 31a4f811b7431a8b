//! criterion: its executables stream their measurements to the listener at `CARGO_CRITERION_PORT`, and then analyse
//! and write nothing themselves.

mod message;
mod wire;

use std::env;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bench_protocol::{Assignment, Finish, Frame, Mode, ProbeReport, Reading, WarmUp};
use bench_syntax::quantity::nanoseconds;
use ciborium::Value;

use crate::adapter::{Adapter, Held, Tell, Trouble, finish};
use crate::subject::{Subject, end, let_end};
use message::{Samples, counters, field, name, samples};
use wire::{Port, Wire};

pub(crate) struct Criterion;

/// The variable that tells a criterion executable at which port its reports are read.
const PORT: &str = "CARGO_CRITERION_PORT";

/// A filter that no benchmark passes: criterion then names all benchmarks, and runs none.
const NONE: &str = "a list of all benchmarks is asked for";

/// The smallest number of samples that criterion accepts.
const FEWEST_SAMPLES: u64 = 10;

/// The maximum number of samples in a round: with more, each would be shorter, and other rounds add more.
const MOST_SAMPLES: u64 = 20;

/// The part of a round for each sample, in nanoseconds, within the limits of the number of samples.
const SAMPLE_NS: u64 = 10_000_000;

/// The share of a round's time in which criterion warms up.
const WARM_UP: f64 = 0.2;

/// The first version of criterion that accepts times that are not whole seconds.
const PARTS_OF_SECONDS: [u8; 3] = [0, 4, 0];

/// The first version of criterion2, which has no regular expressions.
const CRITERION2: [u8; 3] = [1, 0, 0];

/// The shortest time that criterion can be given: it rejects zero.
const SHORTEST: Duration = Duration::from_micros(100);

impl Adapter for Criterion {
    fn list(&self, subject: &Subject, patience: Duration) -> Result<Held, String> {
        let until = Instant::now() + patience;
        // Its output is not the list.
        let mut run = Run::start(subject, &["--bench", NONE], Stdio::null(), Some(patience))?;
        let mut held = Held::default();
        held.engines.insert("criterion".to_owned(), run.version());
        while let Some((kind, fields)) = run.receive(Some(until))? {
            // Two benchmarks with one name are one case: a filter does not distinguish them.
            if let ("SkippingBenchmark", Some(name)) = (kind.as_str(), name(&fields))
                && !held.names.contains(&name)
            {
                held.names.push(name);
            }
            run.go_on(&kind)?;
        }
        match let_end(&mut run.child, patience) {
            Some(status) if status.success() => Ok(held),
            Some(status) => Err(format!("it ended with {status} when it was asked for its benchmarks")),
            None => Err("it did not exit after it had listed its benchmarks".to_owned()),
        }
    }

    fn measure(
        &self,
        subject: &Subject,
        names: &[String],
        assignment: &Assignment,
        tell: &mut Tell<'_>,
    ) -> Result<Finish, Trouble> {
        match assignment.mode {
            Mode::Once => once(subject, names, tell),
            _ => sample(subject, names, assignment, tell),
        }
    }
}

/// An executable that has connected.
struct Run {
    child: Child,
    wire: Wire,
    began: Instant,
}

impl Drop for Run {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Run {
    fn start(
        subject: &Subject,
        arguments: &[&str],
        stdout: Stdio,
        patience: Option<Duration>,
    ) -> Result<Self, String> {
        let port = Port::open().map_err(|error| format!("no port can be opened: {error}"))?;
        let number = port.number().map_err(|error| format!("no port can be opened: {error}"))?;
        let began = Instant::now();
        let mut command = subject.command();
        command.args(arguments).env(PORT, number.to_string()).stdout(stdout);
        at_home(&mut command);
        let mut child = command.spawn().map_err(|error| subject.cannot_start(&error))?;
        match port.connect(&mut child, patience) {
            Ok(Some(wire)) => Ok(Run { child, wire, began }),
            Ok(None) => {
                let status = child.wait().map(|status| status.to_string()).unwrap_or_default();
                Err(format!(
                    "it ended with {status} and did not connect: expected criterion 0.3.3 or later, called from its `main`"
                ))
            }
            Err(wrong) => {
                end(&mut child);
                Err(format!("it {wrong}"))
            }
        }
    }

    fn receive(&mut self, until: Option<Instant>) -> Result<Option<(String, Value)>, String> {
        self.wire.receive(until).map_err(|wrong| format!("it {wrong}"))
    }

    /// Lets an executable continue after a message at which it waits for the runner.
    fn go_on(&mut self, kind: &str) -> Result<(), String> {
        if matches!(kind, "MeasurementComplete" | "FinishedBenchmarkGroup") {
            self.wire.send("Continue", &[])?;
        }
        Ok(())
    }

    /// Lets it end by itself, because it may have to clean up, for example temporary files. Other benchmarks that it
    /// registers are skipped.
    fn leave(&mut self) {
        let until = Instant::now() + self.began.elapsed().max(LEAST_GRACE);
        while let Ok(Some((kind, _))) = self.receive(Some(until)) {
            if self.go_on(&kind).is_err() {
                break;
            }
        }
        let_end(&mut self.child, until.saturating_duration_since(Instant::now()));
    }

    fn version(&self) -> String {
        let [major, minor, patch] = self.wire.version;
        format!("{major}.{minor}.{patch}")
    }
}

/// Sets the target folder, for which criterion would otherwise ask cargo, though nothing is written to it here.
fn at_home(command: &mut Command) {
    const HOME: &str = "CRITERION_HOME";
    if env::var_os(HOME).is_none() {
        command.env(HOME, env::temp_dir().join("criterion"));
    }
}

/// Returns the filter that only benchmarks of these names pass.
fn filter(names: &[String]) -> Vec<String> {
    let names: Vec<String> = names.iter().map(|name| regex_lite::escape(name)).collect();
    vec![format!("^(?:{})$", names.join("|"))]
}

/// Same as [`filter`], if filters are not regular expressions: only for the most likely name.
fn exact_filter(names: &[String]) -> Vec<String> {
    std::iter::once("--exact").chain(names.first().map(String::as_str)).map(str::to_owned).collect()
}

fn once(subject: &Subject, names: &[String], tell: &mut Tell<'_>) -> Result<Finish, Trouble> {
    // Which filter it accepts is not known before it measures.
    for filter in [filter(names), exact_filter(names)] {
        let mut command = subject.command();
        command.arg("--test").args(filter);
        at_home(&mut command);
        let ended = subject.run(&mut command, None)?;
        if !ended.status.success() {
            return Err(Trouble::Failed(format!("it ended with {}", ended.status)));
        }
        if ended.stdout.contains("Success") {
            tell(Frame::FirstCall { ns: nanoseconds(ended.wall) })?;
            return Ok(finish(1));
        }
    }
    Err(Trouble::Failed(not_there(names)))
}

fn sample(
    subject: &Subject,
    names: &[String],
    assignment: &Assignment,
    tell: &mut Tell<'_>,
) -> Result<Finish, Trouble> {
    let slice = Duration::from_nanos(assignment.slice_ns);
    let times = [WARM_UP, 1.0 - WARM_UP].map(|share| slice.mul_f64(share).max(SHORTEST).as_secs_f64());
    let count = assignment.samples.map_or_else(
        || (assignment.slice_ns / SAMPLE_NS).clamp(FEWEST_SAMPLES, MOST_SAMPLES),
        |samples| samples.max(FEWEST_SAMPLES),
    );
    let start = |[warm_up, measurement]: [f64; 2], filter: Vec<String>| {
        let texts = [warm_up.to_string(), measurement.to_string(), count.to_string()];
        let [warm_up, measurement, count] = texts.each_ref().map(String::as_str);
        let times = ["--warm-up-time", warm_up, "--measurement-time", measurement];
        let filter: Vec<&str> = filter.iter().map(String::as_str).collect();
        let arguments = [&["--bench"], &times[..], &["--sample-size", count], &filter];
        Run::start(subject, &arguments.concat(), Stdio::inherit(), None)
    };
    let mut run = start(times, filter(names))?;
    let version = run.wire.version;
    if version < PARTS_OF_SECONDS {
        drop(run);
        run = start(times.map(f64::ceil), filter(names))?;
    } else if version >= CRITERION2 {
        drop(run);
        run = start(times, exact_filter(names))?;
    }
    let id = run.child.id();
    let mut measured = None;
    let (mut warming, mut cpu_before) = (None, None);
    while let Some((kind, fields)) = run.receive(None)? {
        let is_ours = name(&fields).is_some_and(|name| names.contains(&name));
        match kind.as_str() {
            "Warmup" if is_ours => {
                // The time until here registers the benchmarks before this one: the case needs it, but it is not part
                // of the case.
                tell(Frame::StartUp { ns: nanoseconds(run.began.elapsed()) })?;
                warming = Some(Instant::now());
            }
            "MeasurementStart" if is_ours => {
                cpu_before = bench_os::cpu_time_of(id);
                let ns = warming.map_or(0, |began: Instant| nanoseconds(began.elapsed()));
                tell(Frame::WarmedUp(WarmUp { iterations: 0, ns, steady: None }))?;
            }
            "MeasurementComplete" if is_ours => {
                // The executable waits for an answer, so these readings cover only what was measured.
                let used = cpu_before
                    .zip(bench_os::cpu_time_of(id))
                    .map(|(before, after)| after.saturating_sub(before));
                let peak_memory = bench_os::high_water_mark_of(id);
                measured = Some(complete(&mut run.wire, &fields, used, peak_memory, tell)?);
                // It waits for an answer, and does nothing until then.
                subject.is_timed();
            }
            _ => {}
        }
        run.go_on(&kind)?;
        if measured.is_some() {
            break;
        }
    }
    let Some(finish) = measured else {
        return Err(match let_end(&mut run.child, LEAST_GRACE) {
            Some(status) if status.success() => Trouble::Failed(not_there(names)),
            Some(status) => {
                Trouble::Failed(format!("it ended with {status} before it had measured anything"))
            }
            None => Trouble::Failed("it closed the connection before it had measured anything".to_owned()),
        });
    };
    run.leave();
    Ok(finish)
}

/// The shortest time that an executable gets to end by itself.
const LEAST_GRACE: Duration = Duration::from_secs(1);

fn complete(
    wire: &mut Wire,
    fields: &Value,
    used: Option<Duration>,
    peak_memory: Option<u64>,
    tell: &mut Tell<'_>,
) -> Result<Finish, Trouble> {
    let unit = unit(wire)?;
    if unit != "ns" {
        return Err(Trouble::Skipped(format!(
            "it measures in `{unit}` with its own `Measurement`, but only times can be read"
        )));
    }
    let wrong = || "its samples are not iterations and times".to_owned();
    let Samples { iterations, ns } = samples(fields).ok_or_else(wrong)?;
    let mut finish = finish(iterations * ns.len() as u64);
    finish.counters = counters(fields);
    let mut readings = Vec::new();
    if let Some(used) = used {
        let really = real_iterations(fields).max(1.0);
        readings.push(Reading::new("cpu_time", "s", used.as_secs_f64() / really));
    }
    readings.extend(peak_memory.map(|bytes| Reading::new("peak_memory", "bytes", bytes as f64).max()));
    finish.probes = vec![ProbeReport { readings, ..ProbeReport::of("process") }];
    tell(Frame::Samples { iterations, ns })?;
    Ok(finish)
}

/// Returns the actual number of iterations of all samples together.
fn real_iterations(fields: &Value) -> f64 {
    let counts = field(fields, "iters").and_then(Value::as_array);
    counts.into_iter().flatten().filter_map(Value::as_float).sum()
}

/// Returns the unit of the measurements: `ns`, unless the executable has a `Measurement` of its own.
fn unit(wire: &mut Wire) -> Result<String, String> {
    wire.send("ScaleForMachines", &[("values", Value::Array(vec![Value::Float(1.0)]))])?;
    match wire.receive(None)? {
        Some((kind, fields)) if kind == "ScaledValues" => {
            Ok(field(&fields, "unit").and_then(Value::as_text).unwrap_or_default().to_owned())
        }
        Some((kind, _)) => Err(format!("expected `ScaledValues`, found `{kind}`")),
        None => Err("it closed the connection when it was asked for its unit".to_owned()),
    }
}

/// Returns the message about a benchmark that was in the list, but is missing.
fn not_there(names: &[String]) -> String {
    let name = names.first().map_or("", String::as_str);
    format!(
        "`{name}` was in the list, but is not registered in this process: registration must not depend on chance, time or the machine"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_passes_these_names_only() {
        let filter =
            regex_lite::Regex::new(&filter(&["a.b/c[1]".to_owned(), "d".to_owned()])[0]).expect("a filter");
        for (name, passes) in
            [("a.b/c[1]", true), ("d", true), ("aXb/c1", false), ("a.b/c[1]/x", false), ("dd", false)]
        {
            assert_eq!(filter.is_match(name), passes, "{name}");
        }
        assert!(!filter.is_match(NONE));
    }
}
