//! A forest plot: one row for each case, with its change and the interval of the change.

use bench_record::Verdict;
use bench_report::plot::{Anchor, Axis, FAINT, Font, GRID, Svg, TEXT, ems, shortened};
use bench_stats as stats;

/// One case of a forest plot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IntervalRow {
    /// The case; any text.
    pub label: String,
    /// The relative change, 0.02 for +2 %; `None` if it is unknown.
    pub estimate: Option<f64>,
    /// The interval of the change, low and high; an end may be infinite.
    pub interval: Option<(f64, f64)>,
    /// The verdict.
    pub verdict: Verdict,
}

const WIDTH: f64 = 940.0;
const MARGIN: f64 = 20.0;
const ROW: f64 = 22.0;
/// The top of the rows.
const TOP: f64 = 92.0;
const LABEL: Font = Font { size: 12.0, ink: TEXT, bold: false };
const SMALL: Font = Font { size: 11.0, ink: FAINT, bold: false };
/// The largest width of the column of labels.
const LABELS: f64 = 290.0;
/// The widths of the columns on the right: change and its interval, and verdict.
const FIGURES: f64 = 168.0;
const VERDICTS: f64 = 62.0;
/// The number of rows from which on the axis is needed at both ends.
const ROWS_PER_SCREEN: usize = 25;

/// Draws a forest plot of relative changes: for each row a line for the interval, a dot for the estimate, and figures
/// and verdict as text, in colours that colour-blind people can distinguish (Okabe and Ito, 2008). The band between
/// −`threshold` and +`threshold` is shaded.
///
/// Returns the text of an SVG file. The scale fits most of the rows, so that a single extreme case does not make
/// the others unreadable. An end beyond the scale, or at infinity, becomes an arrow.
pub(crate) fn intervals(title: &str, rows: &[IntervalRow], threshold: f64) -> String {
    let threshold = if threshold.is_finite() { threshold.abs().min(10.0) } else { 0.0 };
    let widest = rows.iter().map(|row| ems(&row.label) * LABEL.size).fold(60.0, f64::max).min(LABELS);
    let left = MARGIN + widest + 28.0;
    let right = WIDTH - MARGIN - FIGURES - VERDICTS - 16.0;
    let axis = Axis { range: range(rows, threshold), place: (left, right) };
    let bottom = TOP + ROW * rows.len().max(1) as f64;

    let mut svg = Svg::new(WIDTH);
    let heading = Font { size: 16.0, ink: TEXT, bold: true };
    let fits = shortened(title, (WIDTH - 2.0 * MARGIN) / heading.size);
    svg.text_with_title((MARGIN, 32.0), Anchor::Start, heading, &fits, Some(title));
    let mut legend = "change of time and its interval, left is faster".to_owned();
    if threshold > 0.0 {
        legend += &format!(" · shaded: within ±{} %", (threshold * 1e4).round() / 1e2);
    }
    svg.text((MARGIN, 52.0), Anchor::Start, SMALL, &legend);
    ground(&mut svg, axis, threshold, (TOP, bottom), rows.len() > ROWS_PER_SCREEN);
    if rows.is_empty() {
        svg.text(((left + right) / 2.0, TOP + 15.0), Anchor::Middle, SMALL, "no cases");
    }
    for (position, row) in rows.iter().enumerate() {
        draw(&mut svg, axis, row, TOP + ROW * (position as f64 + 0.5), widest);
    }
    svg.finish(title, bottom + 40.0)
}

/// Returns the ends of the scale: it holds every value up to eight times the largest one of three quarters of the rows,
/// and the band with some room on both sides.
fn range(rows: &[IntervalRow], threshold: f64) -> (f64, f64) {
    let values = |row: &IntervalRow| {
        let ends = row.interval.map(|(low, high)| [low, high]).unwrap_or([f64::NAN; 2]);
        [ends[0], ends[1], row.estimate.unwrap_or(f64::NAN)].into_iter().filter(|value| value.is_finite())
    };
    let reaches: Vec<f64> =
        rows.iter().filter_map(|row| values(row).map(f64::abs).reduce(f64::max)).collect();
    let most = stats::nearest_rank(&stats::sorted(&reaches), 0.75).unwrap_or_default();
    let limit = (8.0 * most.max(3.0 * threshold)).min(1e6);
    let room = if threshold > 0.0 { 1.5 * threshold } else { (most * 0.1).max(1e-6) };
    // A change cannot be below −100 %.
    let limit_low = limit.min(1.0);
    let (low, high) = rows
        .iter()
        .flat_map(values)
        .filter(|value| (-limit_low..=limit).contains(value))
        .fold((-room, room), |(low, high), value| (low.min(value), high.max(value)));
    let margin = 0.03 * (high - low);
    (low - margin, high + margin)
}

