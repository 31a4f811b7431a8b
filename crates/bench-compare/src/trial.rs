//! The trial of one case on both sides: its process pairs, and their evidence.

mod measure;

use bench_os::turns::Turns;
use bench_protocol::{Case, Mode};
use bench_runner::program::{Kind, Opened, Program};
use measure::TakesTurns;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::evidence::Evidence;
use super::forecast::Forecast;
use super::observe::{ObservedPair, Observer};
use super::pair::{Batch, Kept, Pair, Role};
use super::partner::{Broken, Subject};
use super::{CONFIDENCE, LayoutSpread, PairedCase, Rules, SideFailure, TimeSpent, layouts};
use bench_judge::comparison::Compared;
use bench_record::Verdict;
use bench_runner::rounds::Interrupt;
use bench_stats as stats;
use bench_stats::{Components, Interval, Observation};

/// The number of batches of each side in the first pairs of a case, until the best number is known.
const BATCHES: usize = 50;

/// The number of pairs below which no decision is possible, because [`Bets`](stats::Bets) can at most double its wealth
/// with each pair.
const FEWEST_PAIRS: usize = 7;

/// A case that is being compared.
pub(super) struct Trial {
    pub(super) id: String,
    /// Distinguishes its random numbers from those of other cases.
    number: u64,
    /// The share below which a change of this case is of no practical interest; `None` if the share of the rules
    /// applies.
    threshold: Option<f64>,
    base: Held,
    candidate: Held,
    /// The set-ups of both sides: cases with the same set-ups may share workers. `None` if this one may not.
    set_ups: Option<[String; 2]>,
    /// Whether whole rounds take turns, since one of the programs does not time single batches.
    by_rounds: bool,
    /// The table by which processes of other harnesses take turns, if they can.
    turns: Option<Arc<Turns>>,
    takes_turns: TakesTurns,
    /// The number of samples of a whole round, once it is known how many fit.
    samples: Option<u64>,
    /// The size of a batch, once it is known.
    batch: Option<Batch>,
    /// The number of inputs that each side keeps alive at a time, once it is known.
    inputs_alive: Option<u64>,
    batches: usize,
    /// The largest number of threads that a worker has had; `None` if it is not known.
    threads: Option<usize>,
    pairs: Vec<ObservedPair>,
    observer: Observer,
    evidence: Evidence,
    /// The observations of the last pass over layouts that was used, and its weight.
    pass: Option<(Vec<Observation>, f64)>,
    /// The time of all pairs, by use.
    time: TimeSpent,
    pub(super) spent: Duration,
    failure: Option<SideFailure>,
    skipped: Option<String>,
}

/// Whether both programs are executables of other harnesses.
pub(super) fn are_adapted(base: &Opened, candidate: &Opened) -> bool {
    [base, candidate].iter().all(|opened| opened.program.kind() == Kind::Adapted)
}

/// A case on one side: the program that contains it, in each layout of its code, and the locator by which the program
/// finds it.
#[derive(Clone, Debug)]
struct Held {
    layouts: Vec<Program>,
    locator: Option<String>,
}

impl Held {
    fn new(case: Option<&Case>, opened: &Opened) -> Self {
        Held { layouts: opened.program.in_each_layout(), locator: case.and_then(|case| case.locator.clone()) }
    }

    /// Returns the case in this layout; 1 is the first.
    fn subject<'a>(&'a self, case: &'a str, layout: usize) -> Subject<'a> {
        Subject { program: &self.layouts[layout - 1], case, locator: self.locator.as_deref() }
    }
}

impl Trial {
    pub(super) fn new(
        id: &str,
        number: u64,
        base: &Opened,
        candidate: &Opened,
        turns: Option<&Arc<Turns>>,
        rules: &Rules,
    ) -> Self {
        let [of_base, of_candidate] =
            [base, candidate].map(|opened| opened.cases().iter().find(|case| case.id == id));
        let threshold = of_candidate.and_then(|case| rules.own_threshold(case));
        let by_rounds = [base, candidate].iter().any(|opened| !opened.listing.offers(Mode::Step));
        let set_up = |case: Option<&Case>| case.and_then(|case| case.set_up.clone());
        let set_ups = set_up(of_base).zip(set_up(of_candidate)).filter(|_| !by_rounds);
        Trial {
            id: id.to_owned(),
            number,
            threshold,
            base: Held::new(of_base, base),
            candidate: Held::new(of_candidate, candidate),
            set_ups: set_ups.map(<[String; 2]>::from),
            by_rounds,
            turns: turns.filter(|_| are_adapted(base, candidate)).cloned(),
            takes_turns: TakesTurns::NotTried,
            samples: None,
            batch: None,
            inputs_alive: None,
            batches: BATCHES,
            threads: None,
            pairs: Vec::new(),
            observer: Observer::default(),
            evidence: Evidence::new(threshold.unwrap_or(rules.threshold)),
            pass: None,
            time: TimeSpent::default(),
            spent: Duration::ZERO,
            failure: None,
            skipped: None,
        }
    }

