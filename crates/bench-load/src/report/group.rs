//! Groups of levels that belong together, whether one case has run them all or each had its own case.

use bench_judge::Summarize;
use bench_record::{CaseRecord, Level, Metric, Record};
use bench_syntax::Category;

/// Arguments that set the load: cases that differ in nothing else are levels of one benchmark.
const SETTINGS: [&str; 2] = ["concurrency", "rate"];

/// All levels of one benchmark with the same arguments, apart from those that set the load.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The model, if any.
    pub model: Option<&'a str>,
    /// The category.
    pub category: Category,
    /// The benchmark's name.
    pub name: &'a str,
    /// Arguments that all of its levels share.
    pub arguments: Vec<(&'a str, &'a str)>,
    /// The field of work.
    pub domain: String,
    /// The name of the most important metric of the field.
    pub primary: String,
    /// The names of the metrics that are plotted against the setting.
    pub plots: Vec<String>,
    /// The setting that distinguishes the level from the others.
    pub setting: Setting,
    /// The levels in ascending order of their setting, or else in the order in which they were run.
    pub levels: Vec<GroupLevel<'a>>,
    /// Metrics of all levels together: of a search, the throughput that it has found.
    pub found: Vec<Metric>,
}

/// A level within its group.
#[derive(Clone, Debug)]
pub struct GroupLevel<'a> {
    /// The case that has run it.
    pub case: &'a CaseRecord,
    /// The figures, over the rounds of the case.
    pub level: Level,
    /// The name in its group; no two names are the same.
    pub label: String,
    /// The value of its [`Setting`]; `None` if the scenario does not set it.
    pub at: Option<f64>,
}

/// The setting that distinguishes the levels of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Clients, or the maximum of requests in flight.
    Concurrency,
    /// Requests per second of the schedule.
    Rate,
    /// No number: the order of the levels.
    Order,
}

impl Setting {
    /// Returns its name and unit, as on an axis.
    pub fn title(self) -> &'static str {
        match self {
            Setting::Concurrency => "concurrency (clients)",
            Setting::Rate => "offered rate (req/s)",
            Setting::Order => "level",
        }
    }

    fn of(self, level: &Level) -> Option<f64> {
        match self {
            Setting::Concurrency => level.concurrency.map(f64::from),
            Setting::Rate => level.rate,
            Setting::Order => None,
        }
        .filter(|at| at.is_finite() && *at > 0.0)
    }
}

impl Group<'_> {
    /// Returns the id `model/category/name[argument=value,…]`, without the arguments that set the load.
    pub fn id(&self) -> String {
        let model = self.model.map(|model| format!("{model}/")).unwrap_or_default();
        let arguments: Vec<String> =
            self.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("[{}]", arguments.join(",")) };
        format!("{model}{}/{}{arguments}", self.category, self.name)
    }

    /// Returns the metric with this name of the first level that has it. Its unit and direction are those of all levels.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.levels.iter().find_map(|level| level.level.metric(name))
    }

    /// Whether scheduled latency is the headline of any of its levels.
    pub fn is_scheduled(&self) -> bool {
        self.levels.iter().any(|level| level.is_scheduled())
    }

    /// Returns the name of its latency: that of the schedule if any level has one.
    pub fn latency_name(&self) -> &'static str {
        if self.is_scheduled() { "scheduled latency" } else { "latency" }
    }
}

impl GroupLevel<'_> {
    /// Whether its headline is scheduled latency.
    pub fn is_scheduled(&self) -> bool {
        self.level.headline == bench_record::Headline::Scheduled
    }

    /// Returns the figure with this name; `None` if there is none, or if it is not finite.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.level.metric(name).map(|metric| metric.value).filter(|value| value.is_finite())
    }
}

/// The groups of all load cases of `record`, in the order of its cases.
pub fn groups(record: &Record) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for case in &record.cases {
        let Some(served) = case.served().filter(|served| !served.levels.is_empty()) else { continue };
        let arguments: Vec<(&str, &str)> = case
            .arguments
            .iter()
            .filter(|(name, _)| !SETTINGS.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let levels = served.levels.into_iter().map(|level| {
            let label = level.name.clone();
            GroupLevel { case, level, label, at: None }
        });
        let same = |group: &&mut Group<'_>| {
            (group.model, group.category, group.name) == (case.model.as_deref(), case.category, &case.name)
                && group.arguments == arguments
                && (&group.domain, &group.primary) == (&served.domain, &served.primary)
        };
        match groups.iter_mut().find(same) {
            Some(group) => {
                group.levels.extend(levels);
                group.found.extend(served.metrics);
            }
            None => groups.push(Group {
                model: case.model.as_deref(),
                category: case.category,
                name: &case.name,
                arguments,
                levels: levels.collect(),
                domain: served.domain,
                primary: served.primary,
                plots: served.plots,
                setting: Setting::Order,
                found: served.metrics,
            }),
        }
    }
    for group in &mut groups {
        settle(group);
    }
    groups
}

