//! Draws two distributions of times on the same axis.

use bench_report::Window;
use bench_report::plot::{Anchor, Axis, FAINT, Font, GRID, Svg, TEXT, ems, shortened};
use bench_report::window::usable;
use bench_stats as stats;
use bench_syntax::quantity::Seconds;

const WIDTH: f64 = 880.0;
const MARGIN: f64 = 20.0;
/// The top and the height of the curves.
const TOP: f64 = 70.0;
const HEIGHT: f64 = 210.0;
/// The height of the strip of a side, with box and rug, below the curves.
const STRIP: f64 = 44.0;
const SMALL: Font = Font { size: 11.0, ink: FAINT, bold: false };
const NAMES: f64 = 150.0;
const MEDIANS: f64 = 132.0;
/// The number of places at which a curve is drawn.
const POINTS: usize = 300;
/// The largest number of ticks of a rug: more would be a solid bar.
const RUG: usize = 400;
/// A curve that is higher than the other by more than this factor would make the other a flat line.
const STEEPEST: f64 = 4.0;

/// One side of the picture.
struct Side<'a> {
    name: &'a str,
    /// All values, ascending, including those that are not shown.
    values: Vec<f64>,
    outside: usize,
    ink: &'static str,
    fill: &'static str,
}

impl<'a> Side<'a> {
    fn new(
        (name, values): (&'a str, &[f64]),
        window: Option<Window>,
        ink: &'static str,
        fill: &'static str,
    ) -> Self {
        let outside =
            values.iter().filter(|value| !window.is_some_and(|window| window.holds(**value))).count();
        Side { name, values: stats::sorted(&usable(values)), outside, ink, fill }
    }

    fn percentile(&self, p: f64) -> Option<f64> {
        stats::nearest_rank(&self.values, p)
    }
}

/// Draws the times per iteration (in seconds) of one case on both sides: densities on the same axis, and for each side
/// a box (quartiles, whiskers from percentile 5 to 95), its median in figures and a rug of the samples.
///
/// The axis spans percentiles 0.5 to 99.5 of both sides (beyond percentiles 5 and 95, at most half of their distance),
/// and the picture shows how many values lie outside or are not finite. Quantiles are those of all finite values.
/// Returns the text of an SVG file.
pub(crate) fn distributions(title: &str, base: (&str, &[f64]), candidate: (&str, &[f64])) -> String {
    let window = match (Window::of(base.1), Window::of(candidate.1)) {
        (Some(one), Some(other)) => Some(one.and(other)),
        (one, other) => one.or(other),
    }
    .map(Window::widened);
    let sides =
        [Side::new(base, window, "#59636e", "#59636e"), Side::new(candidate, window, "#0072b2", "#56b4e9")];
    let mut svg = Svg::new(WIDTH);
    let heading = Font { size: 16.0, ink: TEXT, bold: true };
    let fits = shortened(title, (WIDTH - 2.0 * MARGIN) / heading.size);
    svg.text_with_title((MARGIN, 32.0), Anchor::Start, heading, &fits, Some(title));
    let bottom = TOP + HEIGHT + 12.0 + 2.0 * STRIP;
    svg.text(
        (MARGIN, 52.0),
        Anchor::Start,
        SMALL,
        "time per iteration: density; below it quartiles (box), percentiles 5 to 95 (whiskers) and samples",
    );
    let Some(window) = window else {
        svg.text((WIDTH / 2.0, TOP + HEIGHT / 2.0), Anchor::Middle, SMALL, "no samples");
        return svg.finish(title, bottom + 40.0);
    };
    let axis = Axis { range: (window.low, window.high), place: (MARGIN + NAMES, WIDTH - MARGIN - MEDIANS) };
    let unit = ground(&mut svg, axis, bottom);
    let even = curves(&mut svg, axis, &sides);
    for (position, side) in sides.iter().enumerate() {
        strip(&mut svg, axis, side, TOP + HEIGHT + 12.0 + STRIP * (position as f64 + 0.5));
    }
    svg.text((axis.place.0 - 30.0, bottom + 18.0), Anchor::End, SMALL, unit);
    let mut notes = Vec::new();
    let outside: usize = sides.iter().map(|side| side.outside).sum();
    let of = base.1.len() + candidate.1.len();
    if outside > 0 {
        notes.push(format!("{outside} of {of} values lie outside the picture or are not finite"));
    }
    if !even {
        notes.push("the curves have different vertical scales".to_owned());
    }
    svg.text((MARGIN, bottom + 40.0), Anchor::Start, SMALL, &notes.join(" · "));
    svg.finish(title, bottom + if notes.is_empty() { 34.0 } else { 54.0 })
}

/// Draws grid and labels; returns the unit of the labels.
fn ground(svg: &mut Svg, axis: Axis, bottom: f64) -> &'static str {
    let (scale, unit) = Seconds(axis.range.0.abs().max(axis.range.1.abs())).unit();
    let (ticks, decimals) = axis.ticks(9, scale);
    for tick in ticks {
        let x = axis.at(tick);
        svg.line((x, TOP), (x, bottom), GRID, 1.0);
        svg.text((x, bottom + 18.0), Anchor::Middle, SMALL, &format!("{:.decimals$}", tick * scale));
    }
    for y in [TOP + HEIGHT, bottom] {
        svg.line((axis.place.0, y), (axis.place.1, y), "#c8ced5", 1.0);
    }
    unit
}

