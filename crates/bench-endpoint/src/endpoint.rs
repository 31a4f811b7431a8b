//! [`Endpoint`]: a model server that a benchmark or a command measures.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bench_core::bencher::Bencher;
use bench_core::{Error, Result};
use bench_load::domain::Facts;
use bench_load::input::{Describe, Inputs, Prepared};
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, TE};

use crate::api::{self, BOUNDARY, Body, Field, Head, Kind, Marks, Settings, Told};
use crate::client::{Caller, Client, Request, Served, Version, arrivals_are_known};
use crate::conversations::Conversations;
use crate::data::{Content, Input, Turn};
use crate::failure::{Class, Failure};
use crate::reader::WavStream;
use crate::response::{CountTokens, Drawn, Heard, Marked, Plain, Sorted, Spoken, Text};
use crate::samples::{Checked, Samples};
use crate::serves::Serves;
use crate::totals::{Counted, Totals};

/// A model server: its address, its interface, and the settings of requests.
///
/// ```no_run
/// use bench_core::prelude::*;
/// use bench_endpoint::{Endpoint, api::{Kind, Settings}, client::{Client, Policy, Target}};
/// use bench_load::Load;
///
/// #[benchmark(category = "performance", model = "llm")]
/// fn chat(b: &mut Bencher) -> Result<()> {
///     let settings = Settings { model: Some("llm".to_owned()), stream: true, ..Settings::default() };
///     let target = Target::parse("http://127.0.0.1:8000").map_err(Error::failure)?;
///     let client = Client::new([target], None, Policy::Warm, settings.limits, &[], None).map_err(Error::from)?;
///     let endpoint = Endpoint::new(Kind::Chat, settings, client);
///     endpoint.run(Load::closed([1, 4]).requests(100), b, &["Why is the sky blue?", "Name three rivers."])
/// }
/// ```
pub struct Endpoint {
    kind: Kind,
    settings: Settings,
    client: Client,
    path: String,
    headers: HeaderMap,
    /// The salt of the next request: no other request has the same, in this run or in another.
    unique: AtomicU64,
    /// A number that no other run has.
    run: u64,
    totals: Totals,
    samples: Arc<Samples>,
    conversations: Option<Arc<Conversations>>,
    count: Option<CountTokens>,
}

/// An input, and the request body that is built from it before anything is measured.
pub struct Prompt {
    body: Body,
    text: Arc<str>,
    facts: Facts,
    /// The duration of the audio that is sent, in seconds; `None` if it is not known or none is sent.
    audio_s: Option<f64>,
    /// The exact number of tokens that the answer must have; `None` if any number is accepted.
    wanted_tokens: Option<u64>,
    /// The turns of a conversation, the first of which is in the body; `None` for a single request.
    turns: Option<Arc<[Turn]>>,
}

impl Describe for Prompt {
    fn facts(&self) -> Facts {
        self.facts.clone()
    }
}

impl Prompt {
    /// Creates a prompt that sends nothing.
    fn empty() -> Self {
        Prompt {
            body: Body::raw(Vec::new()),
            text: Arc::default(),
            facts: Facts::default(),
            audio_s: None,
            wanted_tokens: None,
            turns: None,
        }
    }

    /// Returns the first 2000 characters of the body as text, with a sample salt.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.body.salted(0, 0)).chars().take(2000).collect()
    }
}

/// The inputs of a load, with their bodies already built.
struct Made {
    measured: Vec<Prompt>,
    warm_up: Vec<Prompt>,
}

impl Inputs for Made {
    type Item = Prompt;

    fn prepare(self) -> Result<Prepared<Prompt>> {
        Ok(Prepared { measured: self.measured, warm_up: self.warm_up })
    }
}

