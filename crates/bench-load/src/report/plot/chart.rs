//! [`Chart`]: lines and dots between two axes, as SVG.

use bench_report::plot::{Anchor, Axis, FAINT, Font, GRID, Svg, TEXT, ems, shortened};

use bench_syntax::quantity::rate;

use crate::report::figure;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 92.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 372.0;
/// The width of the legend, which is next to the data, never over it.
const LEGEND: f64 = 190.0;

const HEADING: Font = Font { size: 16.0, ink: TEXT, bold: true };
const SMALL: Font = Font { size: 11.0, ink: FAINT, bold: false };
const LABEL: Font = Font { size: 12.0, ink: TEXT, bold: false };

/// Colours that colour-blind people can tell apart (Okabe and Ito, 2008).
const INKS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#59636e"];

/// The ratio of the largest value to the smallest above which an axis is logarithmic.
const WIDE: f64 = 100.0;

/// Ends of intervals beyond this many times the largest value are cut off.
const MOST_ABOVE: f64 = 2.0;

/// A line chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The title, above the chart.
    pub title: String,
    /// A line below the title; none if it is empty.
    pub note: String,
    /// The horizontal axis.
    pub x: Scale,
    /// The vertical axis.
    pub y: Scale,
    /// The lines, in the order of the legend.
    pub lines: Vec<Line>,
}

/// One line, its dots, or both.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The text in the legend.
    pub label: String,
    /// The points, from left to right.
    pub points: Vec<Point>,
    /// Whether the line is dashed, as one that is only shown for comparison.
    pub dashed: bool,
    /// Whether the line has no dots.
    pub dotless: bool,
    /// Whether the dots are not connected.
    pub lineless: bool,
}

/// One value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Point {
    /// The horizontal position.
    pub x: f64,
    /// The vertical position.
    pub y: f64,
    /// Whether it is drawn hollow: a value with too few observations.
    pub hollow: bool,
    /// Whether it is drawn as a cross: a value that does not count.
    pub crossed: bool,
    /// The ends of its interval.
    pub bounds: Option<(f64, f64)>,
}

/// The quantity and the range of an axis.
#[derive(Clone, Debug)]
pub struct Scale {
    title: String,
    unit: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Settings, each with its own tick.
    Settings(Vec<f64>),
    /// Linear, from zero.
    Linear,
    /// Nines of a percentile.
    Nines,
    /// Linear from zero, or logarithmic if values span too much.
    Values,
}

impl Scale {
    /// Creates a scale of settings, each with its own tick.
    pub fn setting(title: &str, settings: impl Iterator<Item = f64>) -> Self {
        let mut settings: Vec<f64> = settings.filter(|at| at.is_finite() && *at > 0.0).collect();
        settings.sort_by(f64::total_cmp);
        settings.dedup();
        Scale { title: title.to_owned(), unit: String::new(), kind: Kind::Settings(settings) }
    }

    /// Creates a linear scale from zero.
    pub fn linear(title: &str) -> Self {
        Scale { title: title.to_owned(), unit: String::new(), kind: Kind::Linear }
    }

    /// Creates a scale of percentiles, on which 90 %, 99 %, 99.9 %, … are equally far apart.
    pub fn nines(title: &str) -> Self {
        Scale { title: title.to_owned(), unit: String::new(), kind: Kind::Nines }
    }

    /// Creates a scale of values in `unit`, from zero, or a logarithmic one if they span much.
    pub fn values(title: &str, unit: &str) -> Self {
        Scale { title: title.to_owned(), unit: unit.to_owned(), kind: Kind::Values }
    }

    /// Returns the axis for these values, with its ticks.
    fn lay(&self, values: &[f64], place: (f64, f64)) -> Laid {
        let most = values.iter().copied().fold(0.0, f64::max);
        let least = values.iter().copied().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        let logarithmic = match &self.kind {
            Kind::Settings(settings) => settings.len() > 2 && most / least > 4.0,
            Kind::Values => most / least > WIDE && least.is_finite(),
            Kind::Linear | Kind::Nines => false,
        };
        let range = match (&self.kind, logarithmic) {
            (Kind::Settings(_), false) if least < most => {
                (least - 0.05 * (most - least), most + 0.05 * (most - least))
            }
            (Kind::Settings(_), true) => (least.ln() - 0.1, most.ln() + 0.1),
            (_, true) => (least.ln() - 0.1, most.ln() + 0.1),
            _ => (0.0, if most > 0.0 { most * 1.06 } else { 1.0 }),
        };
        let axis = Axis { range, place };
        let ticks = match &self.kind {
            Kind::Settings(settings) => {
                let stride = settings.len().div_ceil(12).max(1);
                settings.iter().step_by(stride).map(|at| (*at, plain(*at))).collect()
            }
            Kind::Nines => {
                [(0.0, "0"), (1.0, "90"), (2.0, "99"), (3.0, "99.9"), (4.0, "99.99"), (5.0, "99.999")]
                    .into_iter()
                    .filter(|(at, _)| *at <= range.1)
                    .map(|(at, text)| (at, format!("{text} %")))
                    .collect()
            }
            _ if logarithmic => powers(least, most).map(|at| (at, self.tick(at))).collect(),
            _ => axis.ticks(6, 1.0).0.into_iter().map(|at| (at, self.tick(at))).collect(),
        };
        Laid { axis, logarithmic, ticks }
    }

