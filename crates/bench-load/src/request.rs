//! One request: its timestamps, and the handle with which the closure marks its outputs.

mod times;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub use self::times::{Mark, MarkKind, Times};

/// The handle with which the closure marks outputs. Marks may come from any thread.
///
/// ```no_run
/// use bench_core::prelude::*;
/// use bench_load::Load;
/// use bench_load::domain::Generation;
/// use bench_load::input::Texts;
///
/// #[benchmark(category = "performance", model = "llm")]
/// fn answer(b: &mut Bencher) -> Result<()> {
///     Load::closed(4).requests(100).run(b, Texts::seeded(20, 50..=200), |text, request| {
///         for _token in text.split(' ') {
///             request.output(); // the first call marks TTFT
///         }
///         Ok::<_, Error>(Generation::new(text.split(' ').count() as u64))
///     })
/// }
///
/// bench_core::main!();
/// ```
#[derive(Debug)]
pub struct Request {
    marks: Arc<Marks>,
    generation: u64,
    number: u64,
}

/// Marks outputs in places where a [`Request`] cannot be borrowed, such as a callback.
#[derive(Clone, Debug)]
pub struct Marker {
    marks: Arc<Marks>,
    generation: u64,
}

/// The marks of a client's requests, one request after another.
#[derive(Debug)]
pub(crate) struct Marks {
    origin: Instant,
    client: u32,
    /// The request that may mark now. One that has ended cannot reach the next one's marks.
    generation: AtomicU64,
    marks: Mutex<Vec<Mark>>,
    /// The number of marks that were made after their request had ended.
    late: AtomicU64,
}

impl Marks {
    /// Returns the marks of a client of a level that began at `origin`.
    pub(crate) fn new(origin: Instant, client: u32) -> Arc<Self> {
        Arc::new(Marks {
            origin,
            client,
            generation: AtomicU64::new(0),
            marks: Mutex::new(Vec::new()),
            late: AtomicU64::new(0),
        })
    }