/// Finds the setting that distinguishes the levels, and sorts them by it.
fn settle(group: &mut Group<'_>) {
    let distinct = |setting: Setting| {
        let mut values: Vec<f64> = group.levels.iter().filter_map(|level| setting.of(&level.level)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values.len()
    };
    // A schedule can also limit the requests in flight; the setting is then the rate.
    let (rates, concurrencies) = (distinct(Setting::Rate), distinct(Setting::Concurrency));
    group.setting = match (rates, concurrencies) {
        (0, 0) => Setting::Order,
        (rates, concurrencies) if rates > 0 && rates >= concurrencies => Setting::Rate,
        _ => Setting::Concurrency,
    };
    let setting = group.setting;
    for level in &mut group.levels {
        level.at = setting.of(&level.level);
    }
    group.levels.sort_by(|a, b| a.at.unwrap_or(f64::INFINITY).total_cmp(&b.at.unwrap_or(f64::INFINITY)));
    let labels: Vec<String> = group.levels.iter().map(|level| level.label.clone()).collect();
    for level in &mut group.levels {
        if labels.iter().filter(|label| **label == level.label).count() > 1 {
            let arguments: Vec<String> = SETTINGS
                .iter()
                .filter_map(|name| level.case.arguments.get(*name).map(|value| format!("{name}={value}")))
                .collect();
            if !arguments.is_empty() {
                level.label = format!("{} ({})", level.label, arguments.join(","));
            }
        }
    }
    for position in 1..group.levels.len() {
        let (before, from) = group.levels.split_at_mut(position);
        let taken = |label: &str| before.iter().any(|level| level.label == label);
        let label = from[0].label.clone();
        let mut number = 2;
        while taken(&from[0].label) {
            from[0].label = format!("{label} #{number}");
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{case, closed, offline, open, record};

    fn labels<'a>(group: &'a Group<'_>) -> Vec<&'a str> {
        group.levels.iter().map(|level| level.label.as_str()).collect()
    }

    #[test]
    fn cases_that_differ_in_the_load_are_one_group() {
        let record = record(vec![
            case("tts/performance/speak[concurrency=16,voice=a]", vec![vec![closed(16)]]),
            case("tts/performance/speak[concurrency=2,voice=a]", vec![vec![closed(2)]]),
            case("tts/performance/speak[concurrency=2,voice=b]", vec![vec![closed(2)]]),
            case("tts/unit/speak[concurrency=2,voice=b]", vec![vec![closed(2)]]),
            case("other/performance/speak", vec![vec![closed(4), closed(1)]]),
            case("unit/plain", Vec::new()),
        ]);
        let groups = groups(&record);
        let ids: Vec<String> = groups.iter().map(Group::id).collect();
        assert_eq!(
            ids,
            [
                "tts/performance/speak[voice=a]",
                "tts/performance/speak[voice=b]",
                "tts/unit/speak[voice=b]",
                "other/performance/speak"
            ]
        );
        assert_eq!(labels(&groups[0]), ["concurrency 2", "concurrency 16"]);
        assert_eq!(groups[0].levels[1].at, Some(16.0));
        assert_eq!(labels(&groups[3]), ["concurrency 1", "concurrency 4"]);
    }

    #[test]
    fn the_setting_is_what_differs() {
        let setting = |levels| {
            let record = record(vec![case("m/performance/x", vec![levels])]);
            groups(&record)[0].setting
        };
        assert_eq!(setting(vec![closed(1), closed(2)]), Setting::Concurrency);
        assert_eq!(setting(vec![open(1.0), open(2.0)]), Setting::Rate);
        assert_eq!(setting(vec![offline()]), Setting::Order);
        let mut limited = vec![open(1.0), open(2.0)];
        limited.iter_mut().for_each(|level| level.concurrency = Some(64));
        assert_eq!(setting(limited), Setting::Rate);
        assert_eq!(setting(vec![offline(), closed(1), closed(8)]), Setting::Concurrency);
    }

    #[test]
    fn no_two_levels_are_called_alike() {
        let same = || vec![vec![offline()]];
        let record = record(vec![
            case("m/performance/x[rate=1]", same()),
            case("m/performance/x[rate=2]", same()),
            case(
                "m/performance/y",
                vec![vec![offline(), {
                    let mut other = offline();
                    other.requests = 7;
                    other
                }]],
            ),
        ]);
        let groups = groups(&record);
        assert_eq!(labels(&groups[0]), ["offline (rate=1)", "offline (rate=2)"]);
        assert_eq!(labels(&groups[1]), ["offline", "offline #2"]);
    }
}
