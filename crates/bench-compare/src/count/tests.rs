use std::path::Path;

use bench_judge::comparison::Compared;
use bench_protocol::{Build, Case, Listing};
use bench_runner::program::{Opened, Program};
use bench_syntax::Category;

use super::super::trial::Trial;
use super::*;

/// Returns a case with this verdict and change.
fn case(id: &str, verdict: Verdict, change: f64) -> PairedCase {
    let mut case = Trial::told(&[], 1.0).into_case(verdict, &Rules::default(), 1);
    case.compared = Compared { change: Some(change), ..Compared::blank(id, verdict) };
    case
}

#[test]
fn what_time_has_told_is_not_counted() {
    let wanted = |verdict, change, choice| is_wanted(&case("unit/x", verdict, change), choice);
    let auto = |verdict, change| wanted(verdict, change, CountChoice::Auto);
    assert!(auto(Verdict::Unsure, 0.3));
    assert!(auto(Verdict::Slower, 0.02) && auto(Verdict::Faster, -0.02));
    assert!(!auto(Verdict::Slower, 0.06) && !auto(Verdict::Faster, -0.06));
    assert!(!auto(Verdict::Same, 0.001) && !auto(Verdict::Failed, 0.0));
    for verdict in [Verdict::Same, Verdict::Slower, Verdict::Faster, Verdict::Unsure] {
        assert!(wanted(verdict, 0.5, CountChoice::Always), "{verdict}");
        assert!(!wanted(verdict, 0.02, CountChoice::Never), "{verdict}");
    }
    for verdict in [Verdict::Failed, Verdict::Skipped, Verdict::Added, Verdict::Removed] {
        assert!(!wanted(verdict, 0.5, CountChoice::Always), "{verdict}");
    }
}

#[test]
fn counting_takes_no_longer_than_timing() {
    let second = Duration::from_secs(1);
    let of = |max_time, timed| {
        let rules = Rules { max_time, ..Rules::default() };
        patience(CountChoice::Auto, &rules, timed)
    };
    assert_eq!(of(second / 100, second), Patience { one: LEAST_A_COUNT, all: LEAST_IN_ALL });
    assert_eq!(of(60 * second, 100 * second), Patience { one: 60 * second, all: 100 * second });
    let rules = Rules { timeout: 2 * second, ..Rules::default() };
    assert_eq!(patience(CountChoice::Auto, &rules, second).one, 2 * second);
    assert_eq!(patience(CountChoice::Always, &rules, second).all, Duration::MAX);
}

/// Returns a side whose program contains these cases, and supports counting if `counts`.
fn side(cases: &[&str], counts: bool) -> Side {
    let cases = cases.iter().map(|id| Case::new(*id, Category::Unit)).collect();
    let mut listing = Listing::new(Build::default(), cases);
    listing.modes = Some(if counts { vec![Mode::Step, Mode::Count] } else { vec![Mode::Step] });
    let program = Program::executable(Path::new("/program")).expect("a path");
    Side::of("side".to_owned(), vec![Opened { program, listing }]).expect("a side")
}

#[test]
fn what_time_says_least_of_comes_first() {
    let ids = ["unit/a", "unit/b", "unit/c", "unit/d"];
    let able = side(&ids, true);
    let mut comparison = PairedComparison::of_cases(vec![
        case("unit/a", Verdict::Slower, 0.02),
        case("unit/b", Verdict::Same, 0.0),
        case("unit/c", Verdict::Unsure, 0.0),
        case("unit/d", Verdict::Failed, 0.0),
    ]);
    let mut indices = |choice| -> Vec<usize> {
        wanted(&mut comparison, &able, &able, choice).iter().map(|wanted| wanted.index).collect()
    };
    assert_eq!(indices(CountChoice::Auto), [2, 0]);
    assert_eq!(indices(CountChoice::Always), [2, 0, 1]);
    assert_eq!(indices(CountChoice::Never), [0usize; 0]);
    comparison.state = RunState::Interrupted;
    assert!(wanted(&mut comparison, &able, &able, CountChoice::Always).is_empty());
}

#[test]
fn what_is_soon_counted_comes_first() {
    let second = Duration::from_secs(1);
    let mut slow = case("unit/a", Verdict::Unsure, 0.0);
    slow.compared.new_s = Some(0.5);
    // Without a pair, the times count as those of a single pair.
    slow.time.start_s = 1.0;
    assert_eq!(expected(&slow), 20 * second);
    let quick = case("unit/b", Verdict::Unsure, 0.0);
    assert_eq!(expected(&quick), Duration::ZERO);
    let able = side(&["unit/a", "unit/b"], true);
    let mut comparison = PairedComparison::of_cases(vec![slow, quick]);
    let found = wanted(&mut comparison, &able, &able, CountChoice::Auto);
    assert_eq!(found.iter().map(|wanted| wanted.index).collect::<Vec<_>>(), [1, 0]);
    let found = wanted(&mut comparison, &able, &able, CountChoice::Always);
    assert!(found.iter().all(|wanted| wanted.expected.is_zero()), "who asks for all waits for all");
}

#[test]
fn a_program_that_cannot_count_is_named_to_those_who_asked() {
    let (able, unable) = (side(&["unit/a"], true), side(&["unit/a"], false));
    let mut comparison = PairedComparison::of_cases(vec![case("unit/a", Verdict::Unsure, 0.0)]);
    assert!(wanted(&mut comparison, &able, &unable, CountChoice::Auto).is_empty());
    assert_eq!(comparison.cases[0].uncounted, None);
    assert!(wanted(&mut comparison, &able, &unable, CountChoice::Always).is_empty());
    let uncounted = comparison.cases[0].uncounted.clone().expect("a reason");
    assert_eq!(uncounted.why, WhyUncounted::NotOffered);
    assert_eq!(uncounted.message, "candidate: program cannot count instructions");
}

#[test]
fn a_choice_is_read_as_it_is_printed() {
    for choice in [CountChoice::Auto, CountChoice::Always, CountChoice::Never] {
        assert_eq!(choice.to_string().parse(), Ok(choice));
    }
    let error = "sometimes".parse::<CountChoice>().expect_err("no choice").to_string();
    assert!(error.contains("sometimes") && error.contains("`auto`, `always` or `never`"), "{error}");
}
