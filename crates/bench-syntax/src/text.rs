//! Text of others on a terminal.

/// Whether a character does something to a terminal instead of being shown: control characters, and
/// changes of writing direction.
pub fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a benchmark says must not steer the terminal: control characters, escape sequences and changes
/// of writing direction are shown as replacement characters, and long lines are cut.
pub fn printable(line: &str) -> String {
    const LONGEST: usize = 300;
    line.chars().take(LONGEST).map(|c| if steers(c) && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// The first line, made printable; `…` where there are more.
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
        assert_eq!(printable(&"x".repeat(1000)).len(), 300);
    }

    #[test]
    fn one_line_of_many() {
        assert_eq!(first_line("\n why\nbecause"), " why …");
        assert_eq!(first_line("why"), "why");
        assert_eq!(first_line(""), "");
    }
}
