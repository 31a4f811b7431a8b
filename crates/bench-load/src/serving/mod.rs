//! A round of a load case: warm-up and levels, one after another, within one scope of threads.

mod levels;
mod together;
mod uncounted;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use bench_core::bencher::{Bencher, Measured, Round, Serve};
use bench_core::{Error, Result};
use bench_protocol::{Assignment, Mode, WarmUp};
use bench_record::{InvalidCause, Level, Metric, Served};
use bench_syntax::quantity::nanoseconds;

use crate::domain::{Domain, Facts, Response};
use crate::driver::{Calls, Course, Driven, Ends, TimeLimit};
use crate::fleet::Fleet;
use crate::input::{Describe, Inputs, Prepared};
use crate::level::{Asked, level};
use crate::log::{Header, RATE, RowsCsv};
use crate::pause::Pause;
use crate::plans::Plans;
use crate::probed;
use crate::record_id::CaseId;
use crate::refusals::Refusals;
use crate::scenario::{Plan, Scenario};
use crate::slo::Slo;
use crate::slot::Slot;
use crate::stop::Stop;

/// The time to wait at the end for clients whose request was given up.
const PATIENCE: Duration = Duration::from_millis(500);

/// The number of requests of a level that ends by time, which is never reached.
const ENDLESS: u64 = u64::MAX / 4;

/// The settings of requests.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) requests: Option<u64>,
    pub(crate) duration: Option<Duration>,
    pub(crate) warm_up: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) seed: u64,
    pub(crate) valid_for: Option<f64>,
    pub(crate) stop: Stop,
    pub(crate) grace: Duration,
    /// The workers that share the load, if it is shared.
    pub(crate) fleet: Option<Arc<Fleet>>,
    /// How long clients wait before their requests.
    pub(crate) pause: Pause,
    /// Whether the times of outputs so far are those of their arrival.
    pub(crate) has_arrivals: fn() -> bool,
}

impl Job {
    /// Checks the settings.
    ///
    /// # Errors
    /// A setting with which no request could be served.
    fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::failure(what));
        if self.requests == Some(0) {
            return wrong("`requests(0)`: expected at least 1 request per level".to_owned());
        }
        for (name, time) in [("duration", self.duration), ("timeout", self.timeout)] {
            if time.is_some_and(|time| time.is_zero()) {
                return wrong(format!("`{name}` of 0 s: expected more than 0 s"));
            }
        }
        match self.valid_for {
            Some(p) if !(p > 0.0 && p < 1.0) => wrong(format!(
                "`valid_for({p})`: expected a percentile as a share between 0 and 1, such as 0.99 for p99"
            )),
            _ => Ok(()),
        }
    }
}

/// The goal of the levels.
pub(crate) enum Goal {
    /// The performance at each level.
    Levels(Box<dyn Scenario>),
    /// The highest rate that meets the objective.
    Rate { from: Option<f64> },
}