fn ground(svg: &mut Svg, axis: Axis, threshold: f64, (top, bottom): (f64, f64), long: bool) {
    let (from, to) = (axis.at(-threshold), axis.at(threshold));
    svg.rectangle((from, top), (to - from, bottom - top), "fill=\"#eef1f4\"");
    let (ticks, decimals) = axis.ticks(((axis.place.1 - axis.place.0) / 50.0) as usize, 100.0);
    for tick in ticks {
        let x = axis.at(tick);
        let zero = tick.abs() < 1e-12;
        svg.line((x, top), (x, bottom), if zero { "#8c959f" } else { GRID }, if zero { 1.2 } else { 1.0 });
        let label = if zero { "0 %".to_owned() } else { signed(tick, decimals) };
        svg.text((x, top - 7.0), Anchor::Middle, SMALL, &label);
        if long {
            svg.text((x, bottom + 17.0), Anchor::Middle, SMALL, &label);
        }
    }
    for y in [top, bottom] {
        svg.line((MARGIN, y), (WIDTH - MARGIN, y), "#c8ced5", 1.0);
    }
    svg.text((WIDTH - MARGIN - VERDICTS, top - 7.0), Anchor::End, SMALL, "change and interval");
    svg.text((WIDTH - MARGIN, top - 7.0), Anchor::End, SMALL, "verdict");
    if !long {
        svg.text((axis.at(0.0) - 8.0, bottom + 17.0), Anchor::End, SMALL, "← faster");
        svg.text((axis.at(0.0) + 8.0, bottom + 17.0), Anchor::Start, SMALL, "slower →");
    }
}

fn draw(svg: &mut Svg, axis: Axis, row: &IntervalRow, y: f64, labels: f64) {
    let ink = ink(row.verdict);
    let text = y + 4.0;
    let fits = shortened(&row.label, labels / LABEL.size);
    svg.text_with_title((MARGIN, text), Anchor::Start, LABEL, &fits, Some(&row.label));
    let figures = Font { size: 11.0, ink: TEXT, bold: false };
    svg.text((WIDTH - MARGIN - VERDICTS, text), Anchor::End, figures, &in_figures(row));
    let bold = !matches!(row.verdict, Verdict::Same);
    let verdict = Font { size: 12.0, ink, bold };
    svg.text((WIDTH - MARGIN, text), Anchor::End, verdict, &row.verdict.to_string());
    if let Some((low, high)) = ordered(row.interval) {
        // An interval wholly beyond the scale is an arrow at the end of the scale, and not a dash.
        let reach = axis.place.1 - axis.place.0;
        let (from, to) =
            (axis.at(low).min(axis.place.1 - 0.03 * reach), axis.at(high).max(axis.place.0 + 0.03 * reach));
        svg.line((from, y), (to, y), ink, 2.2);
        arrow(svg, axis, y, ink, (low, high));
        for (value, x) in [(low, from), (high, to)] {
            if axis.holds(value) {
                svg.line((x, y - 3.5), (x, y + 3.5), ink, 1.4);
            }
        }
    }
    let Some(estimate) = row.estimate.filter(|value| value.is_finite()) else { return };
    if axis.holds(estimate) {
        let fill = if row.verdict == Verdict::Unsure { "#ffffff" } else { ink };
        svg.circle(
            (axis.at(estimate), y),
            4.2,
            &format!("fill=\"{fill}\" stroke=\"{ink}\" stroke-width=\"1.8\""),
        );
    } else {
        arrow(svg, axis, y, ink, (estimate, estimate));
    }
}

/// Draws arrow heads at the ends of the scale beyond which the interval continues.
fn arrow(svg: &mut Svg, axis: Axis, y: f64, ink: &str, (low, high): (f64, f64)) {
    let (left, right) = axis.place;
    let fill = format!("fill=\"{ink}\"");
    if low < axis.range.0 {
        svg.path([(left - 4.0, y), (left + 5.0, y - 4.5), (left + 5.0, y + 4.5)], &fill);
    }
    if high > axis.range.1 {
        svg.path([(right + 4.0, y), (right - 5.0, y - 4.5), (right - 5.0, y + 4.5)], &fill);
    }
}

/// Returns the interval with its lower end first; an end that is not a number becomes infinite.
fn ordered(interval: Option<(f64, f64)>) -> Option<(f64, f64)> {
    let (low, high) = interval?;
    let low = if low.is_nan() { f64::NEG_INFINITY } else { low };
    let high = if high.is_nan() { f64::INFINITY } else { high };
    Some((low.min(high), low.max(high)))
}