    fn tick(&self, at: f64) -> String {
        match self.unit.as_str() {
            _ if at == 0.0 => "0".to_owned(),
            // Times have a unit that fits their size; the unit of other values is above the axis.
            "s" => figure(at, "s"),
            _ if at.abs() >= 10_000.0 => rate(at, "").trim().to_owned(),
            _ => plain(at),
        }
    }
}

/// Formats a number with at most four decimals.
fn plain(value: f64) -> String {
    format!("{}", (value * 1e4).round() / 1e4)
}

/// Returns the powers of ten in this range, as ticks of a logarithmic axis.
fn powers(least: f64, most: f64) -> impl Iterator<Item = f64> {
    let (first, last) = (least.log10().floor() as i32, most.log10().ceil() as i32);
    (first..=last.min(first + 24))
        .map(|power| 10f64.powi(power))
        .filter(move |at| *at >= least * 0.9 && *at <= most * 1.1)
}

struct Laid {
    axis: Axis,
    logarithmic: bool,
    ticks: Vec<(f64, String)>,
}

impl Laid {
    fn at(&self, value: f64) -> f64 {
        self.axis.at(self.scaled(value))
    }

    fn holds(&self, value: f64) -> bool {
        self.axis.holds(self.scaled(value))
    }

    fn scaled(&self, value: f64) -> f64 {
        if self.logarithmic { value.max(f64::MIN_POSITIVE).ln() } else { value }
    }
}

impl Chart {
    /// Returns the chart as the text of an SVG file.
    pub fn svg(&self) -> String {
        self.drawn().finish(&self.title, HEIGHT)
    }

    /// Returns the text of an SVG file with several charts, one below the other; `title` is for screen readers.
    pub fn stacked(title: &str, charts: &[Chart]) -> String {
        let mut svg = Svg::new(WIDTH);
        for (number, chart) in charts.iter().enumerate() {
            svg.place((0.0, HEIGHT * number as f64), chart.drawn());
        }
        svg.finish(title, HEIGHT * charts.len() as f64)
    }

    fn drawn(&self) -> Svg {
        let right = WIDTH - LEGEND - 20.0;
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let finite =
            |values: Vec<f64>| values.into_iter().filter(|value| value.is_finite()).collect::<Vec<_>>();
        let x = self.x.lay(&finite(all().map(|point| point.x).collect()), (LEFT, right));
        // Intervals are drawn in full, unless they are so wide that the values could no longer be read.
        let most = finite(all().map(|point| point.y).collect()).into_iter().fold(0.0, f64::max);
        let ends = all().filter_map(|point| point.bounds).map(|(_, high)| high.min(MOST_ABOVE * most));
        let y = self.y.lay(&finite(all().map(|point| point.y).chain(ends).collect()), (BOTTOM, TOP));
        let mut svg = Svg::new(WIDTH);
        let fits = shortened(&self.title, (WIDTH - 40.0) / HEADING.size);
        svg.text_with_title((20.0, 32.0), Anchor::Start, HEADING, &fits, Some(&self.title));
        let fits = shortened(&self.note, (WIDTH - 40.0) / SMALL.size);
        if !self.note.is_empty() {
            svg.text_with_title((20.0, 52.0), Anchor::Start, SMALL, &fits, Some(&self.note));
        }
        for (at, text) in &y.ticks {
            svg.line((LEFT, y.at(*at)), (right, y.at(*at)), GRID, 1.0);
            svg.text((LEFT - 8.0, y.at(*at) + 4.0), Anchor::End, SMALL, text);
        }
        for (at, text) in &x.ticks {
            svg.line((x.at(*at), BOTTOM), (x.at(*at), BOTTOM + 5.0), FAINT, 1.0);
            svg.text((x.at(*at), BOTTOM + 20.0), Anchor::Middle, SMALL, text);
        }
        svg.line((LEFT, BOTTOM), (right, BOTTOM), FAINT, 1.0);
        let unit = if self.y.unit.is_empty() { String::new() } else { format!(" ({})", self.y.unit) };
        let log = if y.logarithmic { ", logarithmic" } else { "" };
        let bars = if all().any(|point| point.bounds.is_some()) { ", with 95 % intervals" } else { "" };
        svg.text((20.0, TOP - 14.0), Anchor::Start, LABEL, &format!("{}{unit}{log}{bars}", self.y.title));
        svg.text((LEFT.midpoint(right), BOTTOM + 44.0), Anchor::Middle, LABEL, &self.x.title);
        for (number, line) in self.lines.iter().enumerate() {
            let ink = INKS[number % INKS.len()];
            draw(&mut svg, line, ink, (&x, &y));
            let top = TOP + 6.0 + 20.0 * number as f64;
            if top < BOTTOM {
                key(&mut svg, line, ink, (right + 18.0, top));
            }
        }
        svg
    }
}

