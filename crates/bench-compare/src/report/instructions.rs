//! Prints the instructions that were counted in addition to the times of a comparison.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::share::change;
use crate::counted::{CountedPair, Repeatability, WhyUncounted};
use crate::{PairedCase, PairedComparison};
use bench_record::{Figure, Notice, Unit, Verdict};
use bench_report::{Style, on_console};
use bench_syntax::quantity::grouped;
use bench_syntax::text::printable;

/// Formats the change in a few characters: `+1.98 %`, `equal`; after `~` if the counts are not known to repeat exactly.
pub fn short(counted: &CountedPair) -> String {
    match counted.repeatability() {
        Repeatability::Exact if counted.is_equal() => "equal".to_owned(),
        Repeatability::Exact => exactly(counted.change),
        Repeatability::VariesAsMuch | Repeatability::LikeHarness => "~equal".to_owned(),
        Repeatability::CountedOnce | Repeatability::Varies => format!("~{}", exactly(counted.change)),
    }
}

/// Formats a relative change that is known exactly: it is never shown as zero, however small it is.
fn exactly(share: f64) -> String {
    match change(share) {
        none if none == "+0.00 %" => "<+0.01 %".to_owned(),
        none if none == "-0.00 %" => ">-0.01 %".to_owned(),
        change => change,
    }
}

/// Formats how far counts lie apart: a difference is never shown as zero.
fn spread(share: f64) -> String {
    if share < 5e-5 { "less than 0.01 %".to_owned() } else { format!("{:.2} %", share * 100.0) }
}

/// Describes the instructions of a case whose time is not decided.
pub(super) fn beside_an_unsure_time(counted: &CountedPair) -> Notice {
    let [base, candidate] =
        [&counted.base, &counted.candidate].map(|counts| grouped(counts.iteration.instructions));
    let does = if counted.change > 0.0 { "more" } else { "less" };
    let (change, spread) = (exactly(counted.change), spread(counted.spread()));
    let (kind, gist, text) = match counted.repeatability() {
        Repeatability::Exact if counted.is_equal() => (
            "counts_equal",
            "instructions equal: nothing indicates that the work has changed",
            format!("instructions equal ({base}): nothing indicates that the work has changed"),
        ),
        Repeatability::Exact => (
            "counts_changed",
            "the candidate executes another number of instructions, which the time does not show",
            format!(
                "instructions {change} ({base} to {candidate}): the candidate does {does} work, which the time does not show"
            ),
        ),
        Repeatability::LikeHarness => (
            "counts_like_harness",
            "instructions about equal: what the harness adds can differ by as much between builds",
            format!(
                "instructions about equal ({base} to {candidate}): what the harness adds can differ by as much between builds"
            ),
        ),
        Repeatability::CountedOnce => (
            "counted_once",
            "instructions counted in one process per side: it is not known whether the counts repeat",
            format!(
                "instructions about {change} ({base} to {candidate}), counted in one process per side: it is not known \
                 whether the counts repeat"
            ),
        ),
        Repeatability::Varies => (
            "counts_vary",
            "the candidate seems to execute another number of instructions; processes of one side differ, too",
            format!(
                "instructions about {change} ({base} to {candidate}; processes of one side differ by {spread}): the \
                 candidate seems to do {does} work"
            ),
        ),
        Repeatability::VariesAsMuch => (
            "counts_vary_as_much",
            "instructions about equal: processes of one side differ as much as the sides do",
            format!(
                "instructions about equal ({base} to {candidate}): processes of one side differ by {spread}, as much as \
                 the sides do"
            ),
        ),
    };
    let notice = Notice::new(kind, gist, text);
    match counted.change.abs() {
        0.0 => notice,
        apart => notice.with(Figure::new(apart, Unit::Share, "apart")),
    }
}

/// Explains the column of instructions; empty if there is no such column.
pub(super) fn meaning(comparison: &PairedComparison, style: Style) -> String {
    let counted: Vec<&CountedPair> =
        comparison.cases.iter().filter_map(|case| case.instructions.as_ref()).collect();
    let has = |which: fn(Repeatability) -> bool| counted.iter().any(|pair| which(pair.repeatability()));
    if counted.is_empty() {
        return String::new();
    }
    let mut text =
        "instructions: per iteration, counted under valgrind after the times; they do not change a verdict"
            .to_owned();
    if has(|repeats| repeats != Repeatability::Exact) {
        text += "; ~: about";
    }
    let has_changed = |case: &&PairedCase| matches!(case.compared.verdict, Verdict::Slower | Verdict::Faster);
    let changed = comparison.cases.iter().filter(has_changed);
    if changed.filter_map(|case| case.instructions.as_ref()).any(CountedPair::is_equal) {
        text += "; if they are equal and the time differs, look at memory, at waiting, and at the addresses of \
                 code and data";
    }
    format!("{}\n", style.faint(&text))
}

