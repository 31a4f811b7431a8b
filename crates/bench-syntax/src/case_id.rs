//! Case ids: `model/category/name[argument=value,…]`.

use std::cmp::Ordering;
use std::fmt::Write;

use crate::Category;
use crate::text::steers;

/// Returns the id without arguments: `resnet/performance/forward`, or `performance/forward` without a model.
pub fn head(model: Option<&str>, category: Category, name: &str) -> String {
    let model = model.map(|model| format!("{model}/")).unwrap_or_default();
    format!("{model}{category}/{name}")
}

/// Returns the id of a case. Characters of a value that would delimit an id or a line, or control a terminal, are
/// written as `%` and two hexadecimal digits for each byte, so that the id can be split again.
pub fn with_arguments<'a>(head: &str, arguments: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut id = String::with_capacity(head.len() + 32);
    id.push_str(head);
    let mut separator = '[';
    for (name, value) in arguments {
        id.push(separator);
        separator = ',';
        id.push_str(name);
        id.push('=');
        for c in value.chars() {
            if steers(c) || c.is_whitespace() || matches!(c, ',' | '=' | '[' | ']' | '/' | '%') {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(id, "%{byte:02X}");
                }
            } else {
                id.push(c);
            }
        }
    }
    if separator == ',' {
        id.push(']');
    }
    id
}

/// Returns the name of a benchmark that has no category, as in other harnesses: the id without the category
/// that was put in front of it; the whole id if the name contains one.
///
/// ```
/// use bench_syntax::case_id::free_name;
/// assert_eq!(free_name("performance/sort/1000"), "sort/1000");
/// assert_eq!(free_name("unit/softmax[len=8]"), "unit/softmax[len=8]");
/// ```
pub fn free_name(id: &str) -> &str {
    let name = id.strip_prefix(Category::Performance.name()).and_then(|rest| rest.strip_prefix('/'));
    name.filter(|name| Category::of_id(name).is_none()).unwrap_or(id)
}

/// Returns the part in which an id contradicts the fields of its case, if there is one. A program of another language
/// may write its own ids, but their parts must equal the fields of the case.
pub fn contradiction(id: &str, model: Option<&str>, category: Category, name: &str) -> Option<String> {
    if let Some(part) = model.into_iter().chain([name]).find(|part| !id.contains(part)) {
        return Some(format!("its id does not contain `{part}`"));
    }
    let (_, of_id) = Category::of_id(id).filter(|(_, of_id)| *of_id != category)?;
    Some(format!("its category is {category}, and that of its id {of_id}"))
}

/// The part of an id below its model and category, split. Values are as the id writes them, with delimiters escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail<'a> {
    /// The benchmark's name, which may contain slashes.
    pub name: &'a str,
    /// Arguments and their values, in the order of the id.
    pub arguments: Vec<(&'a str, &'a str)>,
}

/// Returns the part of an id below its model and category, unchanged; the whole id if it does not begin with them.
pub fn below<'a>(id: &'a str, model: Option<&str>, category: Category) -> &'a str {
    id.strip_prefix(&head(model, category, "")).unwrap_or(id)
}

/// Splits an id. An id that another tool has written, and that does not end in `[argument=value,…]`, is a name as a
/// whole.
///
/// ```
/// use bench_syntax::{Category, case_id};
///
/// let tail = case_id::tail("resnet/unit/forward[batch=8,dtype=f32]", Some("resnet"), Category::Unit);
/// assert_eq!((tail.name, tail.arguments), ("forward", vec![("batch", "8"), ("dtype", "f32")]));
/// ```
pub fn tail<'a>(id: &'a str, model: Option<&str>, category: Category) -> Tail<'a> {
    let below = below(id, model, category);
    let with_arguments = || {
        let (name, arguments) = below.strip_suffix(']')?.split_once('[')?;
        let arguments =
            arguments.split(',').map(|argument| argument.split_once('=')).collect::<Option<_>>()?;
        Some(Tail { name, arguments })
    };
    with_arguments().unwrap_or(Tail { name: below, arguments: Vec::new() })
}

/// Compares ids in the order in which people read them: texts by their characters, numbers in them by their value, so
/// that `[n=64]` comes before `[n=128]`.
///
/// ```
/// let mut ids = ["f[n=128]", "f[n=64]", "f[n=0.5]"];
/// ids.sort_by(|a, b| bench_syntax::case_id::order(a, b));
/// assert_eq!(ids, ["f[n=0.5]", "f[n=64]", "f[n=128]"]);
/// ```
pub fn order(one: &str, other: &str) -> Ordering {
    // If numbers are equal but written in two ways, such as 1 and 01, the text decides.
    Parts(one).cmp_by_parts(Parts(other)).then_with(|| one.cmp(other))
}

