//! Traces as CSV.

use std::io::BufRead;

use super::Format;
use super::date;
use super::lines::Lines;
use super::rows::{Rows, tokens};

/// The columns of a trace that are read.
#[derive(Clone, Copy, Debug)]
struct Columns {
    time: usize,
    lengths: Option<(usize, usize)>,
}

/// The separator of cells, and the columns that are read.
struct Header {
    delimiter: char,
    /// The number of cells in each row; `None` without a header.
    cells: Option<usize>,
    columns: Columns,
}

/// Returns the names of the columns of time, input and output, in lower case without spaces; `None` for a format
/// without such names.
fn names(format: Format) -> Option<[&'static str; 3]> {
    match format {
        Format::Azure => Some(["timestamp", "contexttokens", "generatedtokens"]),
        Format::BurstGpt => Some(["timestamp", "requesttokens", "responsetokens"]),
        _ => None,
    }
}

/// # Errors
/// If a line is malformed.
pub(super) fn read(from: impl BufRead, format: Format, rows: &mut Rows) -> Result<(), String> {
    let mut lines = Lines::new(from);
    let mut header: Option<Header> = None;
    while let Some((line, text)) = lines.next()? {
        if text.trim_start().starts_with('#') {
            continue;
        }
        let known = match &header {
            Some(known) => known,
            None => {
                let (made, is_row) = Header::of(line, text, format)?;
                let made = header.insert(made);
                if !is_row {
                    continue;
                }
                made
            }
        };
        let cells: Vec<&str> = text.split(known.delimiter).map(unquoted).collect();
        known.check(line, &cells)?;
        let at = time(line, cells.get(known.columns.time).copied().unwrap_or_default())?;
        let goes_on = match known.columns.lengths {
            None => rows.push(line, Some(at), None)?,
            Some((input, output)) => {
                let [_, input_name, output_name] = names(format).unwrap_or_default();
                let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
                let lengths =
                    (tokens(line, input_name, cell(input))?, tokens(line, output_name, cell(output))?);
                rows.push_lengths(line, Some(at), lengths, None)?
            }
        };
        if goes_on.is_break() {
            break;
        }
    }
    Ok(())
}

impl Header {
    /// Reads the first line. Returns the columns, and whether the line is itself a row.
    fn of(line: u64, text: &str, format: Format) -> Result<(Self, bool), String> {
        let delimiter = [';', '\t'].into_iter().find(|delimiter| text.contains(*delimiter)).unwrap_or(',');
        let cells: Vec<&str> = text.split(delimiter).map(unquoted).collect();
        let plain = |cell: &str| cell.to_lowercase().replace([' ', '_'], "");
        let place = |name: &str| cells.iter().position(|cell| plain(cell) == name);
        if let Some([time, input, output]) = names(format) {
            let find = |name: &str| {
                place(name).ok_or_else(|| {
                    format!(
                        "line {line}: a trace of the format `{format}` has a column `{name}`; found {text}"
                    )
                })
            };
            let columns = Columns { time: find(time)?, lengths: Some((find(input)?, find(output)?)) };
            return Ok((Header { delimiter, cells: Some(cells.len()), columns }, false));
        }
        let columns = Columns { time: 0, lengths: None };
        let first = cells.first().copied().unwrap_or_default();
        let is_name = first.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if is_name {
            unit(line, first)?;
            return Ok((Header { delimiter, cells: Some(cells.len()), columns }, false));
        }
        let is_digits = |cell: &&str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
        if delimiter == ',' && cells.len() == 2 && cells.iter().all(is_digits) {
            return Err(format!(
                "line {line}: `{text}` may be one number with a decimal comma, or two columns: write a point, or add a \
                 line with the names of the columns above it"
            ));
        }
        Ok((Header { delimiter, cells: None, columns }, true))
    }

    fn check(&self, line: u64, cells: &[&str]) -> Result<(), String> {
        match self.cells {
            Some(named) if cells.len() > named => Err(format!(
                "line {line}: it has {} cells, and the header names {named}: if numbers have decimal commas, write points",
                cells.len()
            )),
            _ => Ok(()),
        }
    }
}

/// Refuses a column of times whose name contains a unit other than seconds.
fn unit(line: u64, name: &str) -> Result<(), String> {
    const OTHERS: [&str; 10] =
        ["ms", "us", "µs", "ns", "min", "milliseconds", "microseconds", "nanoseconds", "minutes", "hours"];
    let lower = name.to_lowercase();
    match lower.split(|c: char| !c.is_alphanumeric()).find(|word| OTHERS.contains(word)) {
        Some(unit) => {
            Err(format!("line {line}: the column `{name}` is in {unit}: expected times in seconds"))
        }
        None => Ok(()),
    }
}

/// Parses a time, in seconds since an arbitrary moment.
fn time(line: u64, cell: &str) -> Result<f64, String> {
    if let Ok(number) = cell.parse::<f64>() {
        return Ok(number);
    }
    if let Some(seconds) = date::seconds(cell) {
        return Ok(seconds);
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Err(match cell.split_once(',') {
        Some((whole, part)) if digits(whole.trim_start_matches('-')) && digits(part) => {
            format!("line {line}: `{cell}` has a decimal comma: write a point, as in 0.25")
        }
        _ => format!(
            "line {line}: `{cell}` is not a time: expected seconds such as 0.25, or a date such as 2023-11-16 18:17:03.97"
        ),
    })
}

fn unquoted(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')).unwrap_or(cell).trim()
}
