//! Plain English: finds phrases that stop a reader in documents and doc comments. `CONTRIBUTING.md` has the rules of
//! style.

use std::fs;
use std::path::Path;

use bench_testing::{prose, workspace};

use crate::documents::files_below;

/// A phrase to avoid, and what to write instead.
struct Tic {
    phrase: &'static str,
    instead: &'static str,
    /// The phrase is plain English after one of these texts, such as "here" in "there".
    unless_after: &'static [&'static str],
    /// The phrase is plain English before one of these texts.
    unless_before: &'static [&'static str],
}

const fn tic(phrase: &'static str, instead: &'static str) -> Tic {
    Tic { phrase, instead, unless_after: &[], unless_before: &[] }
}

const NO_MORE: &[&str] = &[
    "longer",
    "more ",
    "less ",
    "better",
    "worse",
    "different",
    "slower",
    "faster",
    "such ",
    "earlier",
    "later",
    "wider",
    "easier",
];

const TICS: [Tic; 11] = [
    tic("anew", "again"),
    tic("meanwhile", "name the time: during the call, in between"),
    tic("thereof", "name the thing"),
    tic("nobody", "the passive voice, or name the subject"),
    tic("somebody", "the passive voice, or name the subject"),
    tic("one and the same", "the same"),
    tic("held against", "compared with"),
    tic("hold against", "compare with"),
    tic("holds against", "compares with"),
    Tic { unless_after: &["here"], unless_before: NO_MORE, ..tic("is no", "is not a") },
    Tic { unless_after: &["here"], unless_before: NO_MORE, ..tic("are no", "are not") },
];

/// Returns the phrases in a line that are to be avoided.
fn tics(line: &str) -> Vec<&'static Tic> {
    let line = line.to_lowercase();
    let is_word = |text: &str, end: fn(&str) -> Option<char>| end(text).is_some_and(char::is_alphanumeric);
    let found = |tic: &&Tic| {
        line.match_indices(tic.phrase).any(|(at, phrase)| {
            let (before, after) = (&line[..at], &line[at + phrase.len()..]);
            !is_word(before, |text| text.chars().next_back())
                && !is_word(after, |text| text.chars().next())
                && !tic.unless_after.iter().any(|it| before.trim_end().ends_with(it))
                && !tic.unless_before.iter().any(|it| after.trim_start().starts_with(it))
        })
    };
    TICS.iter().filter(found).collect()
}

/// Returns the lines of a file that are written for readers: those of a document without its code, or the doc comments
/// of a source.
fn for_readers(path: &Path, text: &str) -> Vec<String> {
    if path.extension().is_some_and(|end| end == "md") {
        return prose(text).map(str::to_owned).collect();
    }
    let comments = text.lines().filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("///").or(line.strip_prefix("//!"))
    });
    comments.map(str::to_owned).collect()
}

#[test]
fn documents_and_doc_comments_are_in_plain_english() {
    let mut found = Vec::new();
    let is_text = |path: &Path| path.extension().is_some_and(|end| end == "rs" || end == "md");
    // Notes of past releases are not rewritten.
    let is_ours = |path: &Path| is_text(path) && !path.ends_with("CHANGELOG.md");
    for path in files_below(workspace()).iter().filter(|path| is_ours(path)) {
        let text = fs::read_to_string(path).expect("a text");
        for line in for_readers(path, &text) {
            let place = path.strip_prefix(workspace()).unwrap_or(path).display();
            found.extend(tics(&line).iter().map(|tic| {
                format!("{place}: `{}`: write: {}\n    {}", tic.phrase, tic.instead, line.trim())
            }));
        }
    }
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
}

#[test]
fn tics_are_found_and_plain_english_is_not() {
    let phrases = |line| tics(line).iter().map(|tic| tic.phrase).collect::<Vec<_>>();
    assert_eq!(phrases("Nobody reads it anew."), ["anew", "nobody"]);
    assert_eq!(phrases("This is no file, and those are no folders."), ["is no", "are no"]);
    assert!(
        phrases("There is no file; it is no longer there, and is not renewed. This is not one.").is_empty()
    );
}
