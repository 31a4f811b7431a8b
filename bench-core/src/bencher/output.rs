//! Rejects return values that show a mistake, such as a `Result` or a future.

use std::any::type_name;

use crate::error::Error;

/// Returns the reason why a method of the bencher does not time a routine that returns `O`; `None` if it does.
///
/// Names of types are not stable, but if one changes, only this check is lost. On stable Rust, no other check works for
/// every `O`.
pub(super) fn refusal<O>(method: &str) -> Option<Error> {
    let name = type_name::<O>();
    let message = if name.starts_with("core::result::Result<") {
        format!(
            "the closure given to `{method}` returns a `Result`, whose errors would be timed as successes: use \
             `try_{method}`, or `.ok()` if you want to measure failures"
        )
    } else if is_made_and_not_run(name) {
        format!(
            "the closure given to `{method}` returns a future (or a closure), which is never run: write an `async \
             fn` and `b.iter_async(|| work()).await`, with the feature `tokio` of bench-core; or, if you measure \
             how it is created, return nothing: `{{ black_box(work()); }}`"
        )
    } else {
        return None;
    };
    Some(Error::failure(message))
}

/// Whether a type of this name is a future: of an `async fn` or block, plain or pinned in a box, or a trait object. The
/// name of a closure does not show whether it returns a future.
fn is_made_and_not_run(name: &str) -> bool {
    let pinned =
        name.strip_prefix("core::pin::Pin<alloc::boxed::Box<").and_then(|inner| inner.strip_suffix(">>"));
    pinned.unwrap_or(name).ends_with("::{{closure}}") || name.contains("dyn core::future::future::Future<")
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use super::*;

    fn refused<O>(_: impl FnMut() -> O) -> Option<String> {
        refusal::<O>("iter").map(|error| error.to_string())
    }

    async fn work() -> u64 {
        1
    }

    #[test]
    fn results_and_futures_are_refused_and_all_else_is_timed() {
        let said = refused(|| Ok::<u8, String>(1)).expect("a result");
        assert!(said.contains("`try_iter`"), "{said}");
        let boxed: Pin<Box<dyn Future<Output = u64>>> = Box::pin(work());
        let mut boxed = Some(boxed);
        for said in [
            refused(work),
            refused(|| async { 1 }),
            refused(move || boxed.take()),
            refused(|| Box::pin(work())),
        ] {
            assert!(said.as_ref().is_some_and(|said| said.contains("iter_async")), "{said:?}");
        }
        assert_eq!((refused(|| 1), refused(|| ()), refused(|| vec![Some("x")])), (None, None, None));
        assert_eq!(
            refused(|| std::sync::LazyLock::new(|| 1)),
            None,
            "what merely holds a closure is a value"
        );
    }
}
