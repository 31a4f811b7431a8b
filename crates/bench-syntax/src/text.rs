//! Makes text from elsewhere safe for a terminal.

/// Whether a character controls a terminal instead of being shown: control characters, and changes of writing
/// direction.
pub fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Makes text of a benchmark safe for the terminal: control characters, escape sequences and changes of writing
/// direction become replacement characters, and a line beyond 300 characters ends in `…`.
pub fn printable(line: &str) -> String {
    const LONGEST: usize = 300;
    let line = one_line(line);
    match line.char_indices().nth(LONGEST) {
        Some(_) => line.chars().take(LONGEST - 1).chain(['…']).collect(),
        None => line,
    }
}

/// Same as [`printable`], but replaces line ends, too, and keeps the whole text, however long it is.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if steers(c) && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Makes a whole report safe to print, as the last layer, in case a part was not. Of control characters, only line
/// ends, tabs and the colours of `Style` are left, and no line is a command of a GitHub workflow, which takes any line
/// that begins with `::`, and `##[` anywhere (actions/runner, `ActionCommand.cs`).
pub fn on_console(report: &str) -> String {
    const COLOURS: [&str; 6] = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];
    let mut safe = String::with_capacity(report.len());
    for line in report.split_inclusive('\n') {
        let mut rest = line;
        // A colour before the colons hides nothing: the runner only looks for them after white space.
        if rest.trim_start().starts_with("::") {
            let indent = rest.len() - rest.trim_start().len();
            safe.push_str(&rest[..indent]);
            safe.push_str(": ");
            rest = &rest[indent + 1..];
        }
        while let Some(c) = rest.chars().next() {
            let colour = COLOURS.into_iter().find(|colour| rest.starts_with(colour));
            let taken = if let Some(colour) = colour {
                safe.push_str(colour);
                colour.len()
            } else if rest.starts_with("##[") {
                safe.push_str("## [");
                3
            } else {
                safe.push(if steers(c) && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c });
                c.len_utf8()
            };
            rest = &rest[taken..];
        }
    }
    safe
}

/// Quotes a text, so that a POSIX shell reads it as one word: in single quotes.
pub fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Returns the first line, made printable; with `…` if there are more.
pub fn first_line(text: &str) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = printable(lines.next().unwrap_or_default());
    if lines.next().is_some() { first + " …" } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\td\u{9b}"), "a\u{fffd}[31mb\u{fffd}c\td\u{fffd}");
        assert_eq!(printable(&"x".repeat(1000)).chars().count(), 300);
    }

    #[test]
    fn a_report_keeps_its_colours_and_nothing_else_that_steers() {
        let hostile = "\x1b[31mbad\x1b[0m\ta\x1b]0;title\x07b\x1b[2Jc\0d\u{202e}\r\n";
        assert_eq!(
            on_console(hostile),
            "\x1b[31mbad\x1b[0m\ta\u{fffd}]0;title\u{fffd}b\u{fffd}[2Jc\u{fffd}d\u{fffd}\u{fffd}\n"
        );
        assert_eq!(
            on_console("a\n  ::error::x\n::stop-commands::y\nb::c ##[error]z"),
            "a\n  : :error::x\n: :stop-commands::y\nb::c ## [error]z"
        );
    }

    #[test]
    fn one_line_of_many() {
        assert_eq!(first_line("\n why\nbecause"), " why …");
        assert_eq!(first_line("why"), "why");
        assert_eq!(first_line(""), "");
    }
}
