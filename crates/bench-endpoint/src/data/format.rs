//! The formats of files with prompts or traces.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One text on each line.
    Lines,
    /// A JSON object on each line: `prompt`, `text`, `text_input` or `messages`; `max_tokens` or `output_len`;
    /// `timestamp` in milliseconds.
    Jsonl,
    /// A JSON array of `conversations`, as in ShareGPT: only the first question of each is sent.
    ShareGpt,
    /// A Mooncake trace: JSON lines of `timestamp` in milliseconds, `input_length`, `output_length` and `hash_ids`.
    Mooncake,
    /// An Azure LLM inference trace: CSV of `TIMESTAMP`, `ContextTokens`, `GeneratedTokens`.
    Azure,
    /// A BurstGPT trace: CSV of `Timestamp` in seconds, `Request tokens`, `Response tokens`.
    BurstGpt,
    /// CSV whose first column is a time in seconds; it contains no requests.
    Times,
}

impl Format {
    /// All formats, in the order of help texts.
    pub const ALL: [Format; 7] = [
        Format::Lines,
        Format::Jsonl,
        Format::ShareGpt,
        Format::Mooncake,
        Format::Azure,
        Format::BurstGpt,
        Format::Times,
    ];

    /// Returns the name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Lines => "lines",
            Format::Jsonl => "jsonl",
            Format::ShareGpt => "share-gpt",
            Format::Mooncake => "mooncake",
            Format::Azure => "azure",
            Format::BurstGpt => "burst-gpt",
            Format::Times => "times",
        }
    }

    /// Recognizes the format of a file by its name and its beginning. A file of texts can contain anything, so it is
    /// recognized as another format only if its name agrees.
    pub fn of_file(path: &Path, beginning: &[u8]) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let beginning = beginning.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(beginning).trim_ascii_start();
        let first =
            String::from_utf8_lossy(beginning.split(|byte| *byte == b'\n').next().unwrap_or_default());
        match extension.to_ascii_lowercase().as_str() {
            "json" if beginning.starts_with(b"[") => Format::ShareGpt,
            "json" | "jsonl" | "ndjson" if first.contains("\"input_length\"") => Format::Mooncake,
            "json" | "jsonl" | "ndjson" => Format::Jsonl,
            "csv" | "tsv" if first.contains("ContextTokens") => Format::Azure,
            "csv" | "tsv" if first.contains("Request tokens") => Format::BurstGpt,
            "csv" | "tsv" => Format::Times,
            _ => Format::Lines,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.replace('_', "-").to_ascii_lowercase();
        let same = |format: &Format| format.name() == name || format.name().replace('-', "") == name;
        Format::ALL.into_iter().find(same).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            format!("expected one of {}", known.join(", "))
        })
    }
}
