//! Prints all notices of one kind in one line.

use bench_record::{Figure, Notice};
use bench_syntax::text::{one_line, printable};

/// Notices of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// Each with the id of its case; never empty.
    notices: Vec<(String, Notice)>,
}

impl Folded {
    /// Groups notices, each with the id of its case, by kind. Kinds with the most cases come first; kinds with the same
    /// number of cases are in the order of their first notices.
    ///
    /// ```
    /// use bench_record::Notice;
    /// use bench_report::Folded;
    ///
    /// let slow = || Notice::plain("slow", "it is slow");
    /// let folded = Folded::all([("unit/a", slow()), ("unit/b", slow())]);
    /// assert_eq!(folded[0].line("cases"), "2 cases, such as unit/a: it is slow");
    /// ```
    pub fn all(notices: impl IntoIterator<Item = (impl Into<String>, Notice)>) -> Vec<Folded> {
        let mut all: Vec<Folded> = Vec::new();
        for (id, notice) in notices {
            let id = id.into();
            match all.iter_mut().find(|known| known.notices[0].1.kind == notice.kind) {
                Some(known) => known.notices.push((id, notice)),
                None => all.push(Folded { notices: vec![(id, notice)] }),
            }
        }
        all.sort_by_key(|folded| std::cmp::Reverse(folded.count()));
        all
    }

    /// Returns the number of different cases.
    pub fn count(&self) -> usize {
        let mut ids: Vec<&str> = self.notices.iter().map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }

    /// Returns the notices in one line. A single notice is printed with its whole text. Several notices are printed as
    /// the number of cases, the case with the largest figure as an example, their common statement, and the range of
    /// each figure. `what` is the plural for the ids, such as `cases`.
    pub fn line(&self, what: &str) -> String {
        let figure = |notice: &Notice| notice.figures.first().map_or(f64::NEG_INFINITY, |it| it.value);
        let first = &self.notices[0];
        // The first of equal ones.
        let most = self
            .notices
            .iter()
            .fold(first, |most, it| if figure(&it.1) > figure(&most.1) { it } else { most });
        let (id, notice) = (printable(&most.0), &most.1);
        if let [_] = self.notices.as_slice() {
            return format!("{id}: {}", one_line(&notice.text));
        }
        let who = match self.count() {
            1 => id,
            count => format!("{count} {what}, such as {id}"),
        };
        let is_same = self.notices.iter().all(|(_, other)| other.text == notice.text);
        match &notice.gist {
            Some(gist) if !is_same => format!("{who}: {}{}", one_line(gist), self.ranges()),
            _ => format!("{who}: {}", one_line(&notice.text)),
        }
    }

    /// The range of each figure, in brackets.
    fn ranges(&self) -> String {
        let figures = self.notices.iter().map(|(_, notice)| notice.figures.len()).max().unwrap_or_default();
        let range = |place: usize| {
            Figure::range(self.notices.iter().filter_map(|(_, notice)| notice.figures.get(place)).copied())
        };
        let ranges: Vec<String> = (0..figures).filter_map(range).collect();
        if ranges.is_empty() { String::new() } else { format!(" ({})", ranges.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_record::Unit;

    fn few(rounds: u32) -> Notice {
        Notice::new("few", "it has few rounds", format!("it has {rounds} rounds only"))
            .with(Figure::new(f64::from(rounds), Unit::Count, "rounds"))
            .with(Figure::new(0.5, Unit::Share, "of all"))
    }

    fn lines(notices: Vec<(&str, Notice)>) -> Vec<String> {
        Folded::all(notices).iter().map(|folded| folded.line("cases")).collect()
    }

    #[test]
    fn a_kind_has_one_line_with_its_ranges_and_the_most_as_example() {
        let modes = Notice::of_text("two modes");
        let notices = vec![("a", modes), ("a", few(2)), ("b", few(3)), ("c", few(1)), ("c", few(1))];
        assert_eq!(
            lines(notices),
            ["3 cases, such as b: it has few rounds (1 to 3 rounds, 50 % of all)", "a: two modes"]
        );
    }

    #[test]
    fn a_single_case_has_its_own_words() {
        assert_eq!(lines(vec![("a", few(2))]), ["a: it has 2 rounds only"]);
        assert_eq!(
            lines(vec![("a", few(2)), ("a", few(3))]),
            ["a: it has few rounds (2 to 3 rounds, 50 % of all)"]
        );
    }

    #[test]
    fn texts_of_other_programs_have_an_example() {
        let took = |ms: u32| Notice::of_text(format!("took {ms} ms"));
        assert_eq!(lines(vec![("a", took(1)), ("b", took(2))]), ["2 cases, such as a: took 1 ms"]);
        let hostile = Notice::of_text("x\n\u{1b}[31m");
        assert_eq!(lines(vec![("a\n", hostile)]), ["a\u{fffd}: x\u{fffd}\u{fffd}[31m"]);
    }
}