impl Endpoint {
    /// Creates an endpoint of this kind.
    pub fn new(kind: Kind, settings: Settings, client: Client) -> Self {
        let path = kind.path(settings.model.as_deref(), settings.stream);
        let mut headers = HeaderMap::new();
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        let content_type = match (kind, &settings.template) {
            (Kind::Raw, None) => "application/octet-stream",
            (Kind::Transcriptions, None) => form.as_str(),
            (kind, _) if kind.is_grpc() => "application/grpc",
            _ => "application/json",
        };
        // Each content type is visible ASCII.
        headers.extend(HeaderValue::from_str(content_type).ok().map(|value| (CONTENT_TYPE, value)));
        if kind == Kind::Messages {
            headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        if kind.is_grpc() {
            // Servers refuse a client that might not understand the status at the end.
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
        let is_stream = kind.is_always_events() || (kind.has_stream_setting() && settings.stream);
        let accept = if is_stream { "text/event-stream" } else { "*/*" };
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        // Only the clock differs between two runs of one command.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = u64::try_from(now.as_nanos()).unwrap_or_default();
        let unique = AtomicU64::new(run);
        Endpoint {
            kind,
            settings,
            client: if kind.is_grpc() { client.speaking(Version::Http2) } else { client },
            path,
            headers,
            unique,
            run,
            totals: Totals::default(),
            samples: Arc::default(),
            conversations: None,
            count: None,
        }
    }

    /// Uses `conversations` for inputs that are conversations. The load must be a closed loop whose
    /// [pauses](bench_load::Load::pause) come from the same object.
    #[must_use]
    pub fn conversing(mut self, conversations: Arc<Conversations>) -> Self {
        self.settings.keeps_text = true;
        Endpoint { conversations: Some(conversations), ..self }
    }

    /// Counts, with `count`, the tokens of answers for which the server reports no number. This happens after each
    /// level; until then, the texts are kept. A token that shows no text, such as the one that ends an answer, is not
    /// counted.
    #[must_use]
    pub fn counting(mut self, count: CountTokens) -> Self {
        self.settings.keeps_text = true;
        Endpoint { count: Some(count), ..self }
    }

    /// Sends requests to `path` instead of the usual path of the kind.
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Endpoint { path: path.into(), ..self }
    }

    /// Makes this endpoint one of several workers that share a load. All workers have the same `run`, which no other
    /// run has, so that prompts with a common beginning have the same one in every worker. `rank` makes the requests of
    /// a worker different from those of the others.
    #[must_use]
    pub fn of_worker(self, run: u64, rank: u32) -> Self {
        // A worker sends fewer than 2^40 requests, so that its numbers do not reach those of the next worker.
        let unique = run.wrapping_add(u64::from(rank) << 40);
        self.client.begin_again();
        Endpoint { run, unique: AtomicU64::new(unique), ..self }
    }

    /// Returns the kind of interface.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the model that requests name; `None` if they name none.
    pub fn model(&self) -> Option<&str> {
        self.settings.model.as_deref()
    }

    /// Whether answers are requested as streams.
    pub fn is_stream(&self) -> bool {
        self.settings.stream
    }

    /// Whether each prompt begins with a salt that makes it unique.
    pub fn is_salted(&self) -> bool {
        self.settings.salt && self.kind.takes_salt()
    }

    /// Returns the path of the requests, below the address of the server.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the client that sends the requests.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the totals of the requests so far, including the warm-up, with tokens as counted by the server.
    pub fn totals(&self) -> Counted {
        self.totals.counted()
    }

    /// Checks a sample of the answers so far: it must be possible to decode pictures, and speech must not be
    /// silent.
    pub fn check_answers(&self) -> Checked {
        self.samples.check()
    }

    /// Returns the headers of each request, without those of the connection.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Builds the body of a request from an input, which is a text or the bytes of a file.
    ///
    /// # Errors
    /// The fault in the input or the template.
    pub fn prompt(&self, input: &[u8]) -> Result<Prompt, String> {
        self.prompt_of(&Input::of(input))
    }

    /// Like [`prompt`](Self::prompt), for an input that may contain more than its text.
    ///
    /// # Errors
    /// The fault in the input or the template.
    pub fn prompt_of(&self, input: &Input) -> Result<Prompt, String> {
        let body = Body::of_input(self.kind, &self.settings, input)?;
        let bytes = Some(body.len() as u64);
        let text = match &input.content {
            // Generated words need not be kept, and a conversation has a different text at each turn.
            Content::Words(_) | Content::Turns(_) => None,
            _ if self.kind.takes_files() => None,
            content => String::from_utf8(content.text().into_owned()).ok(),
        };
        let facts = text.as_deref().map_or_else(Facts::default, Facts::of_text);
        let audio_s = match (&input.content, self.kind) {
            (Content::Bytes(bytes), Kind::Transcriptions) => duration_s(bytes),
            _ => None,
        };
        let wanted = input.max_tokens.or(self.settings.max_tokens);
        Ok(Prompt {
            body,
            text: text.unwrap_or_default().into(),
            facts: Facts { bytes, ..facts },
            audio_s,
            wanted_tokens: wanted.filter(|_| self.settings.exact_answers),
            turns: match &input.content {
                Content::Turns(turns) => Some(Arc::clone(turns)),
                _ => None,
            },
        })
    }

    /// Sends one request, and marks its outputs in `marks`. The future must run on an event loop of `bench-load`.
    ///
    /// # Errors
    /// The reason why it failed, by class.
    pub async fn request(
        &self,
        prompt: &Prompt,
        caller: &Caller,
        marks: &mut dyn Marks,
    ) -> Result<Served, Failure> {
        let body = prompt.body.salted(self.unique.fetch_add(1, Ordering::Relaxed), self.run).into();
        let request = Request { method: Method::POST, path: &self.path, headers: &self.headers, body };
        let make = |head: &Head| {
            let answer = api::answer(self.kind, &self.settings, head);
            self.samples.sampled(self.kind, answer)
        };
        let mut marks = self.totals.with_first_output(marks);
        let served = self.client.request(&request, caller, &make, &mut marks).await;
        served.iter().for_each(|served| self.samples.heard(&served.told));
        self.totals.count(served.as_ref().map(|served| &served.told), prompt.wanted_tokens);
        served
    }

    /// Sends one request as [`request`](Self::request) does, and waits for its end on the calling thread.
    ///
    /// # Errors
    /// The reason why it failed, by class.
    pub fn send(&self, prompt: &Prompt, caller: &Caller, marks: &mut dyn Marks) -> Result<Served, Failure> {
        bench_load::cores::block_on(0, self.request(prompt, caller, marks))
            .map_err(|error| Failure::new(Class::Client, error.to_string()))?
    }

    /// Sends one text request of a load: `prompt`, or the next turn of the client's conversation.
    async fn talked(&self, prompt: &Prompt, request: &bench_load::Request) -> Result<Text, Failure> {
        let count = self.count.clone();
        let Some(conversations) = &self.conversations else {
            return Ok(Text { served: self.measured(prompt, request).await?, place: None, count });
        };
        let (client, level) = (request.client(), request.level_began());
        let unique = self.unique.fetch_add(1, Ordering::Relaxed);
        let salt = || self.is_salted().then(|| format!("[{}] ", api::salt(unique)));
        let none = || Failure::new(Class::Client, "there is no conversation");
        let said = conversations.begin(client, level, salt).ok_or_else(none)?;
        let place = Some(said.place);
        let max_tokens = said.max_tokens.or(self.settings.max_tokens);
        let body = Body::of_turn(self.kind, &self.settings, said.messages, max_tokens);
        let body = body.map_err(|error| Failure::new(Class::Client, error))?;
        let wanted_tokens = max_tokens.filter(|_| self.settings.exact_answers);
        let turn = Prompt { body, wanted_tokens, ..Prompt::empty() };
        let served = self.measured(&turn, request).await;
        let text = match served.as_ref().map(|served| &served.told) {
            Ok(Told::Text(told)) => told.text.as_deref(),
            _ => None,
        };
        conversations.answered(client, level, text);
        served.map(|served| Text { served, place, count })
    }

    /// Sends one request of a load, and marks its outputs in `request`.
    async fn measured(&self, prompt: &Prompt, request: &bench_load::Request) -> Result<Served, Failure> {
        let caller = Caller { client: request.client(), level_began: Some(request.level_began()) };
        self.request(prompt, &caller, &mut Marked(request)).await
    }

    /// Sends `inputs` to this endpoint as `load` prescribes, and reports the metrics of the field. `load` is a
    /// [`Load`](bench_load::Load), or a [`Search`](bench_load::Search) for the highest rate that meets an objective.
    ///
    /// # Errors
    /// Same as [`Load::run`](bench_load::Load::run), and if no body can be built from an input.
    pub fn run<I: AsRef<[u8]>>(&self, load: impl Serves, bencher: &mut Bencher, inputs: &[I]) -> Result<()> {
        let inputs: Vec<Input> = inputs.iter().map(|input| Input::of(input.as_ref())).collect();
        self.run_inputs(load, bencher, &inputs, &[])
    }

    /// Like [`run`](Self::run), for inputs that may contain more than their text. The warm-up uses `warm_up` or, if
    /// it is empty, the same inputs.
    ///
    /// # Errors
    /// Same as [`run`](Self::run).
    pub fn run_inputs(
        &self,
        load: impl Serves,
        bencher: &mut Bencher,
        inputs: &[Input],
        warm_up: &[Input],
    ) -> Result<()> {
        let prompts = |inputs: &[Input]| {
            let prompts: Result<Vec<Prompt>, String> =
                inputs.iter().map(|input| self.prompt_of(input)).collect();
            prompts.map_err(Error::failure)
        };
        let made = Made { measured: prompts(inputs)?, warm_up: prompts(warm_up)? };
        if let Some(conversations) = &self.conversations {
            conversations.set(made.measured.iter().filter_map(|prompt| prompt.turns.clone()).collect());
        }
        let load = load.times_of_arrival(arrivals_are_known);
        match self.kind.field() {
            Field::Text => load.serve_inputs(bencher, made, async |prompt: &Prompt, request| {
                self.talked(prompt, request).await.map_err(Error::from)
            }),
            Field::Speech => load.serve_inputs(bencher, made, async |prompt: &Prompt, request| {
                let served = self.measured(prompt, request).await.map_err(Error::from)?;
                Ok::<_, Error>(Spoken { served, text: Arc::clone(&prompt.text) })
            }),
            Field::Transcription => load.serve_inputs(bencher, made, async |prompt: &Prompt, request| {
                let served = self.measured(prompt, request).await.map_err(Error::from)?;
                Ok::<_, Error>(Heard { served, audio_s: prompt.audio_s })
            }),
            Field::Images => load.serve_inputs(bencher, made, async |prompt: &Prompt, request| {
                self.measured(prompt, request).await.map(Drawn).map_err(Error::from)
            }),
            Field::Classification => load.serve_inputs(bencher, made, async |prompt: &Prompt, request| {
                self.measured(prompt, request).await.map(Sorted).map_err(Error::from)
            }),
            Field::Requests => load.serve_inputs(bencher, made, async |prompt: &Prompt, request| {
                self.measured(prompt, request).await.map(Plain).map_err(Error::from)
            }),
        }
    }
}

/// Returns the duration of a WAV file, in seconds; `None` if it has no samples, or for another file, which would have
/// to be decoded.
fn duration_s(file: &[u8]) -> Option<f64> {
    let mut wav = WavStream::default();
    wav.bytes(file).ok()?;
    let (head, pcm) = wav.body()?;
    Some(pcm.samples() as f64 / f64::from(head.format.sample_rate)).filter(|seconds| *seconds > 0.0)
}
