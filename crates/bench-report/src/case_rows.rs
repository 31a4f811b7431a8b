//! Turns ids into the rows of a table, and shows the common parts of cases only once.

use bench_syntax::Category;
use bench_syntax::case_id::{Tail, below, tail};
use bench_syntax::text::printable;

use crate::View;

/// Labels for the rows of a table of cases. Arguments that all cases share are shown above the table, those that a
/// block shares in its title, and a row shows only what differs from the row above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseRows {
    /// Arguments that occur in several blocks, always with the same value: `device=cpu`.
    pub everywhere: Vec<String>,
    /// The cases by model and category, in their original order.
    pub blocks: Vec<Block>,
    /// Whether all cases are of one category, and there are several of them.
    is_of_one_category: bool,
}

/// The cases of one model and category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// `resnet · performance`; the category alone if there is no model.
    pub title: String,
    /// Arguments that all of its cases have, with the same value.
    pub shared: Vec<String>,
    /// Its rows, one for each case.
    pub rows: Vec<CaseRow>,
}

/// The row of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// The index of the case.
    pub case: usize,
    /// The name, and the arguments that vary.
    pub label: String,
    /// Whether it is the first of several cases that differ only in their last argument: the others are compared with
    /// it.
    pub begins: bool,
}

type Key<'a> = (Option<&'a str>, Category);
type Argument<'a> = (&'a str, &'a str);

impl CaseRows {
    /// Creates the rows from ids, each with its model and category. Cases of the same block must be next to each
    /// other.
    pub fn of<'a>(cases: impl IntoIterator<Item = (&'a str, Option<&'a str>, Category)>) -> Self {
        let cases: Vec<(Key<'_>, Tail<'_>)> = cases
            .into_iter()
            .map(|(id, model, category)| ((model, category), tail(id, model, category)))
            .collect();
        let everywhere = everywhere(&cases);
        let mut blocks = Vec::new();
        let mut first = 0;
        for of_block in cases.chunk_by(|one, other| one.0 == other.0) {
            blocks.push(block(first, of_block, &everywhere));
            first += of_block.len();
        }
        let is_of_one_category = cases.len() > 1 && cases.iter().all(|(key, _)| key.1 == cases[0].0.1);
        CaseRows { everywhere: everywhere.into_iter().map(written).collect(), blocks, is_of_one_category }
    }

    /// Creates the rows from ids alone. An id without a category counts as one of `unit`, and is not shortened.
    pub fn of_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        CaseRows::of(ids.into_iter().map(|id| {
            let (model, category) = Category::of_id(id).unwrap_or((None, Category::Unit));
            (id, model, category)
        }))
    }

    /// Returns the line above the table with the arguments that all cases share; empty if there are none.
    pub fn above(&self, view: &View) -> String {
        if self.everywhere.is_empty() {
            return String::new();
        }
        let line = view.wrap(&format!("everywhere: {}", self.everywhere.join(" ")), 2);
        format!("{}\n\n", view.style.faint(&line))
    }

    /// Returns an id without the parts that the table prints only once: arguments that all cases, or all cases of its
    /// block, share, and the category if there is only one.
    pub fn short_id(&self, id: &str, model: Option<&str>, category: Category) -> String {
        let Tail { name, arguments } = tail(id, model, category);
        let Some(owner) =
            id.strip_suffix(below(id, model, category)).filter(|_| below(id, model, category) != id)
        else {
            return printable(id);
        };
        let title = title(model, category);
        let block = self.blocks.iter().find(|block| block.title == title);
        let shared = block.map(|block| block.shared.as_slice()).unwrap_or_default();
        let left: Vec<String> = arguments
            .into_iter()
            .map(written)
            .filter(|argument| !self.everywhere.contains(argument) && !shared.contains(argument))
            .collect();
        let left = if left.is_empty() { String::new() } else { format!("[{}]", left.join(",")) };
        let owner = match model {
            Some(model) if self.is_of_one_category => format!("{model}/"),
            None if self.is_of_one_category => String::new(),
            _ => owner.to_owned(),
        };
        printable(&format!("{owner}{name}{left}"))
    }
}

fn title(model: Option<&str>, category: Category) -> String {
    model.map_or_else(|| category.to_string(), |model| format!("{} · {category}", printable(model)))
}

fn written((name, value): Argument<'_>) -> String {
    printable(&format!("{name}={value}"))
}

