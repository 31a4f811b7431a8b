//! A function that serves requests, and its requests.

use std::sync::Arc;

use bench_core::bencher::Bencher;
use bench_core::{Error, Interrupt};
use bench_load::domain::Response;
use bench_load::{Load, Request, Search};
use bench_record::RunError;
use bench_syntax::UsageError;

use super::answer::{Drawn, Plain, Sorted, Spoken, Written};
use super::input::{All, Input};
use super::plan::{Field, Function, Much};
use super::socket::Server;

/// A function that can be reached over its socket, and the load for it.
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
    /// When the load is not valid, inputs cannot be generated, or the program does not listen.
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

    /// Serves the requests as responses of the field, until `interrupt` is raised.
    ///
    /// # Errors
    /// Same as [`Load::run`].
    pub(crate) fn run(&self, bencher: &mut Bencher, interrupt: Option<&Interrupt>) -> Result<(), Error> {
        let stop = |interrupt: &Interrupt| {
            let stops = interrupt.clone();
            move || stops.is_raised()
        };
        match self.load.search() {
            Some(search) => {
                let search = interrupt.into_iter().fold(search, |search, one| search.stop_when(stop(one)));
                self.send(search, bencher)
            }
            None => {
                let load =
                    interrupt.into_iter().fold(self.load.load(), |load, one| load.stop_when(stop(one)));
                self.send(load, bencher)
            }
        }
    }

    fn send(&self, requests: impl Sends, bencher: &mut Bencher) -> Result<(), Error> {
        let inputs = self.inputs.clone();
        let ask = |input: &Input, request: &Request| self.server.serve(input, request);
        match self.field {
            Field::Speech => requests.send(bencher, inputs, |input, request| {
                ask(input, request).map(|answered| Spoken { answered, text: Arc::clone(&input.text) })
            }),
            Field::Images => requests.send(bencher, inputs, |input, request| ask(input, request).map(Drawn)),
            Field::Classification => {
                requests.send(bencher, inputs, |input, request| ask(input, request).map(Sorted))
            }
            Field::Text => requests.send(bencher, inputs, |input, request| ask(input, request).map(Written)),
            Field::Requests => {
                requests.send(bencher, inputs, |input, request| ask(input, request).map(Plain))
            }
        }
    }
}

/// Something that sends requests: a load with given levels, or the search for a rate.
trait Sends {
    /// # Errors
    /// Same as [`Load::run`].
    fn send<F, R>(self, bencher: &mut Bencher, inputs: All, ask: F) -> Result<(), Error>
    where
        F: Fn(&Input, &Request) -> Result<R, Error> + Sync,
        R: Response;
}

impl Sends for Load {
    fn send<F, R>(self, bencher: &mut Bencher, inputs: All, ask: F) -> Result<(), Error>
    where
        F: Fn(&Input, &Request) -> Result<R, Error> + Sync,
        R: Response,
    {
        self.run(bencher, inputs, ask)
    }
}

impl Sends for Search {
    fn send<F, R>(self, bencher: &mut Bencher, inputs: All, ask: F) -> Result<(), Error>
    where
        F: Fn(&Input, &Request) -> Result<R, Error> + Sync,
        R: Response,
    {
        self.run(bencher, inputs, ask)
    }
}
