use super::*;
use crate::change::Settings;
use crate::trend::tests::line;
use crate::trend::{Culprit, trend};

/// Returns the lines of eight cases; those below `hit` become 10 % slower on night 30, and case 7 faster on night 50.
fn lines(hit: usize) -> Vec<Series> {
    (0..8)
        .map(|case| {
            let factor = move |night: usize| {
                let machine = if case < hit && night >= 30 { 1.1 } else { 1.0 };
                machine * if case == 7 && night >= 50 { 0.8 } else { 1.0 }
            };
            line(&format!("case{case}"), case as u64, 80, factor)
        })
        .collect()
}

fn trends(hit: usize) -> Vec<Trend> {
    found(&lines(hit))
}

fn found(lines: &[Series]) -> Vec<Trend> {
    lines.iter().map(|line| trend(line, &[], Settings::default())).collect()
}

#[test]
fn most_cases_on_one_night_are_the_machine_and_one_line() {
    let mut all = trends(8);
    let shifts = machine_shifts(&mut all, &lines(8));
    assert_eq!(shifts.len(), 1, "{shifts:?}");
    assert_eq!((shifts[0].cases.len(), shifts[0].of, shifts[0].since.number), (8, 8, 30));
    assert!(shifts[0].cases.is_sorted_by_key(|hit| &hit.case), "{shifts:?}");
    assert!(shifts[0].worse && (shifts[0].shift - 0.1).abs() < 0.01);
    let left: Vec<&str> =
        all.iter().filter(|trend| !trend.changes.is_empty()).map(|trend| trend.key.case.as_str()).collect();
    assert_eq!(left, ["case7"], "its own change stays its own");
}

/// Returns a change that is placed `by` runs later, or earlier.
fn moved(turn: &Turn, by: isize) -> Turn {
    let place = |place: &Place| {
        let number = place.number.checked_add_signed(by).expect("a run");
        let timestamp = format!("2026-01-01T{:02}:{:02}:00Z", number / 60, number % 60);
        Place { number, timestamp, run: format!("r{number:03}"), commit: Some(format!("c{number}")) }
    };
    Turn { since: place(&turn.since), last_before: place(&turn.last_before), ..turn.clone() }
}

#[test]
fn each_case_keeps_the_place_of_its_own_change() {
    for places in [[30, 29, 31, 30, 30, 30, 30, 30], [30, 30, 32, 30, 30, 28, 31, 30]] {
        let mut all = trends(8);
        for (trend, place) in all.iter_mut().zip(places) {
            trend.changes[0] = moved(&trend.changes[0], place - 30);
        }
        let before: Vec<Turn> = all.iter().map(|trend| trend.changes[0].clone()).collect();
        let shifts = machine_shifts(&mut all, &lines(8));
        assert_eq!((shifts.len(), shifts[0].since.number), (1, 30), "where most place it: {shifts:?}");
        let kept: Vec<isize> = shifts[0].cases.iter().map(|hit| hit.turn.since.number as isize).collect();
        assert_eq!(kept, places);
        for (trend, turn) in all.iter().zip(&before) {
            assert_eq!(shifts[0].turn_of(&trend.key), Some(turn), "the whole change is kept");
        }
        let elsewhere = SeriesKey { build: "debug".to_owned(), ..all[0].key.clone() };
        assert_eq!(shifts[0].turn_of(&elsewhere), None, "the same case in another build");
    }
}

#[test]
fn of_two_changes_near_a_night_the_one_on_it_is_the_machine() {
    let mut all = trends(8);
    for trend in &mut all {
        let early = moved(&trend.changes[0], -2);
        trend.changes.insert(0, early);
    }
    let shifts = machine_shifts(&mut all, &lines(8));
    let nights: Vec<usize> = shifts.iter().map(|shift| shift.since.number).collect();
    assert_eq!(nights, [28, 30]);
    for shift in &shifts {
        assert!(shift.cases.iter().all(|hit| hit.turn.since == shift.since), "{shift:?}");
    }
}

#[test]
fn runs_of_one_number_are_not_of_one_night_where_one_had_been_found_before_the_other_happened() {
    let mut all = trends(8);
    for trend in all.iter_mut().take(4) {
        let turn = &mut trend.changes[0];
        let Culprit { last_good, first_bad, .. } = &mut turn.culprit;
        for place in [&mut turn.since, &mut turn.last_before, &mut turn.found, last_good, first_bad] {
            place.timestamp = place.timestamp.replace("2026-01-01", "2026-02-01");
            place.run = format!("february {}", place.run);
        }
    }
    assert_eq!(machine_shifts(&mut all, &lines(8)), []);
}