/// Serves `inputs` through a closure.
///
/// # Errors
/// Same as [`Load::run`](crate::Load::run).
pub(crate) fn run<N, C>(
    bencher: &mut Bencher,
    inputs: N,
    calls: &C,
    mut job: Job,
    goal: Goal,
    slo: Slo,
) -> Result<()>
where
    N: Inputs,
    N::Item: Describe + Send + Sync,
    C: Calls<N::Item>,
{
    job.check()?;
    let fleet = job.fleet.clone();
    if let Some(fleet) = fleet.clone() {
        let asked = job.stop;
        job.stop = Stop::when(move || asked.is_asked() || fleet.is_stopped());
    }
    if matches!(goal, Goal::Levels(_)) {
        slo.of_requests(C::Response::DOMAIN)?;
    }
    let Prepared { measured, warm_up } = inputs.prepare()?;
    if measured.is_empty() {
        return Err(Error::failure("there are no inputs to send"));
    }
    let facts: Vec<Facts> = measured.iter().map(Describe::facts).collect();
    let none = Facts::default();
    let (slo, no_slo) = (&slo, &Slo::default());
    let (measured, facts, none) = (&measured[..], &facts[..], std::slice::from_ref(&none));
    let warm_up = if warm_up.is_empty() { measured } else { &warm_up[..] };
    let direct = matches!(bencher.assignment().mode, Mode::Step | Mode::Count);
    std::thread::scope(|scope| {
        let mut serving = Serving {
            scope,
            stuck: Mutex::default(),
            // If the runner requests single batches, it supervises each of them, and a thread for each would be
            // measured, too.
            deadline: bencher.deadline().filter(|_| !direct),
            timeout: job.timeout.filter(|_| bencher.assignment().mode != Mode::Count),
            calls,
            domain: C::Response::DOMAIN,
            measured,
            facts,
            warm_up,
            no_facts: none,
            job,
            goal,
            slo,
            no_slo,
            refusals: (bencher.assignment().mode == Mode::Step).then(Refusals::default),
        };
        // Checked before anything is served, so that wrong settings do not cost time.
        if let Goal::Levels(scenario) = &serving.goal {
            scenario.levels(&serving.wanted(None))?;
        }
        serving.tell_time(bencher)?;
        serving.deadline = bencher.deadline().filter(|_| !direct);
        let served = bencher.serve(&mut serving);
        if let (Some(fleet), Err(error)) = (&fleet, &served) {
            fleet.fail(&error.to_string());
        }
        // A request that was given up may still return; if it does not, it must not keep the round from ending.
        if serving.hangs() && bencher.can_leave() {
            return bencher.leave(served);
        }
        served
    })
}

struct Serving<'scope, 'env, I, C> {
    /// The scope for calls of the closure that may have to be given up.
    scope: &'scope Scope<'scope, 'env>,
    /// Requests that were given up, and whose threads may never return.
    stuck: Mutex<Vec<Arc<Slot>>>,
    /// When the runner ends the round.
    deadline: Option<Instant>,
    /// How long a call outside of levels may take, by its own setting.
    timeout: Option<Duration>,
    calls: &'env C,
    domain: &'static Domain,
    measured: &'env [I],
    facts: &'env [Facts],
    warm_up: &'env [I],
    no_facts: &'env [Facts],
    job: Job,
    goal: Goal,
    slo: &'env Slo,
    no_slo: &'env Slo,
    /// The failed requests of a comparison, which nothing else would report; `None` outside of one.
    refusals: Option<Refusals>,
}

/// The share of the case's remaining time for sending requests; the next share is for those in flight, and the rest
/// for reporting to the runner.
const FOR_SENDING: f64 = 0.85;
const FOR_ANSWERS: f64 = 0.95;

/// The results of a round so far.
#[derive(Default)]
struct Progress {
    levels: Vec<Level>,
    /// The result of a search.
    found: Option<Metric>,
    latency_ns: Vec<u64>,
    warm_up: WarmUp,
    csv: Option<RowsCsv>,
    /// The reason why the round has failed, if it has.
    failure: Option<String>,
    /// Whether no further level is wanted.
    is_enough: bool,
}

impl Progress {
    fn add(&mut self, level: Level) {
        if level.succeeded == 0 {
            let reason = level.errors.first().map_or("none was sent in time", |told| told.message.as_str());
            let failure = format!("{}: no request was served: {reason}", level.name);
            self.failure.get_or_insert(failure);
        }
        self.levels.push(level);
    }
}