    /// Measures one more process pair. Returns `false` if interrupted; the pair is then not used.
    pub(super) fn pair_up<'a>(
        &mut self,
        rules: &Rules,
        kept: &mut Kept<'a>,
        interrupt: &'a Interrupt,
    ) -> bool {
        let began = Instant::now();
        let measured = self.measure(rules, kept, interrupt);
        self.spent += began.elapsed();
        match measured {
            Ok((pair, layouts)) => {
                let layouts = (self.layouts() > 1).then_some(layouts);
                let observed = ObservedPair { layouts, ..self.observer.observe(pair) };
                self.see(observed);
                self.learn();
                true
            }
            Err((_, Broken::Interrupted)) => false,
            Err((side, Broken::Failed(failure))) => {
                self.failure = Some(SideFailure { side, failure });
                true
            }
            Err((_, Broken::Skipped(reason))) => {
                self.skipped = Some(reason);
                true
            }
        }
    }

    /// Adds a pair to the evidence: by itself, or as part of a pass over layouts.
    fn see(&mut self, observed: ObservedPair) {
        if observed.layouts.is_none() {
            self.evidence.see(&observed);
        }
        self.pairs.push(observed);
        if self.layouts() > 1
            && let Some((observations, weight)) = layouts::observations(&self.pairs, self.layouts())
        {
            self.evidence.see_pass(&observations, weight);
            self.pass = Some((observations, weight));
        }
    }

    /// Returns the number of layouts in which both sides have the case; 1 if each was linked once.
    fn layouts(&self) -> usize {
        self.base.layouts.len().min(self.candidate.layouts.len())
    }

    fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().map(|observed| &observed.pair)
    }

    fn log_ratios(&self) -> Vec<f64> {
        self.pairs.iter().map(|observed| observed.log_ratio).collect()
    }

    /// Returns what cases must have in common to share workers with this one; `None` if it needs workers of its own.
    pub(super) fn shared_with(&self) -> Option<&[String; 2]> {
        self.set_ups.as_ref().filter(|_| self.layouts() == 1)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.failure.is_some() || self.skipped.is_some()
    }

    /// Returns the logarithm of the e-value against a change within the threshold.
    pub(super) fn log_e_value(&self) -> f64 {
        self.evidence.of_a_change()
    }

    /// Returns the interval of the change; `None` if there are too few pairs.
    fn interval(&self) -> Option<Interval> {
        let logs = match &self.pass {
            Some((seen, weight)) => stats::centre_sequence(seen, 1.0 - (1.0 - CONFIDENCE) * weight),
            None if self.layouts() > 1 => return None,
            None => {
                let seen: Vec<_> = self.pairs.iter().map(ObservedPair::observation).collect();
                stats::centre_sequence(&seen, CONFIDENCE)
            }
        };
        (logs.low.is_finite() && logs.high.is_finite())
            .then(|| Interval { low: logs.low.exp_m1(), high: logs.high.exp_m1() })
    }

    /// Returns the verdict at this point; `found` states whether the case is among the findings of the whole suite.
    pub(super) fn verdict(&self, found: bool) -> Verdict {
        if self.has_ended() {
            return Verdict::Failed;
        }
        match self.evidence.verdict() {
            Verdict::Slower | Verdict::Faster if !found => Verdict::Unsure,
            verdict => verdict,
        }
    }

    /// Estimates the time until the case is decided; `None` if it never will be.
    pub(super) fn needs(&self, rules: &Rules, cases: usize) -> Option<Duration> {
        let logs = self.log_ratios();
        let per_pair = self.spent.checked_div(u32::try_from(logs.len()).ok()?)?;
        if self.layouts() > 1 {
            // The time until the next pass that is used as evidence.
            let passes = (logs.len() / self.layouts() + 1).next_power_of_two();
            return per_pair.checked_mul(u32::try_from(passes * self.layouts() - logs.len()).ok()?);
        }
        let needed = match self.forecast(rules, cases) {
            Some(forecast) => forecast.needed(self.likely_change()?)?,
            // Too little is known to say more.
            None => FEWEST_PAIRS,
        };
        // If the forecast number of pairs has not led to a decision, a few more are needed.
        let more = needed.saturating_sub(logs.len()).max(logs.len() / 8 + 1);
        per_pair.checked_mul(u32::try_from(more).ok()?)
    }

    /// Returns the likely change, as a log ratio. While it is possible that nothing has changed, 0 is the best guess:
    /// the estimate is noise around it, and often near the threshold, where no number of pairs would be enough.
    fn likely_change(&self) -> Option<f64> {
        if self.evidence.allows_none() {
            Some(0.0)
        } else {
            stats::median(&stats::sorted(&self.log_ratios()))
        }
    }

    fn forecast(&self, rules: &Rules, cases: usize) -> Option<Forecast> {
        let values = match &self.pass {
            Some((seen, _)) => seen.iter().map(|observation| observation.value).collect(),
            None if self.layouts() > 1 => Vec::new(),
            None => self.log_ratios(),
        };
        Some(Forecast {
            deviation: stats::robust_deviation(&values).filter(|_| values.len() > 4)?,
            threshold: self.threshold.unwrap_or(rules.threshold).ln_1p(),
            log_evidence: (cases.max(1) as f64 / rules.fdr).ln(),
        })
    }

    /// Returns the variation of the log ratio between process pairs, and between the batches of one pair.
    fn components(&self) -> Option<Components> {
        stats::variance_components(&self.pairs().map(Pair::log_ratios).collect::<Vec<_>>())
    }

    /// Returns the smallest change that could have been seen in this many seconds of this case; `None` if too little is
    /// known.
    fn smallest_effect_in(&self, seconds: f64, rules: &Rules, cases: usize) -> Option<f64> {
        let per_second = self.pairs.len() as f64 / self.spent.as_secs_f64();
        // Rounded, so that the time that the measured pairs have taken is enough for as many pairs.
        let pairs = (seconds * per_second).round().min(1e5) as usize;
        // More time does not give more layouts.
        let pairs = if self.layouts() > 1 { pairs.min(self.layouts()) } else { pairs };
        self.forecast(rules, cases)?.smallest_effect(pairs).map(f64::exp_m1)
    }

    /// Converts the trial to the result of its case.
    pub(super) fn into_case(self, verdict: Verdict, rules: &Rules, cases: usize) -> PairedCase {
        let logs = self.log_ratios();
        let median_of = |side: Role| {
            let times: Vec<f64> = self
                .pairs()
                .filter_map(|pair| stats::median(&stats::sorted(&pair.times(side).collect::<Vec<_>>())))
                .collect();
            stats::median(&stats::sorted(&times))
        };
        // A case that was decided early has not used its whole time: the change that it could have seen in that time
        // counts.
        let had = self.spent.max(rules.max_time).as_secs_f64();
        let smallest_effect = self.smallest_effect_in(had, rules, cases);
        let smallest_effects = [1.0, 5.0, 30.0].map(|seconds| self.smallest_effect_in(seconds, rules, cases));
        let unsure = verdict == Verdict::Unsure;
        // With layouts, more of them may be needed instead of more time, and it is not known how many.
        let settle_s = (unsure && self.layouts() == 1)
            .then(|| self.needs(rules, cases))
            .flatten()
            .map(|more| more.as_secs_f64());
        let components = self.components();
        let known = self.time.start_s
            + self.time.warm_up_s
            + self.time.timed_s
            + self.time.between_s
            + self.time.end_s;
        let time = TimeSpent { rest_s: (self.spent.as_secs_f64() - known).max(0.0), ..self.time };
        let reason = unsure.then(|| match components {
            Some(Components { between, within }) => format!(
                "{} process pairs; processes differ by {:.1} %, batches by {:.1} %",
                logs.len(),
                between.exp_m1() * 100.0,
                within.exp_m1() * 100.0
            ),
            None => "too little was measured".to_owned(),
        });
        PairedCase {
            compared: Compared {
                id: self.id.clone(),
                old_s: median_of(Role::Base),
                new_s: median_of(Role::Candidate),
                counts: None,
                change: stats::median(&stats::sorted(&logs)).map(f64::exp_m1),
                interval: self.interval(),
                verdict,
                smallest_effect,
                reason,
            },
            seconds: self.spent.as_secs_f64(),
            spread_between: components.map(|components| components.between),
            spread_within: components.map(|components| components.within),
            layouts: LayoutSpread::of(&self.pairs, self.layouts()),
            time,
            threads: self.threads,
            threshold: self.threshold,
            log_e_value: self.log_e_value(),
            smallest_effects,
            settle_s,
            instructions: None,
            uncounted: None,
            failure: self.failure,
            skipped: self.skipped,
            pairs: self.pairs,
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
