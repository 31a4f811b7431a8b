//! The cases of one annotated function.

use std::num::NonZeroUsize;

use bench_core::dynamic::{self, Offer};
use bench_core::{Bencher as Engine, Error};

use crate::argument::Args;
use crate::bencher::{Bencher, Context};
use crate::filter::Filter;
use crate::generic::Generic;
use crate::options::Options;

/// The treatment of benchmarks that are marked `ignore`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RunIgnored {
    /// All benchmarks are offered, and those that are marked are left out by default.
    #[default]
    Marked,
    /// All benchmarks are offered as if none were marked.
    Alike,
    /// Only benchmarks that are marked `ignore` are offered.
    Only,
}

/// Offers the cases of one annotated function to the process that has started this one.
#[derive(Debug)]
pub struct Cases<'a> {
    pub(crate) path: &'a str,
    pub(crate) options: Options,
    pub(crate) skip: &'a [Filter],
    pub(crate) run_ignored: RunIgnored,
}

impl Cases<'_> {
    /// Offers the function, or one instance of a generic function.
    pub fn offer(&mut self, generic: Generic, call: impl Fn(Bencher<'_, '_>)) {
        self.offer_path(&self.path_of(&generic), &call);
    }

    /// Offers the cases of each argument.
    pub fn offer_each<T>(
        &mut self,
        generic: Generic,
        args: &Args<T>,
        label: impl Fn(&T) -> String,
        call: impl Fn(Bencher<'_, '_>, &T),
    ) {
        let path = self.path_of(&generic);
        for value in &args.values {
            // Hides the value from the optimizer.
            let call = |bencher: Bencher<'_, '_>| call(bencher, std::hint::black_box(value));
            self.offer_path(&format!("{path}::{}", label(value)), &call);
        }
    }

    fn path_of(&self, generic: &Generic) -> String {
        generic.segments().fold(self.path.to_owned(), |path, segment| path + "::" + segment)
    }

    /// Offers a case for each number of threads.
    fn offer_path(&self, path: &str, call: &dyn Fn(Bencher<'_, '_>)) {
        let is_ignored = self.options.ignore.unwrap_or_default();
        if self.skip.iter().any(|filter| filter.is_match(path))
            || (self.run_ignored == RunIgnored::Only && !is_ignored)
        {
            return;
        }
        let is_marked = is_ignored && self.run_ignored == RunIgnored::Marked;
        let counts = self.options.thread_counts();
        for threads in &counts {
            // As in divan's table. A single number of threads is not part of the name.
            let name = if counts.len() == 1 { path.to_owned() } else { format!("{path}::t={threads}") };
            let offer = Offer {
                name: &name,
                settings: self.options.overrides(),
                longest_warm_up: None,
                ignored: is_marked.then_some("marked `ignore`"),
            };
            dynamic::offer(&offer, &mut |engine| self.measure(engine, *threads, call));
        }
    }

    fn measure(
        &self,
        engine: &mut Engine,
        threads: NonZeroUsize,
        call: &dyn Fn(Bencher<'_, '_>),
    ) -> Result<(), Error> {
        let mut context = Context::new(engine, threads);
        for (kind, count) in self.options.counters.iter() {
            context.count(kind, count);
        }
        call(Bencher::new(&mut context));
        if context.has_measured() {
            return Ok(());
        }
        Err(Error::failure(
            "the benchmark returned without measuring: call one of the `bench` methods of its Bencher",
        ))
    }
}
