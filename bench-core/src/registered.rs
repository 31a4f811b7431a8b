//! A [`Registered`] case: a benchmark with one combination of its arguments.

use std::sync::Arc;

use crate::bencher::Bencher;
use crate::benchmark::{Axis, Benchmark, Ignore};
use crate::error::Error;
use bench_protocol::Case;
use bench_syntax::case_id;
use bench_syntax::objective::{Objective, Setting};

/// A benchmark with one combination of its arguments.
#[derive(Clone, Debug)]
pub struct Registered {
    benchmark: &'static Benchmark,
    texts: Arc<Texts>,
    /// The index of the combination; the last argument varies fastest.
    number: usize,
    id: String,
}

/// The texts that the cases of a benchmark share.
#[derive(Debug)]
struct Texts {
    model: Option<Arc<str>>,
    name: Arc<str>,
    source: Arc<str>,
    /// The names of the arguments, and all values of each.
    axes: Vec<(Arc<str>, Vec<Arc<str>>)>,
}

impl Texts {
    fn of(benchmark: &Benchmark) -> Self {
        let labels = |axis: &Axis| (0..axis.len).map(axis.label).map(Arc::from).collect();
        Texts {
            model: benchmark.model.map(Arc::from),
            name: benchmark.name.into(),
            source: benchmark.source.to_string().into(),
            axes: benchmark.axes.iter().map(|axis| (axis.name.into(), labels(axis))).collect(),
        }
    }

    /// The number of combinations of values.
    fn combinations(&self) -> usize {
        self.axes.iter().map(|(_, values)| values.len()).product()
    }

    /// Returns the arguments of one combination, each with its name, its value and the index of the value.
    fn combination(&self, number: usize) -> impl Iterator<Item = (&Arc<str>, &Arc<str>, usize)> {
        let mut block = self.combinations();
        self.axes.iter().map(move |(name, values)| {
            block /= values.len();
            let index = number / block % values.len();
            (name, &values[index], index)
        })
    }
}

impl Registered {
    /// Returns a case for every combination of the benchmark's arguments; the last argument varies fastest.
    pub(crate) fn all_of(benchmark: &'static Benchmark) -> impl Iterator<Item = Registered> {
        let texts = Arc::new(Texts::of(benchmark));
        let head = Registered::head(benchmark);
        (0..texts.combinations()).map(move |number| {
            let arguments = texts.combination(number).map(|(name, value, _)| (&**name, &**value));
            let id = case_id::with_arguments(&head, arguments);
            Registered { benchmark, texts: Arc::clone(&texts), number, id }
        })
    }

    /// Returns the id without the arguments: `resnet/performance/forward`.
    pub(crate) fn head(benchmark: &Benchmark) -> String {
        case_id::head(benchmark.model, benchmark.category, benchmark.name)
    }

    /// Returns the case as the list of this program contains it.
    pub fn listed(self) -> Case {
        let benchmark = self.benchmark;
        let objectives = self.targets().map(|objective| objective.text.to_string()).collect();
        let ignored = self.ignored();
        let texts = &*self.texts;
        let mut case = Case::new(self.id, benchmark.category);
        case.model.clone_from(&texts.model);
        case.name = Arc::clone(&texts.name);
        case.arguments = texts
            .combination(self.number)
            .map(|(name, value, _)| (Arc::clone(name), Arc::clone(value)))
            .collect();
        case.tags = benchmark.tags.iter().map(|tag| (*tag).to_owned()).collect();
        case.objectives = objectives;
        case.settings = benchmark.settings;
        case.ignored = ignored;
        case.source = Some(Arc::clone(&texts.source));
        case
    }

