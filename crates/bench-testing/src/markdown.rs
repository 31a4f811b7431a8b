//! Reads links, headings and blocks of Markdown, in the forms that the documents of this workspace use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A document.
#[derive(Debug)]
pub struct Document {
    /// Its location.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// A fenced block of code.
#[derive(Debug)]
pub struct Block {
    /// The number of the line with the opening fence, from 1.
    pub line: usize,
    /// The text after the opening fence: the language and options.
    pub language: String,
    /// The HTML comment in the line above, without its delimiters; empty if there is none.
    pub mark: String,
    /// The lines between the fences.
    pub text: String,
}

impl Document {
    /// Reads a document.
    ///
    /// # Panics
    /// If the file cannot be read.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Document { path: path.to_owned(), text }
    }

    /// Returns the blocks of code, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut open, mut above): (Vec<Block>, bool, &str) = (Vec::new(), false, "");
        for (number, line) in self.text.lines().enumerate() {
            if let Some(language) = line.strip_prefix("```") {
                open = !open;
                if open {
                    let mark = above.strip_prefix("<!-- ").and_then(|mark| mark.strip_suffix(" -->"));
                    blocks.push(Block {
                        line: number + 1,
                        language: language.to_owned(),
                        mark: mark.unwrap_or_default().to_owned(),
                        text: String::new(),
                    });
                }
            } else if open && let Some(block) = blocks.last_mut() {
                block.text += line;
                block.text.push('\n');
            }
            above = line;
        }
        blocks
    }

    /// Returns the destinations of links and pictures outside of code.
    pub fn links(&self) -> Vec<&str> {
        let prose = prose(&self.text).flat_map(|line| line.split('`').step_by(2));
        let after = prose.flat_map(|piece| piece.split("](").skip(1));
        after.filter_map(|rest| rest.split_once(')')).map(|(link, _)| link).collect()
    }
}

/// Returns the lines outside of fenced blocks.
pub fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut open = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        open ^= fence;
        !open && !fence
    })
}

/// Returns the anchors of a document's headings, as GitHub and mdBook make them.
pub fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}
