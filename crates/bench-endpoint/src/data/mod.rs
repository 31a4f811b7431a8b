//! The inputs: texts of known lengths, files of prompts, and traces of services with their times.

mod csv;
mod date;
mod format;
mod input;
mod jsonl;
mod lengths;
mod lines;
mod rows;
mod share_gpt;
mod tensor;
mod words;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

pub use self::format::Format;
pub use self::input::{Content, Input, Turn, Words};
pub use self::lengths::Lengths;
use self::rows::Rows;
pub use self::rows::{Dataset, Most};
pub use self::tensor::{Tensor, random_tensors};
pub(crate) use self::words::mixed;

/// The number of requests that are read from a file if no number is given: each takes about 200 bytes of memory, and a
/// million at 100 per second take three hours.
pub const MOST_ROWS: usize = 1_000_000;

/// Reads a file of prompts, or a trace, line by line: only one line, and the inputs made of earlier ones, are in
/// memory. Reading ends after the number of requests in `most`.
///
/// # Errors
/// The fault in the file, with its name and the number of the line.
pub fn read(path: &Path, format: Option<Format>, seed: u64, most: Most) -> Result<Dataset, String> {
    let named = |what: String| format!("{}: {what}", path.display());
    let open = || File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
    let format = match format {
        Some(format) => format,
        None => {
            let mut beginning = BufReader::with_capacity(64 << 10, open()?);
            let bytes = beginning.fill_buf().map_err(|error| named(error.to_string()))?;
            Format::of_file(path, bytes)
        }
    };
    read_from(BufReader::with_capacity(1 << 20, open()?), format, seed, most).map_err(named)
}

/// Same as [`read`], for any reader.
///
/// # Errors
/// The fault, with the number of the line.
pub fn read_from(from: impl BufRead, format: Format, seed: u64, most: Most) -> Result<Dataset, String> {
    let mut rows = Rows::new(seed, most);
    match format {
        Format::Lines => {
            let mut lines = lines::Lines::new(from);
            while let Some((line, text)) = lines.next()? {
                let input = Input::of(text.trim().as_bytes());
                if rows.push(line, None, Some(input))?.is_break() {
                    break;
                }
            }
        }
        Format::Jsonl | Format::Mooncake => jsonl::read(from, &mut rows)?,
        Format::ShareGpt => share_gpt::read(from, &mut rows)?,
        Format::Azure | Format::BurstGpt | Format::Times => csv::read(from, format, &mut rows)?,
    }
    rows.finish(format)
}

/// The requested lengths and number of generated texts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Tokens of each text.
    pub input: Lengths,
    /// The number of tokens of each answer; `None` if none is requested.
    pub output: Option<Lengths>,
    /// The number of tokens in the shared prefix, and the number of different prefixes; `None` for no prefix.
    pub prefix: Option<(u64, u64)>,
    /// The number of tokens that the server counts for a word; 1 if it is not known.
    pub per_word: f64,
    /// The seed of lengths and texts.
    pub seed: u64,
}

/// Generates the requested texts, one for each of `count` requests, but at most 4096, and other texts for the warm-up.
pub fn made(wanted: &Wanted, count: usize) -> (Vec<Input>, Vec<Input>) {
    let Wanted { input, output, prefix, per_word, seed } = *wanted;
    let words = |tokens: u64| ((tokens as f64 / per_word).round() as u64).max(1);
    let text = |number: u64| {
        let tokens = words(input.draw(seed, number));
        let own = mixed(seed).wrapping_add(number);
        let text = match prefix {
            Some((shared, pool)) => Words::with_prefix(words(shared), number % pool.max(1), tokens, own),
            None => Words::exactly(tokens, own),
        };
        let answer = output.map(|lengths| lengths.draw(seed ^ 0x5f5f, number));
        Input { content: Content::Words(text), max_tokens: answer }
    };
    let count = count.clamp(1, 4096) as u64;
    ((0..count).map(text).collect(), (count..2 * count).map(text).collect())
}

#[cfg(test)]
mod tests;
