//! The thread that calls NVML, and the state through which the benchmark's thread reads its results, without ever
//! waiting without a limit.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::catalogue::{self, Known, Place};
use super::choice::Choice;
use super::library::{self, reason};
use super::meter::Meter;
use super::tick::{Quantity, Tick};
use crate::memory;
use bench_os as sys;

/// The plan of observation.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) interval: Duration,
    /// The requested GPUs; if none were requested, those that the benchmark works on, or those that CUDA may see.
    pub(super) asked: Option<Choice>,
    pub(super) visible: Option<Choice>,
}

/// The readings of one device.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) place: Place,
    /// Memory in use before anything was loaded, in bytes.
    pub(super) before_load: Option<f64>,
    pub(super) ticks: Vec<Tick>,
    /// The time, in seconds since the first sample, and the reason why the device was lost, if it was.
    pub(super) lost: Option<(f64, String)>,
}

/// The state that both threads share.
#[derive(Default)]
pub(super) struct State {
    /// The reason why nothing can be observed; `None` if something can.
    pub(super) failed: Option<String>,
    pub(super) seen: Vec<Seen>,
    /// A note on the choice of devices.
    pub(super) note: Option<String>,
    /// Processor time of the thread since its first tick began.
    pub(super) cpu: Option<Duration>,
    /// Whether the devices are open, and the memory in use before anything was loaded is known.
    is_open: bool,
    /// Whether the benchmark has already begun, so that the memory in use before it loaded anything is not known.
    is_late: bool,
    /// UUIDs of the devices that the benchmark works on, as it has reported.
    works_on: Vec<String>,
    began: Option<Instant>,
    /// The numbers of ticks that were requested, and that were taken: they differ if a device hangs.
    wanted: u64,
    taken: u64,
    is_ending: bool,
    has_ended: bool,
}

/// The benchmark's side of the thread that reads the GPUs.
pub(super) struct Sampler {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements; a panic of the other thread does not change that.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn wait(&self, patience: Duration, is_so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waiting = self.changed.wait_timeout_while(self.lock(), patience, |state| !is_so(state));
        waiting.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Sampler {
    /// Starts the thread, and waits up to `patience` for its first reading, before anything is loaded.
    pub(super) fn start(plan: Plan, patience: Duration) -> Self {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("gpu-sampler".to_owned());
        // It is never joined: it may hang in the driver.
        let started = thread.spawn(move || {
            let outcome = observe(&theirs, &plan);
            theirs.tell(|state| {
                state.failed = state.failed.take().or(outcome.err());
                state.has_ended = true;
            });
        });
        if let Err(error) = started {
            shared.tell(|state| state.failed = Some(format!("no thread can be started for it: {error}")));
        }
        {
            let mut state = shared.wait(patience, |state| state.is_open || state.failed.is_some());
            state.is_late = !state.is_open;
        }
        Sampler { shared }
    }

    /// Records that the benchmark works on the device with this UUID.
    pub(super) fn works_on(&self, uuid: &str) {
        self.shared.tell(|state| state.works_on.push(uuid.to_owned()));
    }

    /// Records that the first sample is about to begin, and waits up to `patience` for a tick.
    ///
    /// # Errors
    /// The reason why nothing can be observed.
    pub(super) fn begin(&self, patience: Duration) -> Result<(), String> {
        self.shared.tell(|state| state.began = Some(Instant::now()));
        let state = self.refresh(patience);
        state.failed.clone().map_or(Ok(()), Err)
    }

    /// Returns the readings until now, with a tick of this moment unless that takes longer than `patience`.
    pub(super) fn refresh(&self, patience: Duration) -> MutexGuard<'_, State> {
        let mut wanted = 0;
        self.shared.tell(|state| {
            state.wanted += 1;
            wanted = state.wanted;
        });
        self.shared.wait(patience, |state| state.taken >= wanted || state.failed.is_some() || state.has_ended)
    }

    /// Lets the thread end, and waits up to `patience` for it.
    pub(super) fn end(&self, patience: Duration) {
        self.shared.tell(|state| state.is_ending = true);
        drop(self.shared.wait(patience, |state| state.has_ended));
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.shared.tell(|state| state.is_ending = true);
    }
}

/// Runs in the thread: opens NVML, reads the memory in use, and ticks from the first sample to the end.
fn observe(shared: &Shared, plan: &Plan) -> Result<(), String> {
    let nvml = library::load()?;
    let known = catalogue::list(&nvml)?;
    if known.is_empty() {
        return Err("the NVIDIA driver reports no GPU".to_owned());
    }
    let places = match &plan.asked {
        Some(choice) => choice.among(&known)?,
        // The devices that the benchmark works on are not known yet: all are read.
        None => Choice::All.among(&known)?,
    };
    let mut meters = Vec::new();
    let mut trouble = None;
    for place in
        places.into_iter().chain(plan.asked.is_none().then(|| instances(&known)).into_iter().flatten())
    {
        match Meter::new(&nvml, &known, place) {
            Ok(meter) => meters.push(meter),
            Err(error) => trouble = Some(error),
        }
    }
    let mut seen: Vec<Seen> = meters.iter_mut().map(before_load).collect();
    let started = {
        shared.tell(|state| state.is_open = true);
        let state = wait_for(shared, None, |state| state.began.is_some());
        if state.is_ending {
            return Ok(());
        }
        (state.began.unwrap_or_else(Instant::now), state.works_on.clone())
    };
    let (began, works_on) = started;
    let (wanted, note) = narrow(plan, &known, &works_on)?;
    if let Some(wanted) = wanted {
        meters.retain(|meter| wanted.contains(&meter.place));
        seen.retain(|seen| wanted.contains(&seen.place));
    }
    if meters.is_empty() {
        return Err(trouble.unwrap_or_else(|| "no GPU is left to observe".to_owned()));
    }
    shared.tell(|state| {
        if state.is_late {
            seen.iter_mut().for_each(|seen| seen.before_load = None);
        }
        (state.seen, state.note) = (seen, note.or(trouble));
    });
    tick_on(shared, plan.interval, began, &mut meters);
    Ok(())
}

fn instances(known: &[Known]) -> Vec<Place> {
    catalogue::places(known).map(|(place, _)| place).filter(|place| place.instance.is_some()).collect()
}

fn before_load(meter: &mut Meter<'_>) -> Seen {
    Seen {
        place: meter.place,
        before_load: meter.memory_used().ok().flatten(),
        ticks: Vec::new(),
        lost: None,
    }
}

/// Returns the places to observe, or `None` for all that were examined, and a note on the choice.
fn narrow(
    plan: &Plan,
    known: &[Known],
    works_on: &[String],
) -> Result<(Option<Vec<Place>>, Option<String>), String> {
    if plan.asked.is_some() {
        return Ok((None, None));
    }
    if !works_on.is_empty() {
        let place = |uuid: &String| {
            // CUDA reports only the sixteen bytes: not whether they are those of a GPU or of an instance.
            let bytes = |uuid: &str| uuid.split_once('-').map(|(_, bytes)| bytes.to_ascii_lowercase());
            let found = catalogue::places(known).find(|(_, own)| bytes(own) == bytes(uuid));
            found.map(|(place, _)| place).ok_or_else(|| {
                format!(
                    "the benchmark works on {uuid}, which NVML does not know: {}",
                    catalogue::describe(known)
                )
            })
        };
        return Ok((Some(works_on.iter().map(place).collect::<Result<_, _>>()?), None));
    }
    let Some(visible) = &plan.visible else {
        let gpus = (0..known.len()).map(|gpu| Place { gpu, instance: None });
        return Ok((Some(gpus.collect()), None));
    };
    let places = visible.among(known).map_err(|error| format!("CUDA_VISIBLE_DEVICES: {error}"))?;
    if places.is_empty() {
        return Err("CUDA_VISIBLE_DEVICES hides all GPUs".to_owned());
    }
    let differ = known.iter().any(|device| device.name != known[0].name);
    let by_bus = std::env::var("CUDA_DEVICE_ORDER").is_ok_and(|order| order == "PCI_BUS_ID");
    let note = (visible.counts() && differ && !by_bus).then(|| {
        "CUDA_VISIBLE_DEVICES counts GPUs in CUDA's order, fastest first, which may not be the one in which they were \
         observed: set CUDA_DEVICE_ORDER=PCI_BUS_ID, or name UUIDs"
            .to_owned()
    });
    Ok((Some(places), note))
}

/// Waits until `is_so` returns `true`, the observation ends, or `until` has passed.
fn wait_for<'a>(
    shared: &'a Shared,
    until: Option<Instant>,
    is_so: impl Fn(&State) -> bool,
) -> MutexGuard<'a, State> {
    let mut state = shared.lock();
    loop {
        if state.is_ending || is_so(&state) {
            return state;
        }
        state = match until {
            None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return state;
                }
                shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
}