#[test]
fn a_few_cases_are_themselves() {
    for hit in [1, 4] {
        let mut all = trends(hit);
        assert_eq!(machine_shifts(&mut all, &lines(hit)), []);
        assert_eq!(all.iter().map(|trend| trend.changes.len()).sum::<usize>(), hit + 1);
    }
    let mut four: Vec<Trend> = trends(8).into_iter().take(4).collect();
    assert_eq!(machine_shifts(&mut four, &lines(8)[..4]), [], "four cases are too few to tell");
}

#[test]
fn other_directions_and_other_machines_are_apart() {
    let mut all = trends(8);
    for (number, trend) in all.iter_mut().enumerate() {
        if number % 2 == 0 {
            trend.key.machine.cpu = "other".to_owned();
        }
    }
    assert_eq!(machine_shifts(&mut all, &lines(8)), []);
    let mut all = trends(8);
    for trend in all.iter_mut().take(4) {
        trend.changes[0].shift = trend.changes[0].shift.map(|shift| -shift);
    }
    assert_eq!(machine_shifts(&mut all, &lines(8)), []);
}

/// Returns twelve cases, of which five are quiet. Those become 5 % slower on night 31, and so do the restless ones if
/// `is_machine`.
fn suite(is_machine: bool) -> Vec<Series> {
    let of = |case: usize| {
        let slower = move |night: usize| if night >= 31 && (case < 5 || is_machine) { 1.05 } else { 1.0 };
        let mut line = line(&format!("case{case:02}"), case as u64, 43, slower);
        if case >= 5 {
            // High and low alternate every three runs, so that nothing is found, and are equally frequent on both
            // sides.
            let restless =
                |night: usize| if (night / 3 + case).is_multiple_of(2) { 1.04 } else { 1.0 / 1.04 };
            line.points.iter_mut().enumerate().for_each(|(night, point)| point.value *= restless(night));
        }
        line
    };
    (0..12).map(of).collect()
}

#[test]
fn cases_that_are_too_restless_to_be_found_still_lean_with_the_machine() {
    let shifts = |lines: &[Series]| {
        let mut all = found(lines);
        assert_eq!(all.iter().filter(|trend| !trend.changes.is_empty()).count(), 5, "{all:?}");
        machine_shifts(&mut all, lines)
    };
    let shift = &shifts(&suite(true))[..];
    assert!(matches!(shift, [shift] if (shift.cases.len(), shift.of) == (5, 12)), "{shift:?}");
    assert_eq!(shifts(&suite(false)), [], "five of twelve are themselves");
}

#[test]
fn a_case_that_ended_before_a_night_is_not_one_of_those_that_did_not_move() {
    let mut lines = lines(6);
    lines.iter_mut().skip(5).for_each(|line| line.points.truncate(29));
    lines.extend((8..14).map(|case| line(&format!("case{case}"), case, 25, |_| 1.0)));
    let shifts = machine_shifts(&mut found(&lines), &lines);
    assert!(matches!(&shifts[..], [shift] if (shift.cases.len(), shift.of) == (5, 5)), "{shifts:?}");
}

#[test]
fn what_a_case_changed_by_beyond_the_machine_is_its_own() {
    let mut lines = lines(8);
    for (case, by) in [(2, 1.5), (3, 0.99)] {
        lines[case].points[30..].iter_mut().for_each(|point| point.value *= by);
    }
    let mut all = found(&lines);
    let shifts = machine_shifts(&mut all, &lines);
    assert!((shifts[0].shift - 0.1).abs() < 0.005 && shifts[0].cases.len() == 8, "{shifts:?}");
    let own: Vec<&Turn> = all[..7].iter().flat_map(|trend| &trend.changes).collect();
    let [own] = own[..] else { panic!("one case did something of its own: {own:?}") };
    assert!((own.shift.expect("a share") - 0.5).abs() < 0.02 && own.worse, "{own:?}");
    assert!((own.of_machine.expect("the machine's") - 0.1).abs() < 0.005, "{own:?}");
    let machine = shifts[0].turn_of(&all[2].key).expect("it was hit");
    assert_eq!((machine.after, &machine.since), (own.before, &own.since));
    assert!((machine.shift.expect("a share") - 0.1).abs() < 0.005, "{machine:?}");
}

#[test]
fn a_case_that_lost_less_than_the_machine_has_become_better() {
    let mut lines = lines(8);
    lines[2].points[30..].iter_mut().for_each(|point| point.value *= 0.94);
    let mut all = found(&lines);
    machine_shifts(&mut all, &lines);
    let own = &all[2].changes[..];
    assert!(matches!(own, [own] if !own.worse && (own.shift.unwrap_or(0.0) + 0.06).abs() < 0.01), "{own:?}");
}
