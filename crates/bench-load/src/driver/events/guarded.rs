//! A future whose panic becomes the result of its request.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use bench_core::bencher::counted;

use super::super::call::Returned;

/// Runs a call and returns its result or its panic. Its allocations are counted, as those of a closure are.
pub(super) async fn guarded<R, E>(call: impl Future<Output = Result<R, E>>) -> Returned<R, E> {
    let mut call = pin!(call);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| counted(|| call.as_mut().poll(context))));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(returned)) => Poll::Ready(Ok(returned)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}