fn draw(svg: &mut Svg, line: &Line, ink: &str, (x, y): (&Laid, &Laid)) {
    let drawn = || line.points.iter().filter(|point| point.x.is_finite() && point.y.is_finite());
    if !line.lineless && drawn().count() > 1 {
        let dash = if line.dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let attributes = |dash: &str| format!("stroke=\"{ink}\" stroke-width=\"2\"{dash}");
        let at = |point: &Point| (x.at(point.x), y.at(point.y));
        if line.dotless {
            // A dotted line stands for hollow dots. Points are ascending: all that follow the first hollow one are
            // hollow, too.
            let (solid, hollow): (Vec<&Point>, Vec<&Point>) = drawn().partition(|point| !point.hollow);
            if !hollow.is_empty() {
                let tail = solid.last().copied().into_iter().chain(hollow);
                svg.path(tail.map(at), &attributes(" stroke-dasharray=\"2 4\""));
            }
            svg.path(solid.into_iter().map(at), &attributes(dash));
        } else {
            svg.path(drawn().map(at), &attributes(dash));
        }
    }
    if line.dotless {
        return;
    }
    for point in drawn() {
        let place = (x.at(point.x), y.at(point.y));
        if let Some((low, high)) = point.bounds.filter(|(low, high)| low.is_finite() && high.is_finite()) {
            let within = |end: f64| y.at(end).clamp(TOP, BOTTOM);
            svg.line((place.0, within(low)), (place.0, within(high)), ink, 1.2);
            // A cap ends the interval; an arrow shows that it goes on beyond the frame.
            for (end, back) in [(low, -6.0), (high, 6.0)] {
                let (at, tip) = (place.0, within(end));
                if y.holds(end) {
                    svg.line((at - 3.5, tip), (at + 3.5, tip), ink, 1.2);
                } else {
                    let head = [(at, tip), (at - 4.0, tip + back), (at + 4.0, tip + back)];
                    svg.path(head, &format!("fill=\"{ink}\""));
                }
            }
        }
        mark(svg, place, ink, point, if line.lineless { 2.2 } else { 4.0 });
    }
}

fn mark(svg: &mut Svg, (x, y): (f64, f64), ink: &str, point: &Point, radius: f64) {
    if point.hollow {
        svg.circle((x, y), radius, &format!("fill=\"#ffffff\" stroke=\"{ink}\" stroke-width=\"1.6\""));
    }
    if point.crossed {
        let arm = radius + 0.8;
        svg.line((x - arm, y - arm), (x + arm, y + arm), ink, 1.8);
        svg.line((x - arm, y + arm), (x + arm, y - arm), ink, 1.8);
    } else if !point.hollow {
        svg.circle((x, y), radius, &format!("fill=\"{ink}\""));
    }
}

fn key(svg: &mut Svg, line: &Line, ink: &str, (x, y): (f64, f64)) {
    if line.lineless {
        let crossed = line.points.first().is_some_and(|point| point.crossed);
        mark(svg, (x + 11.0, y - 4.0), ink, &Point { crossed, ..Point::default() }, 4.0);
    } else {
        let dash = if line.dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        let attributes = format!("stroke=\"{ink}\" stroke-width=\"2\"{dash}");
        svg.path([(x, y - 4.0), (x + 22.0, y - 4.0)], &attributes);
    }
    let room = (LEGEND - 50.0) / LABEL.size;
    let text = if ems(&line.label) > room { shortened(&line.label, room) } else { line.label.clone() };
    svg.text_with_title((x + 30.0, y), Anchor::Start, LABEL, &text, Some(&line.label));
}