    /// Begins request number `number`, and returns its handle.
    pub(crate) fn begin(self: &Arc<Self>, number: u64) -> Request {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed) + 1;
        Request { marks: Arc::clone(self), generation, number }
    }

    /// Returns the marks of the request that ends now.
    pub(crate) fn end(&self) -> Option<Box<[Mark]>> {
        let mut marks = self.lock();
        self.generation.fetch_add(1, Ordering::Relaxed);
        (!marks.is_empty()).then(|| marks.drain(..).collect())
    }

    /// The number of marks that were made after their request had ended.
    pub(crate) fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    fn mark(&self, generation: u64, kind: MarkKind, holds: Option<u32>) {
        self.mark_at(generation, kind, holds, Instant::now());
    }

    fn mark_at(&self, generation: u64, kind: MarkKind, holds: Option<u32>, at: Instant) {
        let at_ns = bench_syntax::quantity::nanoseconds(at.saturating_duration_since(self.origin));
        let mut marks = self.lock();
        if self.generation.load(Ordering::Relaxed) == generation {
            marks.push(Mark { kind, at_ns, holds });
        } else {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Mark>> {
        // A list of marks is consistent after every push.
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    /// Returns the number of the request within its level, from 0.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let seed = 1000 + request.number(); // other noise for each request
    /// # }
    /// ```
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the number of the client that sends the request, from 0. Each client sends one request after
    /// another. In an open loop, it is the number of a place among the requests in flight.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let connection = request.client() as usize; // one for each client
    /// # }
    /// ```
    pub fn client(&self) -> u32 {
        self.marks.client
    }

    /// Returns the time at which the level began. Anything prepared before it, such as a connection, is older.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let age = request.level_began().elapsed();
    /// # }
    /// ```
    pub fn level_began(&self) -> Instant {
        self.marks.origin
    }

    /// Marks a usable output that arrived at `at` and contains `amount` of the response, if that is known. Use it in
    /// clients that read the clock when bytes arrive, before they parse them.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// # let (bytes_read, tokens) = (std::time::Instant::now(), 3);
    /// request.output_at(bytes_read, Some(tokens)); // read before the bytes are parsed
    /// # }
    /// ```
    pub fn output_at(&self, at: Instant, amount: Option<u32>) {
        self.marks.mark_at(self.generation, MarkKind::Output, amount, at);
    }

    /// Marks that the answer itself began at `at`; [`answer`](Self::answer) marks the current time.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// # let bytes_read = std::time::Instant::now();
    /// request.answer_at(bytes_read);
    /// # }
    /// ```
    pub fn answer_at(&self, at: Instant) {
        self.marks.mark_at(self.generation, MarkKind::Answer, None, at);
    }

    /// Marks a step of the work that was done at `at`; [`step`](Self::step) marks the current time.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// # let bytes_read = std::time::Instant::now();
    /// request.step_at(bytes_read);
    /// # }
    /// ```
    pub fn step_at(&self, at: Instant) {
        self.marks.mark_at(self.generation, MarkKind::Step, None, at);
    }

    /// Marks that the last output arrived at `at`; [`end`](Self::end) marks the current time.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// # let bytes_read = std::time::Instant::now();
    /// request.end_at(bytes_read);
    /// # }
    /// ```
    pub fn end_at(&self, at: Instant) {
        self.marks.mark_at(self.generation, MarkKind::End, None, at);
    }

    /// Marks that a usable output has arrived: playable audio, an image or a part of it, text that is not empty. A
    /// header, a role or an empty chunk is not an output. The first call marks TTFA, TTFI or TTFT.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// # let chunks = [[0_u8; 960]];
    /// for _chunk in chunks {
    ///     request.output();
    /// }
    /// # }
    /// ```
    pub fn output(&self) {
        self.marks.mark(self.generation, MarkKind::Output, None);
    }

    /// Marks a usable output that contains `amount` of the response: tokens of a text, samples per channel of
    /// speech. Use it for chunks of several tokens; otherwise TPOT is not known.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # use bench_load::domain::Generation;
    /// # fn chunks() -> Vec<Vec<u32>> { Vec::new() }
    /// fn generate(request: &Request) -> Generation {
    ///     let mut tokens = 0;
    ///     for chunk in chunks() {
    ///         request.output_of(chunk.len() as u32);
    ///         tokens += chunk.len() as u64;
    ///     }
    ///     Generation::new(tokens)
    /// }
    /// ```
    pub fn output_of(&self, amount: u32) {
        self.marks.mark(self.generation, MarkKind::Output, Some(amount));
    }

    /// Marks that the answer itself begins, after any reasoning (TTFO).
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// # let tokens = ["<think>", "</think>", "42"];
    /// for token in tokens {
    ///     if token == "</think>" {
    ///         request.answer();
    ///     }
    ///     request.output();
    /// }
    /// # }
    /// ```
    pub fn answer(&self) {
        self.marks.mark(self.generation, MarkKind::Answer, None);
    }

    /// Marks that a step of the work is done, such as a denoising step.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// # fn denoise(_step: u32) {}
    /// for step in 0..20 {
    ///     denoise(step);
    ///     request.step();
    /// }
    /// # }
    /// ```
    pub fn step(&self) {
        self.marks.mark(self.generation, MarkKind::Step, None);
    }

    /// Marks that the last output has arrived. Work that the closure does after this (a usage message, closing the
    /// connection) is not part of the latency. Without this mark, the request ends when the closure returns.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// # fn close_connection() {}
    /// request.output();
    /// request.end();
    /// close_connection(); // not part of the latency
    /// # }
    /// ```
    pub fn end(&self) {
        self.marks.mark(self.generation, MarkKind::End, None);
    }

    /// Returns a handle for callbacks that cannot borrow the request.
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let marker = request.marker();
    /// let on_token = move |_token: &str| marker.output();
    /// # on_token("a");
    /// # }
    /// ```
    pub fn marker(&self) -> Marker {
        Marker { marks: Arc::clone(&self.marks), generation: self.generation }
    }
}

impl Marker {
    /// Same as [`Request::output`].
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let marker = request.marker();
    /// std::thread::spawn(move || marker.output());
    /// # }
    /// ```
    pub fn output(&self) {
        self.marks.mark(self.generation, MarkKind::Output, None);
    }

    /// Same as [`Request::output_of`].
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let marker = request.marker();
    /// std::thread::spawn(move || marker.output_of(3)); // three tokens
    /// # }
    /// ```
    pub fn output_of(&self, amount: u32) {
        self.marks.mark(self.generation, MarkKind::Output, Some(amount));
    }

    /// Same as [`Request::answer`].
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let marker = request.marker();
    /// std::thread::spawn(move || marker.answer());
    /// # }
    /// ```
    pub fn answer(&self) {
        self.marks.mark(self.generation, MarkKind::Answer, None);
    }

    /// Same as [`Request::step`].
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let marker = request.marker();
    /// std::thread::spawn(move || marker.step());
    /// # }
    /// ```
    pub fn step(&self) {
        self.marks.mark(self.generation, MarkKind::Step, None);
    }

    /// Same as [`Request::end`].
    ///
    /// ```
    /// # use bench_load::Request;
    /// # fn serve(request: &Request) {
    /// let marker = request.marker();
    /// std::thread::spawn(move || marker.end());
    /// # }
    /// ```
    pub fn end(&self) {
        self.marks.mark(self.generation, MarkKind::End, None);
    }
}
