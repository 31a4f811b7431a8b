//! Finds places at which a text can be cut, so that its beginning is heard while its end is still being spoken.

/// A part of a sentence, and the mark that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause<'a> {
    /// Its words.
    pub words: &'a str,
    /// One of `. ! ? , ; :`; a full stop if there is none.
    pub mark: char,
}

/// Words whose full stop does not end a sentence.
const ABBREVIATIONS: [&str; 6] = ["Dr.", "Mr.", "Mrs.", "Ms.", "Prof.", "St."];

/// Returns the sentences of an English text: each ends with `.`, `!` or `?` before a space, or with the text.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .match_indices(['.', '!', '?'])
            .map(|(at, mark)| at + mark.len())
            .find(|&end| ends_sentence(&rest[..end], &rest[end..]))
            .unwrap_or(rest.len());
        let (sentence, others) = rest.split_at(end);
        rest = others.trim_start();
        Some(sentence)
    })
}

fn ends_sentence(before: &str, after: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or(before);
    after.starts_with(char::is_whitespace) && !ABBREVIATIONS.contains(&word)
}

/// Returns the clauses of a sentence: each ends with a mark before a space, or with the sentence.
pub fn clauses(sentence: &str) -> Vec<Clause<'_>> {
    const MARKS: [char; 6] = ['.', '!', '?', ',', ';', ':'];
    let (mut clauses, mut rest) = (Vec::new(), sentence.trim());
    while !rest.is_empty() {
        let end = rest.match_indices([',', ';', ':']).map(|(at, _)| at + 1);
        let end = end.into_iter().find(|&end| rest[end..].starts_with(char::is_whitespace));
        let (clause, others) = rest.split_at(end.unwrap_or(rest.len()));
        let mark = clause.chars().next_back().filter(|mark| MARKS.contains(mark));
        let words = clause.trim_end_matches(MARKS).trim();
        if !words.is_empty() {
            clauses.push(Clause { words, mark: mark.unwrap_or('.') });
        }
        rest = others.trim_start();
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_a_speaker_would_pause() {
        let text = " Dr. Smith paid $5.50. Did he? Yes!  And so on";
        assert_eq!(
            sentences(text).collect::<Vec<_>>(),
            ["Dr. Smith paid $5.50.", "Did he?", "Yes!", "And so on"]
        );
        assert_eq!(sentences("  ").count(), 0);
        let clause = |words, mark| Clause { words, mark };
        assert_eq!(
            clauses("At 10:30, or so; who knows?"),
            [clause("At 10:30", ','), clause("or so", ';'), clause("who knows", '?')]
        );
        assert_eq!(clauses("No end"), [clause("No end", '.')]);
        assert!(clauses("...").is_empty());
    }
}