impl<'scope, 'env, I, C> Serve for Serving<'scope, 'env, I, C>
where
    I: Sync,
    C: Calls<I>,
{
    fn batch(&mut self, requests: u64) -> Result<Duration> {
        let clients = match &self.goal {
            Goal::Levels(scenario) => {
                scenario.levels(&self.wanted(None))?.first().and_then(|plan| plan.concurrency)
            }
            Goal::Rate { .. } => None,
        };
        let clients = u64::from(clients.unwrap_or(1)).min(requests);
        let took = if clients <= 1 { self.some(0..requests) } else { self.side_by_side(clients, requests) }?;
        self.refusals.as_ref().map_or(Ok(()), Refusals::check)?;
        Ok(took)
    }

    fn measure(&mut self, round: &mut Round<'_>) -> Result<Measured> {
        let assignment = round.assignment().clone();
        let mut plans = self.plans(&assignment)?;
        let mut progress = self.begin(&assignment)?;
        let case = CaseId::of(&assignment.case);
        let is_search = matches!(plans, Plans::Search { .. });
        loop {
            let left = plans.left();
            // All levels so far are kept.
            if progress.is_enough {
                break;
            }
            let Some(mut plan) = plans.next(progress.levels.last_mut(), || self.agreed_rate())? else {
                break;
            };
            if let Some(last) = progress.levels.last_mut()
                && last.validity.causes.contains(&InvalidCause::TimeLimit)
            {
                last.warnings.push(plans_left_out(left, is_search));
                break;
            }
            self.shorten(&mut plan, &assignment, plans.count());
            if is_search {
                round.expects(plan.lasts().unwrap_or_default())?;
            }
            self.deadline = round.deadline();
            let this = &*self;
            let warm_up = this.warm(&plan, &assignment, &mut progress)?;
            let header = Header {
                case: &case,
                round: assignment.round,
                level: &plan.name,
                scenario: plan.scenario,
                concurrency: plan.concurrency,
                rate: plan.rate,
            };
            if let Some(csv) = &mut progress.csv {
                csv.begin(&header, this.facts);
            }
            let asked = Asked {
                domain: this.domain,
                slo: this.slo,
                must_meet: matches!(plans, Plans::Search { .. }),
                valid_for: this.valid_for(&assignment),
                warm_up,
                is_part: false,
                has_arrivals: this.job.has_arrivals,
            };
            // Readings of probes during the warm-up are discarded.
            round.level(0);
            let fleet = this.job.fleet.as_deref();
            match fleet.map(|fleet| this.level_together(fleet, &plan, &asked, &mut progress)) {
                None => this.level(&plan, &asked, &mut progress)?,
                Some(Ok(())) => {}
                // Levels that were measured before are kept.
                Some(Err(error)) => {
                    fleet.iter().for_each(|fleet| fleet.fail(&error.to_string()));
                    progress.failure.get_or_insert(error.to_string());
                    break;
                }
            }
            if let Some(level) = progress.levels.last_mut() {
                let readings = round.level(level.succeeded);
                probed::add(level, this.domain.primary, readings);
            }
            // A condition about an unknown metric cannot be met at any rate.
            let unknown = progress.levels.last().filter(|level| asked.must_meet && level.succeeded > 0);
            if let Some(Err(unknown)) = unknown.map(|level| this.slo.of_level(&level.metrics)) {
                progress.failure.get_or_insert(unknown.to_string());
                break;
            }
        }
        progress.found = plans.conclude(&mut progress.levels);
        Ok(self.finish(progress))
    }
}

