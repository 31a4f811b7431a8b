//! Observes GPUs during a round.

use std::time::{Duration, Instant};

use super::bottleneck;
use super::catalogue::Place;
use super::choice::Choice;
use super::course::Course;
use super::sampler::{Plan, Sampler, Seen, State};
use bench_os as sys;
use bench_protocol::{DeviceWishes, Observation, Reading};

/// The default interval between two ticks.
const INTERVAL: Duration = Duration::from_millis(50);

/// The time limit of the driver's first answer about the memory in use before anything is loaded; it is not part of
/// any timed section.
const OPENING: Duration = Duration::from_millis(300);

/// The time limit of a tick at the beginning or end of a stretch, and of the end of the thread; it is not part of any
/// timed section.
const PATIENCE: Duration = Duration::from_millis(100);

/// The time without an answer of the driver, beyond that between two ticks, from which on it is reported.
const GAP_S: f64 = 1.0;

/// The observation of the GPUs, from the first sample to the last.
#[derive(Default)]
pub struct Gpu {
    sampler: Option<Sampler>,
    unusable: Option<String>,
    /// The interval between two ticks.
    interval: Duration,
    began: Option<(Instant, Option<sys::Usage>)>,
    /// The number of ticks of each device that belong to levels which have ended.
    told: Vec<usize>,
}

impl Gpu {
    /// Starts the thread that asks the driver, before anything is loaded.
    pub fn prepare(&mut self, wishes: &DeviceWishes) {
        match wishes.gpus.as_deref().map(Choice::parse).transpose() {
            Ok(asked) => {
                let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
                self.interval = wishes.gpu_interval_ns.map_or(INTERVAL, Duration::from_nanos);
                let plan =
                    Plan { interval: self.interval, asked, visible: visible.as_deref().map(Choice::visible) };
                self.sampler = Some(Sampler::start(plan, OPENING));
            }
            Err(error) => self.unusable = Some(error.0),
        }
    }

    /// Records that the benchmark works on the device with this UUID.
    pub fn device(&mut self, uuid: &str) {
        if let Some(sampler) = &self.sampler {
            sampler.works_on(uuid);
        }
    }

    /// Begins the observation, just before the first sample.
    ///
    /// # Errors
    /// The reason why no GPU can be observed.
    pub fn begin(&mut self) -> Result<(), String> {
        let sampler = self.sampler.as_ref().ok_or_else(|| self.unusable.clone().unwrap_or_default())?;
        sampler.begin(PATIENCE)?;
        self.began = Some((Instant::now(), sys::usage().ok()));
        Ok(())
    }

    /// Ends a level of served work: returns the readings since the last such call.
    pub fn level(&mut self) -> Vec<Reading> {
        let Some(sampler) = &self.sampler else { return Vec::new() };
        let state = sampler.refresh(PATIENCE);
        let mut readings = Vec::new();
        self.told.resize(state.seen.len(), 0);
        let courses = courses(&state, &self.told);
        readings.extend(all(&courses).into_iter().filter(is_of_level));
        for (told, seen) in self.told.iter_mut().zip(&state.seen) {
            // The last tick is where the next level begins.
            *told = seen.ticks.len().saturating_sub(1);
        }
        readings
    }

    /// Ends the observation, after the last sample.
    ///
    /// # Errors
    /// The reason why nothing was observed.
    pub fn end(&mut self, iterations: u64) -> Result<Observation, String> {
        let (Some(sampler), Some((began, cpu))) = (&self.sampler, self.began) else {
            return Err("the observation was not started".to_owned());
        };
        let state = sampler.refresh(PATIENCE);
        let wall_s = began.elapsed().as_secs_f64();
        let total = |time: sys::Usage| time.user + time.system;
        let host = cpu.zip(sys::usage().ok()).map(|(before, now)| {
            let all = total(now).saturating_sub(total(before));
            all.saturating_sub(state.cpu.unwrap_or_default()).as_secs_f64() / wall_s
        });
        let longest_s = GAP_S + self.interval.as_secs_f64();
        let observed = observation(&state, wall_s, longest_s, host, iterations);
        drop(state);
        sampler.end(PATIENCE);
        observed
    }
}

/// Whether a reading is reported for each level: the others are in the series of the round.
fn is_of_level(reading: &Reading) -> bool {
    const TOLD: [&str; 5] = ["_utilisation", "_memory", "_power", "_energy", "_energy_integrated"];
    TOLD.iter().any(|name| reading.metric.ends_with(name))
}

/// Returns the course of each device from its own first tick on.
fn courses<'a>(state: &'a State, from: &[usize]) -> Vec<(String, Course<'a>)> {
    let of = |(seen, &from): (&'a Seen, &usize)| {
        let ticks = &seen.ticks[from.min(seen.ticks.len())..];
        (prefix(state, seen), Course::new(ticks, seen.before_load))
    };
    state.seen.iter().zip(from).map(of).collect()
}

