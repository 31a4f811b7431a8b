//! The levels of one benchmark, over all its settings of concurrency and rate.

use bench_judge::Summarize;
use bench_record::{CaseRecord, Level, Record};
use bench_syntax::quantity::Seconds;

use super::sweep::Sweep;

/// Arguments that set the load: they distinguish levels, not benchmarks.
const LOAD: [&str; 2] = ["concurrency", "rate"];

/// All levels of one benchmark: the same model, category, name and arguments other than `concurrency` and
/// `rate`, in one case or in several of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The part of the id that the cases have in common: `model/category/name[argument=value]`.
    pub benchmark: String,
    /// The field of work.
    pub domain: String,
    /// The name of the most important metric of the field.
    pub primary: String,
    /// The levels: those without a rate first, by concurrency; then the others by rate.
    pub levels: Vec<Level>,
    /// The first call of a process and the median of the others, in seconds, for the case in which they differ most.
    pub first_call: Option<FirstCall>,
    /// The total time of the `load` step over all cases, for one round of each, in seconds.
    pub load_s: Option<Seconds>,
}

/// The first call of a process compared with the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirstCall {
    /// The first, in seconds.
    pub first_s: Seconds,
    /// Median of the others, in seconds.
    pub median_s: Seconds,
}

impl FirstCall {
    /// Returns the time of the first call as a multiple of the median.
    pub fn ratio(&self) -> f64 {
        self.first_s.0 / self.median_s.0
    }
}

impl Group {
    /// Returns the groups of a record, in the order of its cases; cases that serve no requests are in none.
    pub fn all(record: &Record) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for case in &record.cases {
            let Some(served) = case.served() else { continue };
            let benchmark = name_of(case);
            let known = groups.iter().position(|group| group.benchmark == benchmark);
            let place = known.unwrap_or_else(|| {
                groups.push(Group {
                    benchmark,
                    domain: served.domain.clone(),
                    primary: served.primary.clone(),
                    ..Group::default()
                });
                groups.len() - 1
            });
            groups[place].add(case, served.levels);
        }
        for group in &mut groups {
            group.levels.sort_by(|a, b| {
                let order =
                    |level: &Level| (level.rate.unwrap_or(-1.0), f64::from(level.concurrency.unwrap_or(0)));
                let (a, b) = (order(a), order(b));
                a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
            });
        }
        groups
    }

    fn add(&mut self, case: &CaseRecord, levels: Vec<Level>) {
        self.levels.extend(levels);
        if let Some(load) = case.load_s {
            self.load_s = Some(Seconds(self.load_s.map_or(0.0, |known| known.0) + load.0));
        }
        let first = case.first_call_s.zip(case.time.as_ref());
        let first = first.map(|(first_s, time)| FirstCall { first_s, median_s: time.median_s });
        let worse = |a: &FirstCall, b: &FirstCall| a.ratio().total_cmp(&b.ratio());
        self.first_call = self.first_call.into_iter().chain(first).max_by(worse);
    }

    /// Returns the levels that can be compared with each other: at least two of a scenario, each with a different
    /// setting. Levels at which the harness was the limit are left out.
    pub(super) fn sweeps(&self) -> Vec<Sweep<'_>> {
        let mut sweeps: Vec<Sweep<'_>> = Vec::new();
        for level in self.levels.iter().filter(|level| !level.validity.harness_bound) {
            let Some(setting) = Sweep::setting(level) else { continue };
            match sweeps.iter_mut().find(|sweep| sweep.levels[0].scenario == level.scenario) {
                Some(sweep) if sweep.levels.iter().any(|known| Sweep::setting(known) == Some(setting)) => {}
                Some(sweep) => sweep.levels.push(level),
                None => sweeps.push(Sweep { primary: &self.primary, levels: vec![level] }),
            }
        }
        sweeps.retain(|sweep| sweep.levels.len() > 1);
        sweeps
    }
}

/// The id of a case without the arguments that set its load.
fn name_of(case: &CaseRecord) -> String {
    let arguments: Vec<String> = case
        .arguments
        .iter()
        .filter(|(name, _)| !LOAD.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let name = case.id.split('[').next().unwrap_or_default();
    if arguments.is_empty() { name.to_owned() } else { format!("{name}[{}]", arguments.join(",")) }
}

#[cfg(test)]
mod tests {
    use bench_record::RoundRecord;

    use super::super::fixture::{case, level, record};
    use super::*;

    #[test]
    fn a_sweep_of_cases_is_one_group() {
        let record = record(vec![
            case("m/performance/say[concurrency=4,voice=a]", vec![level("closed_loop", Some(4), None, &[])]),
            case("m/performance/say[concurrency=1,voice=a]", vec![level("closed_loop", Some(1), None, &[])]),
            case("m/performance/say[concurrency=1,voice=b]", vec![level("closed_loop", Some(1), None, &[])]),
            case("m/unit/matmul", vec![]),
        ]);
        let groups = Group::all(&record);
        let names: Vec<&str> = groups.iter().map(|group| group.benchmark.as_str()).collect();
        assert_eq!(names, ["m/performance/say[voice=a]", "m/performance/say[voice=b]"]);
        let levels: Vec<&str> = groups[0].levels.iter().map(|level| level.name.as_str()).collect();
        assert_eq!(levels, ["concurrency 1", "concurrency 4"]);
        assert_eq!((groups[0].domain.as_str(), groups[0].primary.as_str()), ("requests", "RPS"));
        // Both cases have loaded for 3 s.
        assert_eq!(groups[0].load_s, Some(Seconds(6.0)));
    }

    #[test]
    fn the_worst_first_call_is_kept() {
        let with = |concurrency: u32, first: f64| {
            let id = format!("m/performance/say[concurrency={concurrency}]");
            let mut case = case(&id, vec![level("closed_loop", Some(concurrency), None, &[])]);
            case.first_call_s = Some(Seconds(first));
            case.time = bench_judge::time_over(&[RoundRecord::sampled(1, vec![200_000_000])]);
            case
        };
        let group = Group::all(&record(vec![with(1, 0.3), with(2, 8.0), with(4, 0.4)])).remove(0);
        let call = group.first_call.expect("three");
        assert_eq!((call.first_s, call.median_s), (Seconds(8.0), Seconds(0.2)));
        assert!((call.ratio() - 40.0).abs() < 1e-9);
    }

    #[test]
    fn sweeps_keep_scenarios_apart() {
        let levels = vec![
            level("open_loop", None, Some(20.0), &[]),
            level("closed_loop", Some(8), None, &[]),
            level("open_loop", None, Some(5.0), &[]),
            level("closed_loop", Some(1), None, &[]),
            // Once more, from another case.
            level("closed_loop", Some(1), None, &[]),
            level("offline", None, None, &[]),
        ];
        let mut group = Group::all(&record(vec![case("m/performance/say", levels)])).remove(0);
        let names = |group: &Group| -> Vec<Vec<String>> {
            let sweeps = group.sweeps();
            sweeps.iter().map(|sweep| sweep.levels.iter().map(|level| level.name.clone()).collect()).collect()
        };
        assert_eq!(
            names(&group),
            [["concurrency 1", "concurrency 8"], ["5 req/s", "20 req/s"]]
                .map(|names| names.map(str::to_owned))
        );
        for level in &mut group.levels {
            level.validity.harness_bound = level.name == "concurrency 8";
        }
        assert_eq!(names(&group), [["5 req/s", "20 req/s"].map(str::to_owned)]);
    }
}
