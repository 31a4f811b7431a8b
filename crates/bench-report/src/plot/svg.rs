//! The few elements of SVG that the plots consist of.

use std::fmt::{self, Write};

use bench_syntax::text::steers;

/// The colour of the main text.
pub const TEXT: &str = "#1f2328";
/// The colour of less important text.
pub const FAINT: &str = "#59636e";
/// The colour of grid lines.
pub const GRID: &str = "#e4e7eb";

/// A picture under construction. Coordinates are in CSS pixels, y downwards.
pub struct Svg {
    width: f64,
    body: String,
}

/// The end of a text that its position refers to.
#[derive(Clone, Copy)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// The look of a text.
#[derive(Clone, Copy)]
pub struct Font {
    /// Height of an em, in pixels.
    pub size: f64,
    /// Its colour: `#1f2328`.
    pub ink: &'static str,
    /// Whether it is set in bold.
    pub bold: bool,
}

/// A coordinate or a length, in pixels. NaN must not get into the file: a viewer would drop the element.
struct Pixels(f64);

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = if self.0.is_finite() { (self.0 * 10.0).round() } else { 0.0 };
        write!(f, "{}", tenths / 10.0)
    }
}

impl Svg {
    /// Creates an empty picture of `width` pixels; its height is set by `finish`.
    pub fn new(width: f64) -> Self {
        Svg { width, body: String::new() }
    }

    /// Adds a text on one line, with its baseline at `y`.
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, font: Font, content: &str) {
        self.text_with_title((x, y), anchor, font, content, None);
    }

    /// Adds a text that shows `title` under the mouse pointer.
    pub fn text_with_title(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        font: Font,
        content: &str,
        title: Option<&str>,
    ) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = if font.bold { " font-weight=\"600\"" } else { "" };
        let title = title.map(|title| format!("<title>{}</title>", escape(title))).unwrap_or_default();
        self.push(format_args!(
            "<text x=\"{}\" y=\"{}\"{anchor} font-size=\"{}\"{weight} fill=\"{}\">{title}{}</text>",
            Pixels(x),
            Pixels(y),
            Pixels(font.size),
            font.ink,
            escape(content)
        ));
    }

    /// Adds a straight line, `width` pixels wide.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: &str, width: f64) {
        self.push(format_args!(
            "<path d=\"M{} {}L{} {}\" stroke=\"{ink}\" stroke-width=\"{}\"/>",
            Pixels(from.0),
            Pixels(from.1),
            Pixels(to.0),
            Pixels(to.1),
            Pixels(width)
        ));
    }

    /// Adds a rectangle from its upper left corner; fill and stroke are in the attributes.
    pub fn rectangle(&mut self, corner: (f64, f64), size: (f64, f64), attributes: &str) {
        self.push(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {attributes}/>",
            Pixels(corner.0),
            Pixels(corner.1),
            Pixels(size.0.max(0.0)),
            Pixels(size.1.max(0.0))
        ));
    }

    /// Adds a circle; fill and stroke are in the attributes.
    pub fn circle(&mut self, (x, y): (f64, f64), radius: f64, attributes: &str) {
        self.push(format_args!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {attributes}/>",
            Pixels(x),
            Pixels(y),
            Pixels(radius)
        ));
    }

    /// Adds a line through `points`; fill and stroke are in the attributes.
    pub fn path(&mut self, points: impl IntoIterator<Item = (f64, f64)>, attributes: &str) {
        let mut data = String::new();
        for (position, (x, y)) in points.into_iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(data, "{}{} {}", if position == 0 { 'M' } else { 'L' }, Pixels(x), Pixels(y));
        }
        self.push(format_args!("<path d=\"{data}\" {attributes}/>"));
    }

    /// Draws short upright lines, as one element: a rug can have hundreds.
    pub fn rug(
        &mut self,
        places: impl IntoIterator<Item = f64>,
        (top, bottom): (f64, f64),
        attributes: &str,
    ) {
        let mut data = String::new();
        for x in places {
            let _ = write!(data, "M{} {}V{}", Pixels(x), Pixels(top), Pixels(bottom));
        }
        self.push(format_args!("<path d=\"{data}\" {attributes}/>"));
    }

    /// Draws round dots, as one element: a cloud can have thousands. Their diameter is the width of the stroke.
    pub fn dots(&mut self, places: impl IntoIterator<Item = (f64, f64)>, attributes: &str) {
        let mut data = String::new();
        for (x, y) in places {
            let _ = write!(data, "M{} {}h0", Pixels(x), Pixels(y));
        }
        self.push(format_args!("<path d=\"{data}\" stroke-linecap=\"round\" {attributes}/>"));
    }

    /// Draws diagonal crosses that extend `reach` pixels from their centre to each side, as one element.
    pub fn crosses(&mut self, places: impl IntoIterator<Item = (f64, f64)>, reach: f64, attributes: &str) {
        let mut data = String::new();
        for (x, y) in places {
            for (from, to) in [(-reach, reach), (reach, -reach)] {
                let (left, right) = (Pixels(x - reach), Pixels(x + reach));
                let _ = write!(data, "M{left} {}L{right} {}", Pixels(y + from), Pixels(y + to));
            }
        }
        self.push(format_args!("<path d=\"{data}\" {attributes}/>"));
    }

    /// Places all of `other` with its upper left corner at this position.
    pub fn place(&mut self, (x, y): (f64, f64), other: Svg) {
        self.push(format_args!("<g transform=\"translate({} {})\">", Pixels(x), Pixels(y)));
        self.body += &other.body;
        self.push(format_args!("</g>"));
    }

    fn push(&mut self, element: fmt::Arguments<'_>) {
        let _ = writeln!(self.body, "{element}");
    }

    /// Returns the file. `title` is for screen readers.
    pub fn finish(self, title: &str, height: f64) -> String {
        let (width, height) = (Pixels(self.width), Pixels(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\" fill=\"none\" \
             font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif\">\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escape(title),
            self.body
        )
    }
}