/// Draws both densities and their medians; returns whether both have the same scale.
fn curves(svg: &mut Svg, axis: Axis, sides: &[Side<'_>; 2]) -> bool {
    let narrowest = (axis.range.1 - axis.range.0) / 160.0;
    let curves = sides.each_ref().map(|side| stats::density(&side.values, axis.range, POINTS, narrowest));
    let peaks = curves.each_ref().map(|curve| curve.iter().copied().fold(0.0, f64::max));
    let highest = peaks[0].max(peaks[1]);
    let mut even = true;
    for ((side, curve), peak) in sides.iter().zip(&curves).zip(peaks) {
        // NaN if a side has no sample; then there is no curve either.
        if !(peak > 0.0 && peak.is_finite()) {
            continue;
        }
        let flat = peak * STEEPEST < highest;
        even &= !flat;
        let scale = 0.94 * HEIGHT / if flat { peak * STEEPEST } else { highest };
        let base = TOP + HEIGHT;
        let place = |(point, value): (usize, &f64)| {
            let x = axis.place.0 + (axis.place.1 - axis.place.0) * point as f64 / (POINTS - 1) as f64;
            (x, base - scale * value)
        };
        let outline = || curve.iter().enumerate().map(place);
        let closed = [(axis.place.0, base)].into_iter().chain(outline()).chain([(axis.place.1, base)]);
        svg.path(closed, &format!("fill=\"{}\" fill-opacity=\"0.28\"", side.fill));
        svg.path(outline(), &format!("stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"", side.ink));
    }
    for side in sides {
        if let Some(median) = stats::median(&side.values).filter(|median| axis.holds(*median)) {
            let x = axis.at(median);
            let attributes = format!("stroke=\"{}\" stroke-width=\"1.6\" stroke-dasharray=\"5 3\"", side.ink);
            svg.path([(x, TOP + 4.0), (x, TOP + HEIGHT)], &attributes);
        }
    }
    even
}

/// Draws name, box, rug and median of one side.
fn strip(svg: &mut Svg, axis: Axis, side: &Side<'_>, y: f64) {
    let name = Font { size: 13.0, ink: side.ink, bold: true };
    let room = (NAMES - 12.0) / name.size;
    // Bold letters are a little wider than `ems` assumes.
    let fits = shortened(side.name, room.min(ems(side.name) * 1.1).max(room * 0.92));
    svg.text_with_title((MARGIN, y + 1.0), Anchor::Start, name, &fits, Some(side.name));
    let count = match side.values.len() {
        0 => "no samples".to_owned(),
        1 => "1 sample".to_owned(),
        many => format!("{many} samples"),
    };
    svg.text((MARGIN, y + 15.0), Anchor::Start, SMALL, &count);
    let quantiles = [0.05, 0.25, 0.75, 0.95].map(|p| side.percentile(p));
    let ([Some(p5), Some(p25), Some(p75), Some(p95)], Some(median)) =
        (quantiles, stats::median(&side.values))
    else {
        return;
    };
    svg.text((WIDTH - MARGIN, y + 1.0), Anchor::End, name, &Seconds(median).to_string());
    svg.text((WIDTH - MARGIN, y + 15.0), Anchor::End, SMALL, "median");
    let stroke = format!("stroke=\"{}\" stroke-width=\"1.4\"", side.ink);
    let places = [p5, p25, p75, p95].map(|value| axis.at(value));
    svg.line((places[0], y - 5.0), (places[3], y - 5.0), side.ink, 1.4);
    for x in [places[0], places[3]] {
        svg.line((x, y - 9.0), (x, y - 1.0), side.ink, 1.4);
    }
    let look = format!("fill=\"#ffffff\" {stroke} rx=\"1\"");
    svg.rectangle((places[1], y - 12.0), ((places[2] - places[1]).max(1.0), 14.0), &look);
    svg.rectangle(
        (places[1], y - 12.0),
        ((places[2] - places[1]).max(1.0), 14.0),
        &format!("fill=\"{}\" fill-opacity=\"0.28\"", side.fill),
    );
    svg.line((axis.at(median), y - 12.0), (axis.at(median), y + 2.0), side.ink, 2.6);
    let shown: Vec<f64> = side.values.iter().copied().filter(|value| axis.holds(*value)).collect();
    // Ranks at even distances keep the shape of the whole.
    let every = shown.len().div_ceil(RUG).max(1);
    let places = shown.iter().step_by(every).map(|value| axis.at(*value));
    let opacity = if shown.len() > 60 { 0.35 } else { 0.7 };
    svg.rug(places, (y + 6.0, y + 14.0), &format!("stroke=\"{}\" stroke-opacity=\"{opacity}\"", side.ink));
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_report::plot::testing::check_well_formed;

    fn ramp(from: f64, step: f64) -> Vec<f64> {
        (0..121).map(|k| from + step * f64::from(k)).collect()
    }

    #[test]
    fn both_sides_and_their_medians_are_named() {
        let svg = distributions("f", ("main", &ramp(1e-3, 1e-6)), ("HEAD", &ramp(1.1e-3, 1e-6)));
        check_well_formed(&svg);
        for text in [">main<", ">HEAD<", ">1.060 ms<", ">1.160 ms<", ">121 samples<", ">ms<", ">1.10<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert!(!svg.contains("outside"), "{svg}");
    }

    #[test]
    fn a_heavy_tail_is_cut_and_counted() {
        let mut heavy = ramp(1e-3, 1e-6);
        heavy.extend([1.0, 20.0, f64::NAN]);
        let svg = distributions("f", ("a", &heavy), ("b", &ramp(1e-3, 1e-6)));
        check_well_formed(&svg);
        assert!(svg.contains("3 of 245 values lie outside"), "{svg}");
        assert!(svg.contains(">1.05<"), "{svg}");
    }

    #[test]
    fn data_of_any_kind_can_be_drawn() {
        let ramp = ramp(1e-9, 1e-12);
        let kinds: [&[f64]; 10] = [
            &[],
            &[0.0],
            &[1.0; 5],
            &[0.0; 300],
            &[f64::NAN, f64::INFINITY],
            &[f64::MAX, f64::MIN, 1.0],
            &[-1.0, 1.0],
            &[1e-300, 2e-300],
            &[1.0, 1.0 + f64::EPSILON],
            &ramp,
        ];
        for one in kinds {
            for other in kinds {
                check_well_formed(&distributions("<&\u{1}>", ("</svg>\u{202e}", one), ("\u{0}\"", other)));
            }
        }
    }

    #[test]
    fn a_flat_curve_beside_a_peak_is_told() {
        let svg = distributions("f", ("steady", &[1e-3; 50]), ("spread", &ramp(0.8e-3, 4e-6)));
        check_well_formed(&svg);
        assert!(svg.contains("the curves have different vertical scales"), "{svg}");
    }
}
