use std::collections::BTreeSet;

use super::super::trial::Trial;
use super::super::trial::tests::around;
use super::super::{DrawnLayouts, Rules};
use super::*;
use bench_record::Verdict;
use bench_stats::seed::mix;

#[test]
fn in_a_pass_every_layout_runs_once_with_its_own_partner() {
    const LAYOUTS: usize = 5;
    let mut partners = BTreeSet::new();
    for seed in 0..200u64 {
        let pass = |pass: usize| -> BTreeSet<(usize, usize)> {
            let places = pass * LAYOUTS..(pass + 1) * LAYOUTS;
            let drawn = places.map(|number| DrawnLayouts::draw(mix(seed), number, LAYOUTS));
            drawn.map(|drawn| (drawn.base, drawn.candidate)).collect()
        };
        let first = pass(0);
        let bases: BTreeSet<usize> = first.iter().map(|pair| pair.0).collect();
        let candidates: BTreeSet<usize> = first.iter().map(|pair| pair.1).collect();
        assert_eq!((&bases, &candidates), (&(1..=LAYOUTS).collect(), &(1..=LAYOUTS).collect()));
        assert_eq!(pass(3), first, "who has met meets again");
        partners.extend(first);
    }
    assert_eq!(partners.len(), LAYOUTS * LAYOUTS, "any two may meet");
}

/// Returns a case in layouts, given the log ratio of each base layout with its partner, and the number of passes.
fn trial(by_layout: &[f64], passes: usize) -> Trial {
    let layouts = by_layout.len();
    let noise = around(0.0, 0.002, layouts * passes);
    let pairs = noise.into_iter().enumerate().map(|(number, noise)| {
        let drawn = DrawnLayouts::draw(7, number, layouts);
        (by_layout[drawn.base - 1] + noise, drawn)
    });
    Trial::told_in_layouts(pairs.collect(), layouts)
}

#[test]
fn what_a_layout_repeats_is_not_more_evidence() {
    // Two of three layouts are slower, and were run often: three layouts are too few for a verdict.
    assert_eq!(trial(&[0.05, 0.05, 0.0], 64).verdict(true), Verdict::Unsure);
    assert_eq!(trial(&[0.05; 3], 64).verdict(true), Verdict::Unsure);
    // Half of eight layouts are slower.
    let some = [0.09, 0.0, 0.08, -0.01, 0.09, 0.01, 0.08, 0.0];
    assert_eq!(trial(&some, 16).verdict(true), Verdict::Unsure);
    // All layouts are slower, by different amounts.
    let slower = |layouts: usize| trial(&around(0.06, 0.03, layouts), 1).verdict(true) == Verdict::Slower;
    let fewest = (1..32).find(|layouts| slower(*layouts)).expect("enough layouts");
    assert!((8..=12).contains(&fewest), "{fewest} layouts suffice");
    assert_eq!(trial(&[0.0; 16], 1).verdict(true), Verdict::Same);
}

#[test]
fn passes_are_looked_at_when_they_are_whole_and_twice_as_many() {
    let looked_at = |count: usize| {
        let pairs = trial(&[0.0; 4], 8).into_case(Verdict::Unsure, &Rules::default(), 1).pairs;
        observations(&pairs[..count], 4).map(|(seen, weight)| (seen.len(), weight))
    };
    let found: Vec<_> = (1..=32).filter_map(looked_at).collect();
    assert_eq!(found, [(4, 0.5), (4, 0.25), (4, 0.125), (4, 0.0625)]);
}

#[test]
fn what_layouts_do_is_told_from_noise() {
    let spread = |by_layout: &[f64], passes| {
        trial(by_layout, passes).into_case(Verdict::Unsure, &Rules::default(), 1).layouts
    };
    // Only the candidate's times differ in these pairs: five values 2 % apart, of which the robust deviation is 3.6 %.
    let found = spread(&[0.0, 0.02, 0.04, 0.06, 0.08], 8).expect("enough");
    assert!((0.02..0.05).contains(&found.candidate) && found.base < 1e-6, "{found:?}");
    assert_eq!(spread(&[0.0, 0.02, 0.04], 2), None, "too few pairs");
    assert_eq!(spread(&[0.0, 0.02], 32), None, "too few layouts");
}
