//! The names of cases that register while a program runs.

use std::collections::{HashMap, HashSet};

/// The names that have been registered.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The names in the whole process, with their suffixes.
    taken: HashSet<String>,
    /// The number of times that the running target has registered each name.
    in_target: HashMap<String, u32>,
}

impl Names {
    /// Begins another target, in which no name has been registered yet.
    pub(super) fn enter(&mut self) {
        self.in_target.clear();
    }

    /// Returns how often the running target has registered this name before.
    pub(super) fn occurrence(&mut self, name: &str) -> u32 {
        match self.in_target.get_mut(name) {
            Some(count) => {
                *count += 1;
                *count - 1
            }
            None => {
                self.in_target.insert(name.to_owned(), 1);
                0
            }
        }
    }

    /// Returns the name; if it is taken, with a suffix, as criterion adds it to names of folders: `_2`, `_3`, ….
    pub(super) fn unique(&mut self, name: &str) -> String {
        let mut unique = name.to_owned();
        let mut number = 2;
        while !self.taken.insert(unique.clone()) {
            unique = format!("{name}_{number}");
            number += 1;
        }
        unique
    }
}

/// Returns the name with control characters escaped, since no id may contain them.
pub(super) fn printable(name: &str) -> String {
    name.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_suffix() {
        let mut names = Names::default();
        let unique = ["a", "b", "a", "a_2", "a"].map(|name| names.unique(name));
        assert_eq!(unique, ["a", "b", "a_2", "a_2_2", "a_3"]);
    }

    #[test]
    fn occurrences_are_counted_within_a_target() {
        let mut names = Names::default();
        assert_eq!([names.occurrence("a"), names.occurrence("b"), names.occurrence("a")], [0, 0, 1]);
        names.enter();
        assert_eq!(names.occurrence("a"), 0);
    }

    #[test]
    fn control_characters_are_spelt_out() {
        assert_eq!(printable("a\nb\u{7}ü"), "a\\nb\\u{7}ü");
    }
}
