//! The form of a printed report: width, colours, and level of detail.

use crate::{ColorChoice, Style};

/// The width, in columns, that is assumed for pipes, files and logs.
const PIPE: usize = 120;

/// The minimum width to which a table is fitted: in fewer columns, every line would wrap anyway.
const NARROWEST: usize = 60;

/// Wider terminals are treated as if they had this width, because very long lines are hard to read.
const WIDEST: usize = 200;

/// The form of a printed report.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Its colours.
    pub style: Style,
    /// The number of terminal columns that a table may take.
    pub columns: usize,
    /// The level of detail.
    pub detail: Detail,
}

/// The level of detail of a printed report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Only the figures that a decision needs; similar entries are merged.
    Short,
    /// Everything in a record that is meant for people (`--verbose`).
    Full,
}

impl View {
    /// Creates the view for stdout: as wide as the terminal; if it is not one, as wide as `COLUMNS`, or else 120
    /// columns.
    pub fn for_stdout(choice: ColorChoice, detail: Detail) -> Self {
        let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let columns = bench_os::columns_of_stdout().or(told).unwrap_or(PIPE);
        View { style: Style::for_stdout(choice), columns: columns.clamp(NARROWEST, WIDEST), detail }
    }

    /// Creates a view of this width without colours.
    pub fn plain(columns: usize, detail: Detail) -> Self {
        View { style: Style::for_stdout(ColorChoice::Never), columns, detail }
    }

    /// Whether only the figures needed for a decision are printed.
    pub fn is_short(&self) -> bool {
        self.detail == Detail::Short
    }

    /// Formats a bold heading with a faint note after it, or below it if the line would be too long.
    pub fn heading(&self, title: &str, note: &str) -> String {
        let fits = title.chars().count() + 2 + note.chars().count() <= self.columns;
        let gap = if fits { "  " } else { "\n  " };
        format!("{}{gap}{}\n", self.style.bold(title), self.style.faint(note))
    }

    /// Breaks a text at spaces into lines of at most [`columns`](Self::columns). The first line keeps its own indent,
    /// the others begin with `indent` spaces. A word that is wider than a line has a line of its own.
    pub fn wrap(&self, text: &str, indent: usize) -> String {
        let words = text.trim_start();
        let mut used = text.len() - words.len();
        let mut out = text[..used].to_owned();
        let mut begins = true;
        for word in unbroken(words) {
            let width = word.chars().count();
            if begins {
                begins = false;
            } else if used + 1 + width > self.columns {
                out.truncate(out.trim_end().len());
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                used = indent;
            } else {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += width;
        }
        out
    }
}

/// The parts of a text that may be broken apart: its words, but a percent sign stays with its number.
fn unbroken(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut spaces = text.match_indices(' ').map(|(at, _)| at);
        let end = spaces.find(|at| !text[at + 1..].starts_with('%'));
        rest = end.map(|at| &text[at + 1..]);
        Some(end.map_or(text, |at| &text[..at]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_stands_behind_its_heading_if_there_is_room() {
        assert_eq!(View::plain(12, Detail::Short).heading("title", "note"), "title  note\n");
        assert_eq!(View::plain(10, Detail::Short).heading("title", "note"), "title\n  note\n");
    }

    #[test]
    fn lines_are_broken_at_spaces() {
        let view = View::plain(10, Detail::Short);
        assert_eq!(view.wrap("one two three four", 2), "one two\n  three\n  four");
        assert_eq!(view.wrap("  indented", 2), "  indented");
        assert_eq!(view.wrap("up to 100 % of", 2), "up to\n  100 % of", "a number keeps its percent sign");
        assert_eq!(view.wrap("a-word-that-is-wide b", 2), "a-word-that-is-wide\n  b");
        assert_eq!(view.wrap("", 2), "");
    }
}
