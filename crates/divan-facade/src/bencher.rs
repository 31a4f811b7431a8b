//! The [`Bencher`] that is passed to a benchmark.

use std::fmt;
use std::hint::black_box;
use std::mem::needs_drop;
use std::num::NonZeroUsize;

use bench_core::Bencher as Engine;
use bench_core::protocol::ProbeReport;

use crate::contended;
use crate::counter::{AsCountUInt, Counter, IntoCounter, Kind, Sealed};
use crate::input_counts::{CountsOf, InputCounts, NoCounts, Tally};

/// Times the routine given to one of its `bench` methods. Code of the benchmark before that call is not timed.
///
/// Inputs are made before the timed part, and outputs are dropped after it.
#[must_use = "a benchmark measures nothing unless one of the `bench` methods is called"]
pub struct Bencher<'a, 'b, C = BencherConfig> {
    context: &'a mut Context<'b>,
    config: C,
}

/// The source of inputs, and their counters.
pub struct BencherConfig<GenI = Unit, N = NoCounts> {
    generate: GenI,
    counts: N,
}

/// No inputs.
#[derive(Debug)]
pub struct Unit;

/// The case that is being measured.
pub(crate) struct Context<'b> {
    engine: &'b mut Engine,
    threads: NonZeroUsize,
    has_measured: bool,
}

impl<'b> Context<'b> {
    pub(crate) fn new(engine: &'b mut Engine, threads: NonZeroUsize) -> Self {
        Context { engine, threads, has_measured: false }
    }

    /// Sets the count of one kind for one iteration.
    pub(crate) fn count(&mut self, kind: Kind, count: u64) {
        self.engine.count(kind.unit(), usize::try_from(count).unwrap_or(usize::MAX));
    }

    /// Returns whether one of the `bench` methods has been called.
    pub(crate) fn has_measured(&self) -> bool {
        self.has_measured
    }

    /// Measures on the threads that the benchmark asks for. `run` consumes inputs, and pushes outputs.
    fn measure<I, O>(
        &mut self,
        generate: impl Fn() -> I + Sync,
        run: impl Fn(&mut Vec<I>, &mut Vec<O>) + Sync,
    ) {
        self.has_measured = true;
        if self.threads == NonZeroUsize::MIN {
            self.engine.iter_inputs(generate, run);
        } else {
            contended::measure(self.engine, self.threads, &generate, &run);
        }
    }

    /// Measures on this thread, whatever number of threads the benchmark asks for.
    fn measure_local<I, O>(
        &mut self,
        generate: impl FnMut() -> I,
        run: impl FnMut(&mut Vec<I>, &mut Vec<O>),
    ) {
        self.on_one_thread();
        self.engine.iter_inputs(generate, run);
    }

    /// Records that the benchmark runs on this thread only, with a note if it asks for more threads.
    fn on_one_thread(&mut self) {
        self.has_measured = true;
        if self.threads != NonZeroUsize::MIN {
            let note = format!(
                "`threads` asks for {}, but the `bench_local` methods run on one thread, as in divan",
                self.threads
            );
            self.engine.report(ProbeReport { notes: vec![note], ..ProbeReport::of("threads") });
        }
    }

    /// Sets the counts of one iteration to the means over the inputs.
    fn report<I>(&mut self, tally: &Tally, counts: &impl InputCounts<I>) {
        for (kind, count) in tally.per_input(counts.kinds()) {
            self.count(kind, count);
        }
    }
}

/// The output of a routine. Divan times any output, errors and futures included.
struct Output<T>(#[allow(dead_code, reason = "it is kept from the optimizer, and dropped")] T);

/// Keeps an output until the time is taken, if dropping it does something.
#[inline(always)]
fn keep<O>(output: O, outputs: &mut Vec<O>) {
    if needs_drop::<O>() {
        outputs.push(output);
    } else {
        black_box(output);
    }
}

/// Calls the routine with each input by value.
#[inline(always)]
fn by_value<I, O>(inputs: &mut Vec<I>, outputs: &mut Vec<O>, mut benched: impl FnMut(I) -> O) {
    black_box(inputs.as_mut_slice());
    for input in inputs.drain(..) {
        keep(benched(input), outputs);
    }
    black_box(outputs.as_mut_slice());
}

/// Calls the routine with a reference to each input.
#[inline(always)]
fn by_reference<I, O>(inputs: &mut [I], outputs: &mut Vec<O>, mut benched: impl FnMut(&mut I) -> O) {
    for input in inputs {
        keep(benched(black_box(input)), outputs);
    }
    black_box(outputs.as_mut_slice());
}

impl<C> fmt::Debug for Bencher<'_, '_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bencher").finish_non_exhaustive()
    }
}