fn in_figures(row: &IntervalRow) -> String {
    let estimate = row.estimate.filter(|value| value.is_finite()).map(percent);
    let interval = ordered(row.interval).map(|(low, high)| format!("{} … {}", bare(low), bare(high)));
    match (estimate, interval) {
        (Some(estimate), Some(interval)) => format!("{estimate} ({interval})"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => "–".to_owned(),
    }
}

/// Formats a change as `+1.2 %`, with the number of digits that suits its size.
fn percent(change: f64) -> String {
    format!("{} %", bare(change))
}

fn bare(change: f64) -> String {
    if change.is_infinite() {
        return if change > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let percent = change * 100.0;
    match percent.abs() {
        magnitude if magnitude >= 99_950.0 => format!("{}{:.0e}", sign(percent), magnitude),
        magnitude if magnitude >= 99.95 => format!("{}{magnitude:.0}", sign(percent)),
        magnitude if magnitude >= 0.995 => format!("{}{magnitude:.1}", sign(percent)),
        magnitude => format!("{}{magnitude:.2}", sign(percent)),
    }
}

fn signed(change: f64, decimals: usize) -> String {
    format!("{}{:.decimals$} %", sign(change), (change * 100.0).abs())
}

/// Returns the sign of a value. A true minus is as wide as a plus, so that figures in a column line up.
fn sign(value: f64) -> char {
    if value < 0.0 { '−' } else { '+' }
}

/// Returns the colour of a verdict: Okabe and Ito's vermilion and blue are darkened until text has a contrast of 4.5 on
/// white (WCAG 2).
fn ink(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Slower => "#c24e00",
        Verdict::Faster => "#0072b2",
        Verdict::Unsure => "#8f6a00",
        Verdict::Failed => "#8b1a4b",
        _ => "#59636e",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_report::plot::testing::check_well_formed;

    fn row(label: &str, estimate: f64, interval: (f64, f64), verdict: Verdict) -> IntervalRow {
        IntervalRow { label: label.to_owned(), estimate: Some(estimate), interval: Some(interval), verdict }
    }

    #[test]
    fn a_row_says_all_in_words() {
        let svg = intervals("run", &[row("zoo/unit/f[n=1]", 0.021, (0.0121, 0.0304), Verdict::Slower)], 0.01);
        check_well_formed(&svg);
        for text in ["zoo/unit/f[n=1]", "+2.1 % (+1.2 … +3.0)", ">slower<", "±1 %", ">0 %<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn hostile_labels_stay_text() {
        let label = "</text><script>&\u{0}\u{1b}[31m\u{202e}\"'".repeat(8);
        let svg = intervals(&label, &[row(&label, 0.0, (-0.001, 0.001), Verdict::Same)], 0.01);
        check_well_formed(&svg);
        assert!(!svg.contains("<script"));
    }

    #[test]
    fn what_is_missing_or_infinite_is_drawn_without_it() {
        let blank = |verdict| IntervalRow { label: String::new(), estimate: None, interval: None, verdict };
        let rows = [
            blank(Verdict::Added),
            row("open", 0.01, (f64::NEG_INFINITY, f64::INFINITY), Verdict::Unsure),
            row("nan", f64::NAN, (f64::NAN, 0.02), Verdict::Unsure),
            row("reversed", f64::INFINITY, (0.03, 0.01), Verdict::Slower),
            row("huge", f64::MAX, (f64::MIN, f64::MAX), Verdict::Slower),
        ];
        for threshold in [0.01, 0.0, -0.01, f64::NAN, f64::INFINITY, f64::MAX] {
            let svg = intervals("ends", &rows, threshold);
            check_well_formed(&svg);
            assert!(svg.contains("(−∞ … ∞)") && svg.contains(">−∞ … +2.0<") && !svg.contains("NaN"), "{svg}");
        }
        check_well_formed(&intervals("", &[], 0.01));
        check_well_formed(&intervals("", &[blank(Verdict::Failed)], 0.0));
    }

    #[test]
    fn a_wild_case_leaves_the_scale_to_the_others() {
        let mut rows = vec![row("calm", 0.001, (-0.01, 0.012), Verdict::Unsure); 7];
        rows.push(row("wild", 12.0, (3.0, 40.0), Verdict::Slower));
        let (low, high) = range(&rows, 0.01);
        assert!(low > -0.05 && high < 0.05, "{low} {high}");
        check_well_formed(&intervals("wild", &rows, 0.01));
        // A change that is merely larger belongs in the picture.
        rows[7] = row("slower", 0.12, (0.10, 0.14), Verdict::Slower);
        assert!(range(&rows, 0.01).1 > 0.14);
    }

    #[test]
    fn hundreds_of_rows_fit() {
        let rows: Vec<IntervalRow> =
            (0..200).map(|k| row(&format!("case {k}"), 0.0, (-0.01, 0.01), Verdict::Same)).collect();
        let svg = intervals("many", &rows, 0.01);
        check_well_formed(&svg);
        assert!(svg.contains(">case 199<") && svg.len() < 400_000, "{}", svg.len());
    }
}
