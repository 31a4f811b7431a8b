//! Colours on a terminal.

use std::fmt;
use std::io::IsTerminal;
use std::str::FromStr;

use bench_record::Verdict;
use bench_syntax::UsageError;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl fmt::Display for ColorChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ColorChoice::Auto => "auto",
            ColorChoice::Always => "always",
            ColorChoice::Never => "never",
        })
    }
}

impl FromStr for ColorChoice {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        match text {
            "auto" => Ok(ColorChoice::Auto),
            "always" => Ok(ColorChoice::Always),
            "never" => Ok(ColorChoice::Never),
            _ => Err(UsageError::malformed("colour choice", text, "`auto`, `always` or `never`")),
        }
    }
}

/// Adds colours to text, or leaves it unchanged.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    enabled: bool,
}

impl Style {
    /// Creates the style for text that is written to stdout.
    pub fn for_stdout(choice: ColorChoice) -> Self {
        let enabled = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                std::io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Style { enabled }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.enabled { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Formats text that a reader looks for first.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Formats details that a reader looks up.
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Formats a good result.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Formats something that needs attention.
    pub fn doubtful(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Formats something that is wrong.
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Formats a verdict in the colour of its meaning.
    pub fn verdict(self, verdict: Verdict) -> String {
        let text = verdict.to_string();
        match verdict {
            Verdict::Slower | Verdict::Failed => self.bad(&text),
            Verdict::Faster => self.good(&text),
            Verdict::Unsure => self.doubtful(&text),
            Verdict::Skipped => self.faint(&text),
            Verdict::Same | Verdict::Added | Verdict::Removed => text,
        }
    }
}