impl<'a, 'b> Bencher<'a, 'b> {
    pub(crate) fn new(context: &'a mut Context<'b>) -> Self {
        Bencher { context, config: BencherConfig { generate: Unit, counts: NoCounts } }
    }

    /// Times a function, on the number of threads that `threads` sets.
    pub fn bench<O, B>(self, benched: B)
    where
        B: Fn() -> O + Sync,
    {
        if self.context.threads == NonZeroUsize::MIN && !needs_drop::<O>() {
            self.context.has_measured = true;
            self.context.engine.iter(|| Output(benched()));
        } else {
            self.with_inputs(|| ()).bench_values(|()| benched());
        }
    }

    /// Times a function on this thread.
    pub fn bench_local<O, B>(self, mut benched: B)
    where
        B: FnMut() -> O,
    {
        if needs_drop::<O>() {
            self.with_inputs(|| ()).bench_local_values(|()| benched());
        } else {
            self.context.on_one_thread();
            self.context.engine.iter(|| Output(benched()));
        }
    }

    /// Makes an input for each iteration, outside the timed part.
    pub fn with_inputs<G>(self, gen_input: G) -> Bencher<'a, 'b, BencherConfig<G>> {
        Bencher { context: self.context, config: BencherConfig { generate: gen_input, counts: NoCounts } }
    }
}

impl<GenI, N> Bencher<'_, '_, BencherConfig<GenI, N>> {
    /// Sets the work of one iteration: the report shows it per second.
    pub fn counter<C>(self, counter: C) -> Self
    where
        C: IntoCounter,
    {
        self.context.count(C::Counter::KIND, counter.into_counter().count());
        self
    }
}

impl<'a, 'b, I, GenI, N> Bencher<'a, 'b, BencherConfig<GenI, N>>
where
    GenI: FnMut() -> I,
    N: InputCounts<I>,
{
    /// Counts the work of each input with `make_counter`: the report has the mean over a round.
    pub fn input_counter<C, F>(self, make_counter: F) -> Bencher<'a, 'b, BencherConfig<GenI, CountsOf<I>>>
    where
        F: Fn(&I) -> C + Sync + 'static,
        C: IntoCounter,
    {
        let Bencher { context, config: BencherConfig { generate, counts } } = self;
        Bencher { context, config: BencherConfig { generate, counts: counts.with(make_counter) } }
    }

    /// Uses each input, which is a number, as the count of its own work.
    pub fn count_inputs_as<C>(self) -> Bencher<'a, 'b, BencherConfig<GenI, CountsOf<I>>>
    where
        C: Counter,
        I: AsCountUInt,
    {
        let Bencher { context, config: BencherConfig { generate, counts } } = self;
        let counts = counts.with_count(C::KIND, Box::new(|input| input.as_count()));
        Bencher { context, config: BencherConfig { generate, counts } }
    }

    /// Times a function that takes its input, on the number of threads that `threads` sets.
    pub fn bench_values<O, B>(self, benched: B)
    where
        B: Fn(I) -> O + Sync,
        GenI: Fn() -> I + Sync,
    {
        let Bencher { context, config: BencherConfig { generate, counts } } = self;
        let tally = Tally::default();
        context.measure(
            || tally.counted(&counts, generate()),
            |inputs, outputs| by_value(inputs, outputs, &benched),
        );
        context.report(&tally, &counts);
    }

    /// Times a function that takes its input, on this thread.
    pub fn bench_local_values<O, B>(self, mut benched: B)
    where
        B: FnMut(I) -> O,
    {
        let Bencher { context, config: BencherConfig { mut generate, counts } } = self;
        let tally = Tally::default();
        context.measure_local(
            || tally.counted(&counts, generate()),
            |inputs, outputs| by_value(inputs, outputs, &mut benched),
        );
        context.report(&tally, &counts);
    }

    /// Times a function that borrows its input, on the number of threads that `threads` sets. The input is dropped
    /// after the timed part.
    pub fn bench_refs<O, B>(self, benched: B)
    where
        B: Fn(&mut I) -> O + Sync,
        GenI: Fn() -> I + Sync,
    {
        let Bencher { context, config: BencherConfig { generate, counts } } = self;
        let tally = Tally::default();
        context.measure(
            || tally.counted(&counts, generate()),
            |inputs, outputs| by_reference(inputs, outputs, &benched),
        );
        context.report(&tally, &counts);
    }

    /// Times a function that borrows its input, on this thread. The input is dropped after the timed part.
    pub fn bench_local_refs<O, B>(self, mut benched: B)
    where
        B: FnMut(&mut I) -> O,
    {
        let Bencher { context, config: BencherConfig { mut generate, counts } } = self;
        let tally = Tally::default();
        context.measure_local(
            || tally.counted(&counts, generate()),
            |inputs, outputs| by_reference(inputs, outputs, &mut benched),
        );
        context.report(&tally, &counts);
    }
}