/// Returns a line with the numbers of cases that were to be counted but were not, by reason; empty if there are none.
pub(super) fn left_out(cases: &[PairedCase]) -> String {
    let mut numbers: BTreeMap<WhyUncounted, usize> = BTreeMap::new();
    for uncounted in cases.iter().filter_map(|case| case.uncounted.as_ref()) {
        *numbers.entry(uncounted.why).or_default() += 1;
    }
    if numbers.is_empty() {
        return String::new();
    }
    let told: Vec<String> =
        numbers.iter().map(|(why, number)| format!("{number} {}", phrase(*why))).collect();
    let all: usize = numbers.values().sum();
    let needs_time = [WhyUncounted::OutOfTime, WhyUncounted::TooSlow];
    let hint = if needs_time.iter().any(|why| numbers.contains_key(why)) {
        "; --instructions always takes the time"
    } else {
        ""
    };
    format!(
        "\ninstructions not counted for {all} {}: {} (--verbose says why{hint})\n",
        if all == 1 { "case" } else { "cases" },
        told.join(", ")
    )
}

fn phrase(why: WhyUncounted) -> &'static str {
    match why {
        WhyUncounted::OutOfTime => "out of time",
        WhyUncounted::TooSlow => "too slow under valgrind",
        WhyUncounted::Failed => "failed under valgrind",
        WhyUncounted::NotOffered => "in programs that cannot count",
        WhyUncounted::Interrupted => "interrupted",
    }
}

