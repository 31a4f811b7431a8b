//! Detects changes that depend on a single layout of the code.

use super::{PairedCase, Side};
use bench_runner::program::Kind;

/// Returns a note on small changes between two builds with a single layout each; `None` if there are none.
pub(super) fn note(cases: &[PairedCase], base: &Side, candidate: &Side) -> Option<String> {
    let files = |side: &Side| -> Vec<_> {
        side.programs().iter().map(|opened| opened.program.path().to_owned()).collect()
    };
    let can_be_linked_again =
        |side: &Side| side.programs().iter().all(|opened| opened.program.kind() == Kind::BenchTarget);
    // A program that is compared with itself has the same layout on both sides.
    let applies = !bench_os::IS_PORTABLE
        && files(base) != files(candidate)
        && can_be_linked_again(base)
        && can_be_linked_again(candidate);
    if applies { note_of(cases) } else { None }
}

fn note_of(cases: &[PairedCase]) -> Option<String> {
    let small = cases.iter().filter(|case| case.changed_by_little());
    let ids: Vec<&str> = small.map(|case| case.compared.id.as_str()).collect();
    let (what, rests) = match ids[..] {
        [] => return None,
        [one] => (format!("the change of {one}"), "rests"),
        [one, ref others @ ..] => (format!("the changes of {one} and {} more", others.len()), "rest"),
    };
    Some(format!(
        "{what} {rests} on one layout of the code: `bench compare --layouts 16` separates the effect of code \
         from that of addresses"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::super::trial::Trial;
    use super::super::trial::tests::around;
    use super::*;
    use bench_record::Verdict;

    #[test]
    fn small_changes_that_rest_on_one_layout_are_named_in_one_line() {
        let case = |id: &str, centre: f64, verdict| {
            let trial = Trial::told(&around(centre, 0.004, 40), 1.0);
            let mut case = trial.into_case(verdict, &Rules::default(), 1);
            id.clone_into(&mut case.compared.id);
            case
        };
        let small = || case("unit/a", 0.02, Verdict::Slower);
        let others = || [case("unit/b", 0.0, Verdict::Same), case("unit/c", 0.08, Verdict::Slower)];
        assert_eq!(note_of(&others()), None, "nothing changed, or by more than layouts do");
        let one = note_of(&[vec![small()], others().into()].concat()).expect("a note");
        assert!(one.starts_with("the change of unit/a rests on one layout"), "{one}");
        let two = note_of(&[small(), case("unit/d", -0.02, Verdict::Faster)]).expect("a note");
        assert!(two.starts_with("the changes of unit/a and 1 more rest on one layout"), "{two}");
    }
}