/// Returns the beginning of the names of a device's readings: `gpu`, with its number if there is more than one.
fn prefix(state: &State, seen: &Seen) -> String {
    match seen.place {
        _ if state.seen.len() == 1 => "gpu".to_owned(),
        Place { gpu, instance: None } => format!("gpu{gpu}"),
        Place { gpu, instance: Some(instance) } => format!("gpu{gpu}_mig{instance}"),
    }
}

/// Returns the readings of all devices, and of all together if there is more than one.
fn all(courses: &[(String, Course<'_>)]) -> Vec<Reading> {
    let of_each: Vec<Vec<Reading>> = courses.iter().map(|(prefix, course)| course.readings(prefix)).collect();
    let mut readings = Vec::new();
    if courses.len() > 1 {
        for (name, mean) in [
            ("energy", false),
            ("energy_integrated", false),
            ("power", false),
            ("memory", false),
            ("utilisation", true),
        ] {
            let of_all: Vec<&Reading> = courses
                .iter()
                .zip(&of_each)
                .filter_map(|((prefix, _), readings)| {
                    readings.iter().find(|reading| reading.metric == format!("{prefix}_{name}"))
                })
                .collect();
            // A sum in which one of them is missing would be another figure.
            if let (Some(first), true) = (of_all.first(), of_all.len() == courses.len()) {
                let sum: f64 = of_all.iter().map(|reading| reading.value).sum();
                let value = if mean { sum / of_all.len() as f64 } else { sum };
                readings.push(Reading {
                    metric: format!("gpu_{name}"),
                    value,
                    interval: None,
                    ..(*first).clone()
                });
            }
        }
    }
    readings.extend(of_each.into_iter().flatten());
    readings
}

/// Summarizes a round of `wall_s` seconds; a gap of more than `longest_s` without a tick is reported.
fn observation(
    state: &State,
    wall_s: f64,
    longest_s: f64,
    host: Option<f64>,
    iterations: u64,
) -> Result<Observation, String> {
    if let Some(reason) = &state.failed {
        return Err(reason.clone());
    }
    if state.seen.iter().all(|seen| seen.ticks.is_empty()) {
        let lost = state.seen.iter().find_map(|seen| seen.lost.as_ref());
        return Err(match lost {
            Some((_, reason)) => reason.clone(),
            None => format!("the NVIDIA driver has not answered in the {wall_s:.1} s of the round"),
        });
    }
    let courses = courses(state, &vec![0; state.seen.len()]);
    let mut readings = all(&courses);
    let energy = ["gpu_energy", "gpu_energy_integrated"]
        .iter()
        .find_map(|name| readings.iter().find(|reading| reading.metric == *name));
    if let Some(energy) = energy.map(|reading| reading.value).filter(|_| iterations > 0) {
        readings.push(Reading::new("gpu_energy_per_iteration", "J", energy / iterations as f64));
    }
    if let Some(cpu) = state.cpu.filter(|_| wall_s > 0.0) {
        readings.push(Reading::new("gpu_sampler_cpu", "1", cpu.as_secs_f64() / wall_s));
    }
    let series = courses.iter().flat_map(|(prefix, course)| course.series(prefix)).collect();
    let mut notes: Vec<String> = state.note.iter().cloned().collect();
    for (seen, (prefix, course)) in state.seen.iter().zip(&courses) {
        notes.extend(notes_of(&prefix.replace("gpu", "GPU "), seen, course, wall_s, longest_s, host));
    }
    Ok(Observation { readings, series, notes })
}

fn notes_of(
    gpu: &str,
    seen: &Seen,
    course: &Course<'_>,
    wall_s: f64,
    longest_s: f64,
    host: Option<f64>,
) -> Vec<String> {
    let gpu = gpu.trim_end();
    let mut notes = bottleneck::notes(gpu, course, host);
    let silent = seen.ticks.last().map_or(0.0, |last| wall_s - last.time_s);
    let gap = course.longest_gap_s().max(silent);
    if let Some((at_s, reason)) = &seen.lost {
        notes.push(format!("{gpu} was lost after {at_s:.1} s: {reason}; its figures end there"));
    } else if gap > longest_s {
        notes.push(format!(
            "{gpu}: the driver did not answer for {gap:.1} s, and its figures say nothing about that time"
        ));
    }
    if course.counter_fell() {
        notes.push(format!(
            "{gpu}: the energy counter decreased, because the driver was reloaded or the counter wrapped: energy \
             is the integral of power instead"
        ));
    }
    if seen.place.instance.is_some() {
        notes.push(format!(
            "{gpu} is a MIG instance: power, energy and utilisation are counted for whole GPUs only"
        ));
    }
    notes
}