/// Iterates over the numbers of an id and the characters between them.
struct Parts<'a>(&'a str);

enum Part {
    Number(f64),
    Character(char),
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let first = self.0.chars().next()?;
        if !first.is_ascii_digit() {
            self.0 = &self.0[first.len_utf8()..];
            return Some(Part::Character(first));
        }
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let whole = digits(self.0);
        let decimals = self.0[whole..].strip_prefix('.').map_or(0, digits);
        let end = if decimals > 0 { whole + 1 + decimals } else { whole };
        let (number, rest) = self.0.split_at(end);
        self.0 = rest;
        // Digits with at most one point are always a number.
        Some(Part::Number(number.parse().unwrap_or(f64::INFINITY)))
    }
}

impl Parts<'_> {
    fn cmp_by_parts(mut self, mut other: Self) -> Ordering {
        loop {
            let order = match (self.next(), other.next()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => return Ordering::Less,
                (Some(_), None) => return Ordering::Greater,
                (Some(Part::Number(one)), Some(Part::Number(other))) => one.total_cmp(&other),
                (Some(Part::Character(one)), Some(Part::Character(other))) => one.cmp(&other),
                (Some(Part::Number(_)), Some(Part::Character(other))) => '0'.cmp(&other),
                (Some(Part::Character(one)), Some(Part::Number(_))) => one.cmp(&'0'),
            };
            if order.is_ne() {
                return order;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_no_delimiters() {
        let id = |value: &str| {
            with_arguments(&head(Some("resnet"), Category::Unit, "f"), [("text", value)].into_iter())
        };
        assert_eq!(id("a b"), "resnet/unit/f[text=a%20b]");
        assert_eq!(id("x,y=[%]/\n"), "resnet/unit/f[text=x%2Cy%3D%5B%25%5D%2F%0A]");
        assert_eq!(id("é\u{202e}"), "resnet/unit/f[text=é%E2%80%AE]");
        assert_eq!(with_arguments(&head(None, Category::Unit, "f"), std::iter::empty()), "unit/f");
    }

    /// Tests the table that `python/tests/test_case_id.py` reads, too: both languages write the same ids.
    #[test]
    fn ids_are_those_of_other_languages() {
        let table: serde_json::Value =
            serde_json::from_str(include_str!("case_id/ids.json")).expect("a table");
        let rows = table.as_array().expect("rows");
        assert!(rows.len() > 10);
        for row in rows {
            let text = |key: &str| row[key].as_str().map(str::to_owned);
            let category = text("category").expect("a category").parse().expect("a category");
            let pairs = row["arguments"].as_array().expect("arguments");
            let arguments = pairs
                .iter()
                .map(|pair| (pair[0].as_str().expect("a name"), pair[1].as_str().expect("a value")));
            let head = head(row["model"].as_str(), category, &text("name").expect("a name"));
            assert_eq!(Some(with_arguments(&head, arguments)), text("id"), "{row}");
        }
    }

    #[test]
    fn what_is_no_list_of_arguments_belongs_to_the_name() {
        let name = |id| tail(id, None, Category::Unit).name;
        assert_eq!(name("unit/sums/of/1000"), "sums/of/1000");
        assert_eq!(name("unit/x[n=1/2]"), "x");
        assert_eq!(name("unit/x[1000]"), "x[1000]");
        assert_eq!(name("unit/x[]"), "x[]");
        assert_eq!(name("strange"), "strange");
        assert_eq!(tail("unit/x[n=1/2]", None, Category::Unit).arguments, [("n", "1/2")]);
    }

    #[test]
    fn numbers_are_ordered_by_their_value() {
        let ascending = [
            "m/unit/f",
            "m/unit/f[n=0.25,t=f32]",
            "m/unit/f[n=0.5,t=f16]",
            "m/unit/f[n=1]",
            "m/unit/f[n=9,batch=2]",
            "m/unit/f[n=9,batch=16]",
            "m/unit/f[n=10]",
            "m/unit/f[n=128]",
            "m/unit/f[n=1024]",
            "m/unit/f[n=1024x2]",
            "m/unit/f[n=99999999999999999999999]",
            "m/unit/f[n=a]",
            "m/unit/f[n=é]",
            "m/unit/g",
        ];
        for (place, one) in ascending.iter().enumerate() {
            for (other_place, other) in ascending.iter().enumerate() {
                assert_eq!(order(one, other), place.cmp(&other_place), "{one} and {other}");
            }
        }
        assert_eq!((order("f[n=1]", "f[n=01]"), order("1.", "1.")), (Ordering::Greater, Ordering::Equal));
    }
}
