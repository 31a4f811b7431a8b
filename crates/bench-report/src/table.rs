//! A table of text: the first column is left-aligned, the others are right-aligned.

use std::fmt::{self, Write};

use crate::{Block, Style};

/// The gap between columns.
const GAP: &str = "  ";

/// Rows of cells under a header, with headings between them.
#[derive(Debug)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    /// A bold text, and the plain text after it.
    Heading(String, String),
    /// The cells of a row.
    Cells(Vec<String>),
    /// The first cell, and a remark in place of the others.
    Remark(String, String),
}

impl Table {
    /// Creates an empty table with these headers.
    pub fn new(header: &[impl AsRef<str>]) -> Self {
        Table { header: header.iter().map(|name| name.as_ref().to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a separate line between rows.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.rows.push(Row::Heading(text.into(), String::new()));
    }

    /// Adds the heading of a block of cases: its title, and the arguments that its cases share.
    pub fn block(&mut self, block: &Block, style: Style) {
        let shared = block.shared.join(" ");
        let shared = if shared.is_empty() { shared } else { format!("  {}", style.faint(&shared)) };
        self.rows.push(Row::Heading(block.title.clone(), shared));
    }

    /// Adds a row, with a cell for each header.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a row with a remark in place of all cells except the first.
    pub fn remark(&mut self, first: impl Into<String>, text: impl Into<String>) {
        self.rows.push(Row::Remark(first.into(), text.into()));
    }

    /// Returns the number of terminal columns that the table takes; remarks can take more.
    pub fn columns(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
    }

    /// Leaves out the columns with these titles, in this order, until the table is no wider than `columns`.
    pub fn fit(&mut self, columns: usize, dispensable: &[&str]) {
        for title in dispensable {
            if self.columns() <= columns {
                return;
            }
            self.leave_out(title);
        }
    }

    /// Leaves out the columns with these titles that are empty in every row.
    pub fn leave_out_empty(&mut self, titles: &[&str]) {
        for title in titles {
            let Some(position) = self.header.iter().position(|name| name == title) else { continue };
            let has_text = |row: &Row| match row {
                Row::Cells(cells) => cells.get(position).is_some_and(|cell| !cell.is_empty()),
                _ => false,
            };
            if !self.rows.iter().any(has_text) {
                self.leave_out(title);
            }
        }
    }

    fn leave_out(&mut self, title: &str) {
        let Some(position) = self.header.iter().position(|name| name == title) else { return };
        self.header.remove(position);
        for row in &mut self.rows {
            if let Row::Cells(cells) = row
                && position < cells.len()
            {
                cells.remove(position);
            }
        }
    }

    /// Renders the table as lines; `bold` paints bold text.
    pub fn render(&self, bold: impl Fn(&str) -> String) -> String {
        self.render_with(&bold)
    }

    /// Renders the table. Not generic, so that it is compiled once and not for each closure.
    fn render_with(&self, bold: &dyn Fn(&str) -> String) -> String {
        let widths = self.widths();
        let mut out = String::new();
        let header = line(&widths, self.header.iter().map(String::as_str));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", bold(&header));
        for row in &self.rows {
            let _: fmt::Result = match row {
                Row::Heading(text, more) => writeln!(out, "{}{more}", bold(text)),
                Row::Cells(cells) => writeln!(out, "{}", line(&widths, cells.iter().map(String::as_str))),
                Row::Remark(first, text) => {
                    writeln!(out, "{first}{}  {text}", " ".repeat(widths[0] - width(first)))
                }
            };
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|cell| width(cell)).collect();
        for row in &self.rows {
            match row {
                Row::Cells(cells) => {
                    for (known, cell) in widths.iter_mut().zip(cells) {
                        *known = (*known).max(width(cell));
                    }
                }
                Row::Remark(first, _) => widths[0] = widths[0].max(width(first)),
                Row::Heading(..) => {}
            }
        }
        widths
    }
}

fn line<'a>(widths: &[usize], cells: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for (position, (known, cell)) in widths.iter().zip(cells).enumerate() {
        let padding = " ".repeat(known - width(cell).min(*known));
        if position == 0 {
            out += cell;
            out += &padding;
        } else {
            out += GAP;
            out += &padding;
            out += cell;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Returns the number of columns that a cell takes: escape sequences take none, every other character one. Names in
/// wide scripts are therefore not aligned; figures are.
fn width(cell: &str) -> usize {
    let mut columns = 0;
    let mut escaped = false;
    for c in cell.chars() {
        match (escaped, c) {
            (false, '\x1b') => escaped = true,
            (false, _) => columns += 1,
            (true, 'm') => escaped = false,
            (true, _) => {}
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_yield_in_the_order_they_are_told_to() {
        let mut table = Table::new(&["", "a", "bb", "shape"]);
        table.row(["x", "1", "2", "█"].map(str::to_owned).to_vec());
        table.heading("long enough to be no column");
        table.fit(15, &["shape", "a"]);
        assert_eq!(table.columns(), 15);
        table.fit(14, &["missing", "shape", "a"]);
        assert_eq!(table.render(str::to_owned), "   a  bb\nx  1   2\nlong enough to be no column\n");
        table.fit(0, &["a"]);
        assert_eq!(table.render(str::to_owned), "   bb\nx   2\nlong enough to be no column\n");
    }

    #[test]
    fn columns_without_text_can_be_left_out() {
        let mut table = Table::new(&["", "a", "b", "c"]);
        table.row(["x", "", "", "3"].map(str::to_owned).to_vec());
        table.row(["y", "", "2", ""].map(str::to_owned).to_vec());
        table.leave_out_empty(&["missing", "a", "b"]);
        assert_eq!(table.render(str::to_owned), "   b  c\nx     3\ny  2   \n".replace("   \n", "\n"));
    }

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["name", "median"]);
        table.heading("resnet · unit");
        table.row(vec!["a".to_owned(), "\x1b[31m1.5 µs\x1b[0m".to_owned()]);
        table.row(vec!["longer".to_owned(), "20.0 ms".to_owned()]);
        table.remark("x", "failed: why");
        assert_eq!(
            table.render(str::to_owned),
            "name     median\nresnet · unit\na        \x1b[31m1.5 µs\x1b[0m\nlonger  20.0 ms\nx       failed: why\n"
        );
    }
}