/// Lists the reasons why instructions were not counted although they were to be, with the cases of one reason in a
/// line.
pub fn reasons(cases: &[PairedCase]) -> String {
    let mut by_reason: BTreeMap<(WhyUncounted, &str), Vec<&str>> = BTreeMap::new();
    for case in cases {
        if let Some(uncounted) = &case.uncounted {
            by_reason.entry((uncounted.why, &uncounted.message)).or_default().push(&case.compared.id);
        }
    }
    let mut out = String::new();
    for ((_, reason), ids) in by_reason {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "not counted: {}: {}", printable(&ids.join(", ")), printable(reason));
    }
    if out.is_empty() { out } else { on_console(&format!("\n{out}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rules;
    use crate::counted::tests::pair;
    use crate::counted::{Counting, Uncounted};
    use crate::report::comparison::render;
    use crate::trial::Trial;
    use crate::trial::tests::around;
    use bench_report::{Detail, View};

    /// The largest width of a table, in characters: few terminals are wider.
    const WIDEST: usize = 120;

    fn case(id: &str, verdict: Verdict, counted: Option<CountedPair>) -> PairedCase {
        let mut case = Trial::told(&around(0.02, 0.1, 12), 2.0).into_case(verdict, &Rules::default(), 1);
        id.clone_into(&mut case.compared.id);
        case.instructions = counted;
        case
    }

    fn shown(cases: Vec<PairedCase>) -> String {
        let mut comparison = PairedComparison::of_cases(cases);
        if comparison.cases.iter().any(|case| case.instructions.is_some()) {
            let (valgrind, options) = ("3.19.0".to_owned(), String::new());
            comparison.counting = Some(Counting { seconds: 3.42, valgrind, options });
        }
        render(&comparison, View::plain(1000, Detail::Short))
    }

    #[test]
    fn a_change_says_how_far_it_can_be_relied_on() {
        let of = |base: &[u64], candidate: &[u64]| short(&pair(base, candidate));
        assert_eq!(of(&[1000], &[1000]), "equal");
        assert_eq!(of(&[10_000, 10_000], &[10_198, 10_198]), "+1.98 %");
        assert_eq!(of(&[10_000, 10_000], &[9_802, 9_802]), "-1.98 %");
        assert_eq!(of(&[1_000_000, 1_000_000], &[1_000_020, 1_000_020]), "<+0.01 %");
        assert_eq!(of(&[1_000_000, 1_000_000], &[999_980, 999_980]), ">-0.01 %");
        assert_eq!(of(&[10_000], &[10_198]), "~+1.98 %");
        assert_eq!(of(&[10_000, 10_001], &[10_198, 10_198]), "~+1.98 %");
        assert_eq!(of(&[10_000, 10_300], &[10_198, 10_198]), "~equal");
        assert_eq!(of(&[4, 4], &[7, 7]), "~equal");
    }

    #[test]
    fn instructions_stand_beside_the_time() {
        let report = shown(vec![
            case(
                "performance/forward[batch=8,dtype=f32]",
                Verdict::Unsure,
                Some(pair(&[12_345_678], &[12_345_678])),
            ),
            case("unit/more", Verdict::Unsure, Some(pair(&[10_000, 10_000], &[10_198, 10_198]))),
            case("unit/same", Verdict::Same, None),
        ]);
        let lines: Vec<&str> = report.lines().collect();
        let row = |start: &str| *lines.iter().find(|line| line.starts_with(start)).expect(start);
        let header = lines[1];
        assert!(header.contains("95 % interval  instructions "), "{report}");
        let end = header.find("instructions").expect("a column") + "instructions".len();
        assert!(row("  more ")[..end].ends_with(" +1.98 %"), "{report}");
        assert!(row("  forward ")[..end].ends_with(" equal"), "{report}");
        assert!(row("  same ")[..end].ends_with("  "), "{report}");
        for wanted in [
            "        instructions equal (12,345,678): nothing indicates that the work has changed\n",
            "        instructions +1.98 % (10,000 to 10,198): the candidate does more work, which the time does not show\n",
            "instructions: per iteration, counted under valgrind after the times; they do not change a verdict\n",
            " · 2.0 s, and 3.4 s to count instructions\n",
        ] {
            assert!(report.contains(wanted), "{wanted}\n{report}");
        }
        let of_table = lines.iter().skip(1).take(6);
        assert!(of_table.clone().all(|line| line.chars().count() <= WIDEST), "{report}");
    }

    #[test]
    fn without_counts_nothing_is_said_of_them() {
        let report = shown(vec![case("unit/x", Verdict::Unsure, None)]);
        assert!(report.contains("unsure: unit/x") && !report.contains("instructions"), "{report}");
    }

    #[test]
    fn counts_that_do_not_repeat_are_told_with_care() {
        let told = |base: &[u64], candidate: &[u64]| beside_an_unsure_time(&pair(base, candidate)).text;
        let once = told(&[10_000], &[9_802]);
        assert!(
            once.starts_with("instructions about -1.98 %") && once.contains("in one process per side"),
            "{once}"
        );
        let varies = told(&[10_000, 10_010], &[9_802, 9_802]);
        assert!(varies.contains("differ by 0.10 %") && varies.ends_with("seems to do less work"), "{varies}");
        let vague = told(&[10_000, 10_300], &[10_198, 10_198]);
        assert!(vague.starts_with("instructions about equal (10,000 to 10,198)"), "{vague}");
        assert!(vague.contains("differ by 3.00 %"), "{vague}");
        let nearly = told(&[1_000_000, 1_000_001], &[1_000_000, 1_000_000]);
        assert!(nearly.contains("differ by less than 0.01 %"), "{nearly}");
        assert!(told(&[4], &[7]).contains("about equal (4 to 7): what the harness adds"));
        let report = shown(vec![case("unit/x", Verdict::Unsure, Some(pair(&[10_000], &[9_802])))]);
        assert!(report.contains("; ~: about\n"), "{report}");
    }

    /// Tests the hint for a time that has changed although the work has not.
    #[test]
    fn equal_work_in_another_time_says_where_to_look() {
        let hint = "if they are equal and the time differs, look at memory";
        let equal = || Some(pair(&[10_000], &[10_000]));
        assert!(shown(vec![case("unit/x", Verdict::Slower, equal())]).contains(hint));
        assert!(!shown(vec![case("unit/x", Verdict::Unsure, equal())]).contains(hint));
    }

    #[test]
    fn what_was_left_out_is_folded_by_its_reason() {
        let uncounted = |id: &str, why, message: &str| {
            let message = message.to_owned();
            PairedCase { uncounted: Some(Uncounted { why, message }), ..case(id, Verdict::Unsure, None) }
        };
        let cases = [
            uncounted("unit/a", WhyUncounted::Failed, "base: oh"),
            uncounted("unit/b", WhyUncounted::OutOfTime, "the time for all counts was over"),
            uncounted("unit/c", WhyUncounted::Failed, "base: oh"),
        ];
        assert_eq!(
            left_out(&cases),
            "\ninstructions not counted for 3 cases: 1 out of time, 2 failed under valgrind (--verbose says why; \
             --instructions always takes the time)\n"
        );
        assert_eq!(
            left_out(&cases[2..]),
            "\ninstructions not counted for 1 case: 1 failed under valgrind (--verbose says why)\n"
        );
        assert_eq!(
            reasons(&cases),
            "\nnot counted: unit/b: the time for all counts was over\nnot counted: unit/a, unit/c: base: oh\n"
        );
        assert_eq!((left_out(&[]), reasons(&[])), (String::new(), String::new()));
    }
}
