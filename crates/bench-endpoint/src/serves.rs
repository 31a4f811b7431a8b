//! The common interface of a load and of a search for the highest rate.

use bench_core::bencher::Bencher;
use bench_core::{Error, Result};
use bench_load::domain::Response;
use bench_load::input::{Describe, Inputs};
use bench_load::{Load, Request, Search};

/// Serves inputs through an `async` closure.
pub trait Serves: Sized {
    /// Same as [`Load::times_of_arrival`].
    #[must_use]
    fn times_of_arrival(self, are_known: fn() -> bool) -> Self;

    /// Same as [`Load::run_async`].
    ///
    /// # Errors
    /// Same as [`Load::run_async`].
    fn serve_inputs<N, F, R, E>(self, bencher: &mut Bencher, inputs: N, closure: F) -> Result<()>
    where
        N: Inputs,
        N::Item: Describe + Send + Sync,
        F: AsyncFn(&N::Item, &Request) -> Result<R, E> + Sync,
        R: Response,
        E: Into<Error>;
}

impl Serves for Load {
    fn times_of_arrival(self, are_known: fn() -> bool) -> Self {
        Load::times_of_arrival(self, are_known)
    }

    fn serve_inputs<N, F, R, E>(self, bencher: &mut Bencher, inputs: N, closure: F) -> Result<()>
    where
        N: Inputs,
        N::Item: Describe + Send + Sync,
        F: AsyncFn(&N::Item, &Request) -> Result<R, E> + Sync,
        R: Response,
        E: Into<Error>,
    {
        self.run_async(bencher, inputs, closure)
    }
}

impl Serves for Search {
    fn times_of_arrival(self, are_known: fn() -> bool) -> Self {
        Search::times_of_arrival(self, are_known)
    }

    fn serve_inputs<N, F, R, E>(self, bencher: &mut Bencher, inputs: N, closure: F) -> Result<()>
    where
        N: Inputs,
        N::Item: Describe + Send + Sync,
        F: AsyncFn(&N::Item, &Request) -> Result<R, E> + Sync,
        R: Response,
        E: Into<Error>,
    {
        self.run_async(bencher, inputs, closure)
    }
}
