//! Every misuse of `#[benchmark]`, and its error. Each error has to point at the token that caused it and to show what
//! would be right.
//!
//! Part of the expected text is from the compiler, in the version of the workspace's `rust-version`. After a change,
//! `TRYBUILD=overwrite cargo test -p bench-core --test compile_fail` rewrites the texts: read them before you commit.
#![cfg(not(bench_portable))] // errors of the macro do not differ

#[test]
fn misuse_is_answered_with_what_would_be_right() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    #[cfg(not(feature = "tokio"))]
    cases.compile_fail("tests/ui/without_tokio/*.rs");
}