impl<'scope, 'env, I, C> Serving<'scope, 'env, I, C>
where
    I: Sync,
    C: Calls<I>,
{
    fn level(&self, plan: &Plan, asked: &Asked<'_>, progress: &mut Progress) -> Result<()> {
        let harness_ns: Arc<AtomicU64> = Arc::default();
        let course = self.course(plan, asked, &harness_ns);
        let mut driven: Driven = C::drive(self.scope, course, progress.csv.take())?;
        progress.csv = driven.csv.take();
        if progress.levels.is_empty() {
            progress.latency_ns = std::mem::take(&mut driven.logged.latency_ns);
        }
        let harness_ns = harness_ns.load(Ordering::Relaxed) + driven.logged.cpu_ns;
        let level = level(plan, &mut driven, asked, harness_ns);
        self.give_up(std::mem::take(&mut driven.stuck));
        progress.add(level);
        progress.is_enough = self.is_enough(&progress.levels);
        Ok(())
    }

    /// Creates the state of a level that begins now.
    fn course(&self, plan: &Plan, asked: &Asked<'_>, harness_ns: &Arc<AtomicU64>) -> Course<'env, I, C> {
        let ends = Ends {
            requests: plan.requests.unwrap_or(ENDLESS),
            at_ns: plan.duration.map_or(u64::MAX, nanoseconds),
            make_up: asked.valid_for.is_some(),
            limit: self.limit(),
            stop: self.job.stop.clone(),
            grace: self.job.grace,
        };
        // The objective of a search applies to levels: a single request has no percentile.
        let slo = if asked.must_meet { self.no_slo } else { self.slo };
        Course::new(
            self.calls,
            (self.measured, self.facts),
            self.domain,
            slo,
            plan.pacing.clone(),
            ends,
            self.job.timeout.map(nanoseconds),
            Arc::clone(harness_ns),
        )
        .pausing(self.job.pause.clone())
    }

    /// Whether no further level is wanted after these.
    fn is_enough(&self, levels: &[Level]) -> bool {
        let goes_on = match &self.goal {
            Goal::Levels(scenario) => scenario.goes_on(levels),
            Goal::Rate { .. } => true,
        };
        !goes_on || self.job.stop.is_asked()
    }

    fn begin(&self, assignment: &Assignment) -> Result<Progress> {
        let create = |path: &PathBuf| {
            RowsCsv::create(path, self.domain).map_err(|error| {
                Error::failure(format!("rows of requests cannot be written to {}: {error}", path.display()))
            })
        };
        let csv = assignment.load.requests_csv.as_ref().map(create).transpose()?;
        Ok(Progress { csv, ..Progress::default() })
    }

    fn finish(&self, progress: Progress) -> Measured {
        let mut served = Served::at_levels(progress.levels);
        served.domain = self.domain.name.to_owned();
        let has = |name: &str| served.levels.iter().any(|level| level.metric(name).is_some());
        let primary = if !has(self.domain.primary) && has(RATE) { RATE } else { self.domain.primary };
        served.primary = primary.to_owned();
        served.plots = self.domain.plots.iter().map(|name| (*name).to_owned()).collect();
        served.metrics = progress.found.into_iter().collect();
        Measured {
            requests: served.levels.iter().map(|level| level.requests).sum(),
            // This cannot fail: the keys of all maps are strings.
            served: serde_json::to_string(&served).unwrap_or_default(),
            warm_up: progress.warm_up,
            latency_ns: progress.latency_ns,
            failure: progress.failure,
        }
    }
}

/// Returns the message about levels for which no time was left.
fn plans_left_out(left: Option<usize>, is_search: bool) -> String {
    let what = match left {
        _ if is_search => "the search ended here".to_owned(),
        Some(1) => "1 more level was not served".to_owned(),
        many => format!("{} more levels were not served", many.unwrap_or_default()),
    };
    format!("{what}: the time limit of the case (`timeout`) left no time")
}

impl<I, C> Serving<'_, '_, I, C> {
    /// Returns how long a call outside of levels may take; `None` if there is no limit.
    fn patience(&self) -> Option<Duration> {
        let left = self.deadline.map(|deadline| {
            deadline
                .saturating_duration_since(Instant::now())
                .mul_f64(FOR_SENDING)
                .max(Duration::from_millis(1))
        });
        self.timeout.into_iter().chain(left).min()
    }

    /// Returns the remaining time of the case, for a level that begins now.
    fn limit(&self) -> Option<TimeLimit> {
        let left = self.deadline?.saturating_duration_since(Instant::now());
        let share = |share: f64| nanoseconds(left.mul_f64(share));
        Some(TimeLimit { stop_ns: share(FOR_SENDING), give_up_ns: share(FOR_ANSWERS) })
    }

    fn give_up(&self, slots: impl IntoIterator<Item = Arc<Slot>>) {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner).extend(slots);
    }

    /// Whether a request that was given up is still being served after a moment.
    fn hangs(&self) -> bool {
        let patience = Instant::now() + PATIENCE.min(self.patience().unwrap_or(PATIENCE));
        let stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        while stuck.iter().any(|slot| !slot.has_returned()) {
            if Instant::now() >= patience {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}
