//! A function that serves requests, and its requests.

use std::sync::Arc;

use bench_core::Error;
use bench_core::bencher::Bencher;
use bench_load::{Load, Request};
use bench_record::RunError;
use bench_syntax::UsageError;

use super::answer::{Drawn, Plain, Sorted, Spoken, Written};
use super::input::{All, Input};
use super::plan::{Field, Function, Much};
use super::socket::Server;

/// A function that can be reached over its socket, with the load to put it under.
pub(crate) struct Served {
    field: Field,
    load: Much,
    inputs: All,
    server: Server,
}

impl Served {
    /// Connects to the program that contains the function, and passes it the inputs that were made for it.
    ///
    /// # Errors
    /// When the request makes no sense, or the program does not listen.
    pub(crate) fn open(function: &Function) -> Result<Self, RunError> {
        let load = function.load.clone();
        load.check()?;
        let inputs = All::of(function).map_err(|error| UsageError(error.to_string()))?;
        let server =
            Server::connect(&function.socket, inputs.made.as_ref()).map_err(|error| RunError::Io {
                action: "connect to the program that serves at",
                path: function.socket.clone(),
                source: error,
            })?;
        Ok(Served { field: function.field, load, inputs, server })
    }

    /// Serves the requests as responses of the field; `adapt` may add to how they are sent.
    ///
    /// # Errors
    /// Same as [`Load::run`].
    pub(crate) fn run(&self, bencher: &mut Bencher, adapt: impl FnOnce(Load) -> Load) -> Result<(), Error> {
        let (load, inputs) = (adapt(self.load.load()), self.inputs.clone());
        let ask = |input: &Input, request: &Request| self.server.serve(input, request);
        match self.field {
            Field::Speech => load.run(bencher, inputs, |input, request| {
                ask(input, request).map(|answered| Spoken { answered, text: Arc::clone(&input.text) })
            }),
            Field::Images => load.run(bencher, inputs, |input, request| ask(input, request).map(Drawn)),
            Field::Classification => {
                load.run(bencher, inputs, |input, request| ask(input, request).map(Sorted))
            }
            Field::Text => load.run(bencher, inputs, |input, request| ask(input, request).map(Written)),
            Field::Requests => load.run(bencher, inputs, |input, request| ask(input, request).map(Plain)),
        }
    }
}