    /// Returns the id, `model/category/name[argument=value,…]`; without a model, `category/name[…]`. It is stable as
    /// long as these parts are, even if the function moves.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the annotated function.
    pub fn benchmark(&self) -> &'static Benchmark {
        self.benchmark
    }

    /// Returns its arguments and their values, in the attribute's order.
    pub fn arguments(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.combination(self.number).map(|(name, value, _)| (&**name, &**value))
    }

    /// Returns the targets that apply to the case: all but those restricted to another value of one of its
    /// arguments. A target that is restricted to a value that no case has is kept for all cases, so that it is
    /// reported.
    pub fn targets(&self) -> impl Iterator<Item = &'static Objective> {
        let elsewhere = |setting: &Setting| {
            let axis = self.benchmark.axes.iter().find(|axis| axis.name == setting.name);
            let own = self.arguments().any(|(name, value)| name == setting.name && value == setting.value);
            !own && axis.is_some_and(|axis| (0..axis.len).any(|index| (axis.label)(index) == setting.value))
        };
        self.benchmark.targets.iter().filter(move |target| !target.at.iter().any(elsewhere))
    }

    /// Calls the annotated function with the case's arguments.
    ///
    /// # Errors
    /// The error that the function returns.
    pub(crate) fn call(&self, bencher: &mut Bencher) -> Result<(), Error> {
        let choice: Vec<usize> = self.texts.combination(self.number).map(|(_, _, index)| index).collect();
        (self.benchmark.call)(bencher, &choice)
    }

    /// Returns the reason why the case is left out by default; `None` if it is not.
    pub fn ignored(&self) -> Option<String> {
        match self.benchmark.ignore {
            Ignore::No => None,
            Ignore::Always(reason) => Some(reason.unwrap_or("marked `ignore`").to_owned()),
            Ignore::When(ignored) => ignored.iter().find_map(|axis: &Axis| {
                let (name, value) = self.arguments().find(|(name, _)| *name == axis.name)?;
                (0..axis.len)
                    .any(|index| (axis.label)(index) == value)
                    .then(|| format!("{name}={value} is marked `ignore`"))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::benchmark::Source;
    use bench_protocol::Overrides;
    use bench_syntax::Category;
    use bench_syntax::objective::{Quantity, Relation, Unit};

    const AXES: &[Axis] = &[
        Axis { name: "batch", len: 2, label: |i| ["1", "8"][i].to_owned() },
        Axis { name: "text", len: 2, label: |i| ["a b", "x,y=[%]/\n"][i].to_owned() },
    ];

    static FORWARD: Benchmark = Benchmark {
        name: "forward",
        model: Some("resnet"),
        category: Category::Performance,
        tags: &[],
        targets: &[],
        axes: AXES,
        settings: Overrides::NONE,
        ignore: Ignore::When(&[Axis { name: "batch", len: 1, label: |_| "8".to_owned() }]),
        source: Source { module: "models::resnet", file: "resnet.rs", line: 1 },
        call: |_, _| Ok(()),
    };

    #[test]
    fn cases_are_the_product_and_their_ids_hold_no_delimiters() {
        let ids: Vec<_> = Registered::all_of(&FORWARD).map(|case| case.id).collect();
        assert_eq!(
            ids,
            [
                "resnet/performance/forward[batch=1,text=a%20b]",
                "resnet/performance/forward[batch=1,text=x%2Cy%3D%5B%25%5D%2F%0A]",
                "resnet/performance/forward[batch=8,text=a%20b]",
                "resnet/performance/forward[batch=8,text=x%2Cy%3D%5B%25%5D%2F%0A]",
            ]
        );
    }

    #[test]
    fn restricted_targets_go_with_their_cases() {
        const fn at(name: &'static str, value: &'static str) -> Setting {
            Setting { name: Cow::Borrowed(name), value: Cow::Borrowed(value) }
        }
        const fn target(text: &'static str, at: &'static [Setting]) -> Objective {
            Objective {
                text: Cow::Borrowed(text),
                what: Quantity::Metric(Cow::Borrowed("median")),
                relation: Relation::AtMost,
                value: 1.0,
                unit: Unit::Own,
                at: Cow::Borrowed(at),
            }
        }
        const EIGHT: &[Setting] = &[at("batch", "8")];
        const LEVEL: &[Setting] = &[at("concurrency", "4")];
        const NINE: &[Setting] = &[at("batch", "9")];
        static LIMITED: Benchmark = Benchmark {
            name: "limited",
            model: None,
            category: Category::Unit,
            tags: &[],
            targets: &[
                target("everywhere", &[]),
                target("at 8", EIGHT),
                target("at a level of load", LEVEL),
                target("at a value that no case has", NINE),
            ],
            axes: &[Axis { name: "batch", len: 2, label: |i| ["1", "8"][i].to_owned() }],
            settings: Overrides::NONE,
            ignore: Ignore::No,
            source: Source { module: "suite", file: "suite.rs", line: 1 },
            call: |_, _| Ok(()),
        };
        let texts: Vec<Vec<&str>> = Registered::all_of(&LIMITED)
            .map(|case| case.targets().map(|target| &*target.text).collect())
            .collect();
        let of_both = ["at a level of load", "at a value that no case has"];
        assert_eq!(texts[0], [&["everywhere"], &of_both[..]].concat());
        assert_eq!(texts[1], [&["everywhere", "at 8"], &of_both[..]].concat());
    }

    #[test]
    fn single_values_are_ignored() {
        let ignored: Vec<_> = Registered::all_of(&FORWARD).map(|case| case.ignored().is_some()).collect();
        assert_eq!(ignored, [false, false, true, true]);
    }
}