/// Reads all devices every `interval`, and on request, until the end.
fn tick_on(shared: &Shared, interval: Duration, began: Instant, meters: &mut [Meter<'_>]) {
    let mut due = Instant::now();
    // The time to load the driver, and to read before anything was loaded, is not part of any round.
    let before = sys::thread_cpu_time();
    loop {
        let wanted = shared.lock().wanted;
        // Without the lock, because a reading may hang.
        let read: Vec<Option<Result<Tick, String>>> = meters
            .iter_mut()
            .enumerate()
            .map(|(number, meter)| {
                let is_lost = shared.lock().seen[number].lost.is_some();
                (!is_lost).then(|| meter.tick(began.elapsed().as_secs_f64()).map_err(|error| reason(&error)))
            })
            .collect();
        let cpu = sys::thread_cpu_time().zip(before).map(|(now, before)| now.saturating_sub(before));
        memory::tell(memory_used(&read));
        shared.tell(|state| {
            for (seen, read) in state.seen.iter_mut().zip(read) {
                match read {
                    Some(Ok(tick)) => seen.ticks.push(tick),
                    Some(Err(reason)) => seen.lost = Some((began.elapsed().as_secs_f64(), reason)),
                    None => {}
                }
            }
            state.taken = wanted;
            state.cpu = cpu;
        });
        // Ticks that were due while the driver hung are left out.
        let now = Instant::now();
        if now >= due {
            due = (due + interval).max(now);
        }
        if wait_for(shared, Some(due), |state| state.wanted > state.taken).is_ending {
            memory::tell(None);
            return;
        }
    }
}

/// Returns the memory in use on all devices that could be read, in bytes.
fn memory_used(read: &[Option<Result<Tick, String>>]) -> Option<u64> {
    let ticks = read.iter().flatten().flatten();
    ticks.filter_map(|tick| tick.get(Quantity::MemoryUsed)).map(|bytes| bytes as u64).reduce(|a, b| a + b)
}
