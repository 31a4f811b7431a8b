//! [`Endpoint`]: a served model, as a benchmark or a command measures it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bench_core::bencher::Bencher;
use bench_core::{Error, Result};
use bench_load::Load;
use bench_load::domain::Facts;
use bench_load::input::{Describe, Inputs, Prepared};
use hyper::Method;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::api::{self, Body, Field, Head, Kind, Marks, Settings};
use crate::client::{Caller, Client, Request, Served};
use crate::failure::{Class, Failure};
use crate::response::{Drawn, Marked, Plain, Sorted, Spoken, Text};

/// A served model: where it is, what is asked of it, and how.
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
    /// Makes each request unlike all others, of this run and of others.
    unique: AtomicU64,
}

/// An input, and the body that is made of it before anything is measured.
pub struct Prompt {
    body: Body,
    text: Arc<str>,
    facts: Facts,
}

impl Describe for Prompt {
    fn facts(&self) -> Facts {
        self.facts.clone()
    }
}

impl Prompt {
    /// The body as it is sent, for a person to look at, with a salt of zeros and at most 2000 characters.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.body.salted(0)).chars().take(2000).collect()
    }
}

/// Inputs whose bodies are made.
struct Made(Vec<Prompt>);

impl Inputs for Made {
    type Item = Prompt;

    fn prepare(self) -> Result<Prepared<Prompt>> {
        Ok(Prepared { measured: self.0, warm_up: Vec::new() })
    }
}

impl Endpoint {
    /// An endpoint of this kind.
    pub fn new(kind: Kind, settings: Settings, client: Client) -> Self {
        let path = kind.path(settings.model.as_deref());
        let is_json = kind != Kind::Raw || settings.template.is_some();
        let mut headers = HeaderMap::new();
        let content_type = if is_json { "application/json" } else { "application/octet-stream" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let is_stream = kind == Kind::ClassifyStream || (kind.has_stream_setting() && settings.stream);
        let accept = if is_stream { "text/event-stream" } else { "*/*" };
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        // The clock is all that differs between two runs of one command.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unique = AtomicU64::new(u64::try_from(now.as_nanos()).unwrap_or_default());
        Endpoint { kind, settings, client, path, headers, unique }
    }

    /// The same endpoint at this path, instead of the usual one of its kind.
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Endpoint { path: path.into(), ..self }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The model that it is asked for, if requests name one.
    pub fn model(&self) -> Option<&str> {
        self.settings.model.as_deref()
    }

    /// Whether its answers are asked for as streams.
    pub fn is_stream(&self) -> bool {
        self.settings.stream
    }

    /// Its path below the address of the server.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What sends its requests.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Makes the body of a request of an input: a text, or the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with the input or the template.
    pub fn prompt(&self, input: &[u8]) -> Result<Prompt, String> {
        let body = Body::of(self.kind, &self.settings, input)?;
        let bytes = Some(body.len() as u64);
        let (text, facts): (Arc<str>, Facts) = match std::str::from_utf8(input) {
            Ok(text) if !self.kind.takes_files() => (text.into(), Facts { bytes, ..Facts::of_text(text) }),
            _ => ("".into(), Facts { bytes, ..Facts::default() }),
        };
        Ok(Prompt { body, text, facts })
    }

    /// Sends one request, whose answer is marked in `marks`. It has to run on an event loop of `bench-load`.
    ///
    /// # Errors
    /// Why it failed, by class.
    pub async fn request(
        &self,
        prompt: &Prompt,
        caller: &Caller,
        marks: &mut dyn Marks,
    ) -> Result<Served, Failure> {
        let body = prompt.body.salted(self.unique.fetch_add(1, Ordering::Relaxed)).into();
        let request = Request { method: Method::POST, path: &self.path, headers: &self.headers, body };
        let make = |head: &Head| api::answer(self.kind, &self.settings, head);
        self.client.request(&request, caller, &make, marks).await
    }

    /// Sends one request as [`request`](Self::request) does, and waits for its end on the calling thread.
    ///
    /// # Errors
    /// Why it failed, by class.
    pub fn send(&self, prompt: &Prompt, caller: &Caller, marks: &mut dyn Marks) -> Result<Served, Failure> {
        bench_load::cores::block_on(0, self.request(prompt, caller, marks))
            .map_err(|error| Failure::new(Class::Client, error.to_string()))?
    }

    /// Sends a request of a load.
    async fn measured(&self, prompt: &Prompt, request: &bench_load::Request) -> Result<Served, Failure> {
        let caller = Caller { client: request.client(), level_began: Some(request.level_began()) };
        self.request(prompt, &caller, &mut Marked(request)).await
    }

    /// Serves `inputs` through this endpoint as `load` says, with the metrics of its field.
    ///
    /// # Errors
    /// As [`Load::run`]; an input of which no body can be made.
    pub fn run<I: AsRef<[u8]>>(&self, load: Load, bencher: &mut Bencher, inputs: &[I]) -> Result<()> {
        let prompts: Result<Vec<Prompt>, String> =
            inputs.iter().map(|input| self.prompt(input.as_ref())).collect();
        let made = Made(prompts.map_err(Error::failure)?);
        match self.kind.field() {
            Field::Text => load.run_async(bencher, made, async |prompt: &Prompt, request| {
                self.measured(prompt, request).await.map(Text).map_err(Error::from)
            }),
            Field::Speech => load.run_async(bencher, made, async |prompt: &Prompt, request| {
                let served = self.measured(prompt, request).await.map_err(Error::from)?;
                Ok::<_, Error>(Spoken { served, text: Arc::clone(&prompt.text) })
            }),
            Field::Images => load.run_async(bencher, made, async |prompt: &Prompt, request| {
                self.measured(prompt, request).await.map(Drawn).map_err(Error::from)
            }),
            Field::Classification => load.run_async(bencher, made, async |prompt: &Prompt, request| {
                self.measured(prompt, request).await.map(Sorted).map_err(Error::from)
            }),
            Field::Requests => load.run_async(bencher, made, async |prompt: &Prompt, request| {
                self.measured(prompt, request).await.map(Plain).map_err(Error::from)
            }),
        }
    }
}
