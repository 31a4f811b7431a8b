//! Counts the tokens of texts, for servers that do not report them.

use std::path::{Path, PathBuf};

use bench_endpoint::CountTokens;
use bench_syntax::UsageError;

/// Returns the file of a tokenizer that is given as a file, or as the folder of a model.
pub(super) fn file(given: &Path) -> PathBuf {
    if given.is_dir() { given.join("tokenizer.json") } else { given.to_owned() }
}

/// Returns a function that counts the tokens of a text with the given tokenizer, without the special tokens that a
/// model adds.
///
/// # Errors
/// If the file cannot be read, or if it contains no tokenizer.
#[cfg(feature = "tokenizer")]
pub(super) fn counter(given: &Path) -> Result<CountTokens, UsageError> {
    let file = file(given);
    let wrong = |error: &dyn std::fmt::Display| {
        UsageError(format!("the tokenizer {} cannot be read: {error}", file.display()))
    };
    let json = std::fs::read(&file).map_err(|error| wrong(&error))?;
    let tokenizer = tokenizers::Tokenizer::from_bytes(&json).map_err(|error| wrong(&error))?;
    Ok(std::sync::Arc::new(move |text: &str| {
        tokenizer.encode_fast(text, false).ok().map(|encoding| encoding.len() as u64)
    }))
}

/// # Errors
/// Always: this program was built without tokenizers.
#[cfg(not(feature = "tokenizer"))]
pub(super) fn counter(_given: &Path) -> Result<CountTokens, UsageError> {
    Err(UsageError(
        "--tokenizer needs a `bench` with the feature `tokenizer`: `cargo install --path crates/bench-cli --features tokenizer`, in a clone of its repository".to_owned(),
    ))
}
