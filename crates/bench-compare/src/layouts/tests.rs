use bench_protocol::{Build, Listing};
use bench_runner::program::Program;
use proptest::prelude::*;

use super::super::Rules;
use super::super::trial::Trial;
use super::super::trial::tests::around;
use super::*;

#[test]
fn every_layout_of_either_side_meets_every_other_as_often() {
    const LAYOUTS: usize = 4;
    let mut counts = [[0u32; LAYOUTS]; LAYOUTS];
    for chance in 0..16_000 {
        let drawn = DrawnLayouts::draw(chance, LAYOUTS);
        counts[drawn.base - 1][drawn.candidate - 1] += 1;
    }
    // 1000 expected of each; 200 is more than six standard deviations.
    assert!(counts.iter().flatten().all(|count| count.abs_diff(1000) < 200), "{counts:?}");
}

proptest! {
    #[test]
    fn a_draw_follows_from_the_seed_and_is_one_of_the_layouts(chance: u64, layouts in 1usize..65) {
        let drawn = DrawnLayouts::draw(chance, layouts);
        prop_assert_eq!(drawn, DrawnLayouts::draw(chance, layouts));
        prop_assert!((1..=layouts).contains(&drawn.base) && (1..=layouts).contains(&drawn.candidate));
    }
}

/// Pairs of a case whose base has layouts that differ by 2 %, and whose candidate's are all the same.
fn pairs(count: usize, layouts: usize) -> Vec<ObservedPair> {
    let drawn: Vec<_> = (0..count).map(|number| DrawnLayouts::draw(mix(number as u64), layouts)).collect();
    let noise = around(0.0, 0.002, count);
    let logs: Vec<f64> =
        drawn.iter().zip(noise).map(|(drawn, noise)| noise - 0.02 * drawn.base as f64).collect();
    let pairs = Trial::told(&logs, 1.0).into_case(Verdict::Unsure, &Rules::default(), 1).pairs;
    let with_layouts = |(pair, drawn)| ObservedPair { layouts: Some(drawn), ..pair };
    pairs.into_iter().zip(drawn).map(with_layouts).collect()
}

#[test]
fn what_layouts_do_is_told_from_noise_and_side_by_side() {
    let found = LayoutSpread::of(&pairs(60, 5), 5).expect("enough");
    // Five values, 2 % apart: their standard deviation is 3.2 %, the robust one with its correction 3.6 %.
    assert!((0.02..0.05).contains(&found.base), "{found:?}");
    assert!(found.candidate < found.base / 2.0, "{found:?}");
    let left = 2.0 * (found.base.powi(2) / 5.0 + found.candidate.powi(2) / 5.0).sqrt();
    assert!((found.left - left).abs() < 1e-12, "{found:?}");
}

#[test]
fn of_too_few_nothing_is_told() {
    assert_eq!(LayoutSpread::of(&pairs(14, 5), 5), None);
    assert_eq!(LayoutSpread::of(&pairs(60, 2), 2), None);
    let without: Vec<_> =
        pairs(60, 5).into_iter().map(|pair| ObservedPair { layouts: None, ..pair }).collect();
    assert_eq!(LayoutSpread::of(&without, 5), None);
}

fn opened(layouts: usize) -> Opened {
    let files = (0..layouts).map(|number| format!("/nobody-{number}").into()).collect();
    let program = Program::executable(Path::new("/nobody")).expect("an absolute path").with_layouts(files);
    Opened { program, listing: Listing::new(Build::default(), Vec::new()) }
}

#[test]
fn both_sides_have_as_many_layouts() {
    let (none, three, four) = (opened(0), opened(3), opened(4));
    assert_eq!(common([(&none, &none)]).expect("none"), None);
    assert_eq!(common([(&three, &three), (&three, &three)]).expect("three"), Some(3));
    let refused = common([(&three, &three), (&three, &four)]).expect_err("different").to_string();
    assert!(refused.contains("found 3 and 4"), "{refused}");
}

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