/// Returns the arguments that occur in two blocks or more, always with the same value.
fn everywhere<'a>(cases: &[(Key<'a>, Tail<'a>)]) -> Vec<Argument<'a>> {
    let mut found: Vec<(Argument<'a>, Key<'a>, bool, bool)> = Vec::new();
    for (key, tail) in cases {
        for &(name, value) in &tail.arguments {
            match found.iter_mut().find(|((known, _), ..)| *known == name) {
                Some((argument, first, several, differs)) => {
                    *several |= first != key;
                    *differs |= argument.1 != value;
                }
                None => found.push(((name, value), *key, false, false)),
            }
        }
    }
    found
        .into_iter()
        .filter(|(.., several, differs)| *several && !differs)
        .map(|(argument, ..)| argument)
        .collect()
}

fn block<'a>(first: usize, cases: &[(Key<'a>, Tail<'a>)], everywhere: &[Argument<'a>]) -> Block {
    let (model, category) = cases[0].0;
    let title = title(model, category);
    let candidates = cases[0].1.arguments.iter().filter(|argument| !everywhere.contains(argument));
    let shared: Vec<Argument<'_>> = candidates
        .copied()
        .filter(|argument| cases.len() > 1 && cases.iter().all(|(_, tail)| tail.arguments.contains(argument)))
        .collect();
    let left: Vec<(&str, Vec<Argument<'_>>)> = cases
        .iter()
        .map(|(_, tail)| {
            let said =
                |argument: &&Argument<'_>| !everywhere.contains(argument) && !shared.contains(argument);
            (tail.name, tail.arguments.iter().filter(said).copied().collect())
        })
        .collect();
    // A long name must not push the arguments of all the others to the right.
    let widest =
        left.iter().filter(|(_, arguments)| !arguments.is_empty()).map(|(name, _)| width(name)).max();
    let mut rows = Vec::with_capacity(cases.len());
    for of_name in left.chunk_by(|one, other| one.0 == other.0) {
        rows_of_name(&mut rows, first, of_name, widest.unwrap_or_default());
    }
    Block { title, shared: shared.into_iter().map(written).collect(), rows }
}

/// Creates the rows of one name: the name is in the first of them, and an argument in the rows where it changes.
fn rows_of_name(
    rows: &mut Vec<CaseRow>,
    first: usize,
    cases: &[(&str, Vec<Argument<'_>>)],
    name_width: usize,
) {
    let columns = cases.iter().map(|(_, arguments)| arguments.len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let texts = cases.iter().filter_map(|(_, arguments)| arguments.get(column));
            texts.map(|argument| width(&written(*argument))).max().unwrap_or_default()
        })
        .collect();
    let mut above: Option<&Vec<Argument<'_>>> = None;
    for (name, arguments) in cases {
        let outer = |arguments: &Vec<Argument<'_>>| arguments.len().saturating_sub(1);
        let begins = above.is_none_or(|above| {
            above.len() != arguments.len() || above[..outer(above)] != arguments[..outer(arguments)]
        });
        let mut label = if above.is_none() { format!("  {}", printable(name)) } else { String::new() };
        pad(&mut label, 2 + name_width);
        let mut repeated = above.is_some();
        for (column, argument) in arguments.iter().enumerate() {
            repeated &= above.and_then(|above| above.get(column)) == Some(argument);
            label.push_str("  ");
            // The last argument is never left out, because it identifies the row.
            let text =
                if repeated && column + 1 < arguments.len() { String::new() } else { written(*argument) };
            let end = width(&label) + widths[column];
            label.push_str(&text);
            if column + 1 < arguments.len() {
                pad(&mut label, end);
            }
        }
        label.truncate(label.trim_end().len());
        rows.push(CaseRow { case: first + rows.len(), label, begins });
        above = Some(arguments);
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &mut String, columns: usize) {
    text.push_str(&" ".repeat(columns.saturating_sub(width(text))));
}

/// Names several cases together, by their common parts: the id of a single one, `model/category/name[…]`, or their
/// models.
pub fn together<'a>(cases: impl IntoIterator<Item = (&'a str, Option<&'a str>, Category)>) -> String {
    let cases: Vec<(&str, Option<&str>, Category)> = cases.into_iter().collect();
    let head = |id: &'a str| id.split('[').next().unwrap_or(id);
    match cases.as_slice() {
        [] => String::new(),
        [(id, ..)] => printable(id),
        [(first, ..), rest @ ..] if rest.iter().all(|(id, ..)| head(id) == head(first)) => {
            printable(&format!("{}[…]", head(first)))
        }
        all => {
            let mut owners: Vec<String> = Vec::new();
            for (_, model, category) in all {
                let owner = model.map_or_else(|| category.to_string(), printable);
                if !owners.contains(&owner) {
                    owners.push(owner);
                }
            }
            const SEVERAL: usize = 4;
            let left = owners.len().saturating_sub(SEVERAL);
            owners.truncate(SEVERAL);
            let others = if left > 0 { format!(" and {left} more") } else { String::new() };
            owners.join(", ") + &others
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ids: &[&str]) -> CaseRows {
        CaseRows::of_ids(ids.iter().copied())
    }

    #[test]
    fn what_is_shared_is_said_once() {
        let rows = rows(&[
            "resnet/unit/forward[device=cpu,dtype=f32,depth=18,batch=1]",
            "resnet/unit/forward[device=cpu,dtype=f32,depth=18,batch=16]",
            "resnet/unit/forward[device=cpu,dtype=f32,depth=50,batch=1]",
            "resnet/unit/step[device=cpu,dtype=f32]",
            "vit/unit/forward[device=cpu,batch=1]",
            "vit/unit/forward[device=cpu,batch=2]",
        ]);
        assert_eq!(rows.everywhere, ["device=cpu"]);
        assert_eq!(
            (rows.blocks[0].title.as_str(), &rows.blocks[0].shared),
            ("resnet · unit", &vec!["dtype=f32".to_owned()])
        );
        let labels = |block: usize| -> Vec<(usize, &str, bool)> {
            rows.blocks[block].rows.iter().map(|row| (row.case, row.label.as_str(), row.begins)).collect()
        };
        assert_eq!(
            labels(0),
            [
                (0, "  forward  depth=18  batch=1", true),
                (1, "                     batch=16", false),
                (2, "           depth=50  batch=1", true),
                (3, "  step", true),
            ]
        );
        assert_eq!(labels(1), [(4, "  forward  batch=1", true), (5, "           batch=2", false)]);
        let short = |id: &str| rows.short_id(id, Some("vit"), Category::Unit);
        assert_eq!(short("vit/unit/forward[device=cpu,batch=1]"), "vit/forward[batch=1]");
        assert_eq!(short("vit/unit/forward[device=cpu]"), "vit/forward");
        assert_eq!((short("vit/unit/forward"), short("x[n=1,m]")), ("vit/forward".into(), "x[n=1,m]".into()));
        let of_resnet = "resnet/unit/step[device=cpu,dtype=f32,n=1]";
        assert_eq!(rows.short_id(of_resnet, Some("resnet"), Category::Unit), "resnet/step[n=1]");
    }

    #[test]
    fn names_of_other_tools_stay_whole() {
        let rows = rows(&["performance/sums/of/1000", "performance/sums/of/64", "performance/x[n=1,m]"]);
        let labels: Vec<&str> = rows.blocks[0].rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(labels, ["  sums/of/1000", "  sums/of/64", "  x[n=1,m]"]);
        assert_eq!(rows.blocks[0].title, "performance");
    }

    #[test]
    fn a_single_case_keeps_its_arguments() {
        let rows = rows(&["m/unit/f[n=1,t=a]"]);
        assert_eq!(rows.blocks[0].rows[0].label, "  f  n=1  t=a");
        assert!(rows.everywhere.is_empty() && rows.blocks[0].shared.is_empty());
    }

    #[test]
    fn several_cases_go_by_what_they_share() {
        let named = |ids: &[&'static str]| {
            together(ids.iter().map(|id| {
                let (model, category) = Category::of_id(id).expect("an id");
                (*id, model, category)
            }))
        };
        assert_eq!(named(&["m/unit/f[n=1]"]), "m/unit/f[n=1]");
        assert_eq!(named(&["m/unit/f[n=1]", "m/unit/f[n=2]"]), "m/unit/f[…]");
        assert_eq!(named(&["m/unit/f", "m/unit/g"]), "m");
        assert_eq!(named(&["m/unit/f", "n/unit/f", "unit/f"]), "m, n, unit");
        let six = ["a/unit/f", "b/unit/f", "c/unit/f", "d/unit/f", "e/unit/f", "f/unit/f"];
        assert_eq!(named(&six), "a, b, c, d and 2 more");
    }
}