/// Escapes text for XML. Ids contain text of users: control characters are not even allowed as entities, and changes of
/// writing direction would make one label look like another.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c if steers(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Estimates the width of `text`, in ems. The font is not known here: the widths are those of Arial, a little more for
/// wider fonts, and 1 for scripts of full width.
pub fn ems(text: &str) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | '[' | ']' | '/' | ' ' => 0.3,
            'f' | 't' | 'r' | '(' | ')' | '-' => 0.37,
            'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.88,
            'A'..='Z' | '+' | '=' | '<' | '>' | '~' => 0.7,
            c if c.is_ascii() || ('\u{a0}'..'\u{500}').contains(&c) => 0.6,
            _ => 1.0,
        })
        .sum()
}

/// Returns `text` if it fits into `width` ems, or else its beginning and its end: an id begins with the model and ends
/// with the arguments.
pub fn shortened(text: &str, width: f64) -> String {
    if ems(text) <= width {
        return text.to_owned();
    }
    let half = (width - 1.0) / 2.0;
    let fitting = |characters: &mut dyn Iterator<Item = char>| {
        let mut used = 0.0;
        let mut taken = Vec::new();
        for c in characters {
            used += ems(c.encode_utf8(&mut [0; 4]));
            if used > half {
                break;
            }
            taken.push(c);
        }
        taken
    };
    let head: String = fitting(&mut text.chars()).into_iter().collect();
    let tail: String = fitting(&mut text.chars().rev()).into_iter().rev().collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::testing::check_well_formed;

    #[test]
    fn nothing_gets_out_of_its_text() {
        assert_eq!(
            escape("<a b='c' d=\"e\">&\u{0}\u{1b}\u{202e}\u{ffff}"),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn long_labels_keep_both_ends() {
        assert_eq!(shortened("short", 20.0), "short");
        let long = shortened("resnet50/performance/forward[batch=8,dtype=f32,device=cpu]", 12.0);
        assert!(long.starts_with("resnet50") && long.ends_with("cpu]") && long.contains('…'), "{long}");
        assert!(ems(&long) <= 12.0);
        assert_eq!(shortened(&"漢".repeat(30), 9.0), "漢漢漢漢…漢漢漢漢");
    }

    #[test]
    fn what_is_no_number_is_drawn_at_zero() {
        let mut svg = Svg::new(10.0);
        svg.circle((f64::NAN, f64::INFINITY), 1.26, "");
        let svg = svg.finish("t", 10.0);
        check_well_formed(&svg);
        assert!(svg.contains("<circle cx=\"0\" cy=\"0\" r=\"1.3\" />"), "{svg}");
    }
}
