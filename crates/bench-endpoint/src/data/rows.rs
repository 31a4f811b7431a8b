//! Turns the rows of a file into requests.

use std::ops::ControlFlow;

use super::{Content, Format, Input, MOST_ROWS, Words};

/// The limits on how much of a file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Most {
    /// The number of requests; `None` if it was not given.
    pub requests: Option<u64>,
    /// The seconds from the first arrival on, in the time of the file; `None` if they were not given.
    pub seconds: Option<f64>,
}

/// The content of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The format that was recognized or given.
    pub format: Format,
    /// The inputs, in the order of the file. Empty if the file contains only times.
    pub inputs: Vec<Input>,
    /// The time of each request, in seconds from the first one, ascending; `None` if the file contains no times.
    pub arrivals: Option<Vec<f64>>,
    /// The number of rows that were left out because their request or their answer is empty.
    pub left_out: u64,
}

/// Collects rows, and makes the checks that apply to all formats.
pub(super) struct Rows {
    seed: u64,
    most: Most,
    inputs: Vec<Input>,
    arrivals: Vec<f64>,
    /// The time of the first row, as written in the file, and that of the last one.
    first_s: Option<f64>,
    last_s: f64,
    count: usize,
    left_out: u64,
}

impl Rows {
    pub(super) fn new(seed: u64, most: Most) -> Self {
        let (inputs, arrivals) = (Vec::new(), Vec::new());
        Rows { seed, most, inputs, arrivals, first_s: None, last_s: 0.0, count: 0, left_out: 0 }
    }

    /// Adds the row at `line`. Breaks when no further row is needed.
    ///
    /// # Errors
    /// If `at_s` is not a valid time, if only some rows have a time, or if there are too many rows.
    pub(super) fn push(
        &mut self,
        line: u64,
        at_s: Option<f64>,
        input: Option<Input>,
    ) -> Result<ControlFlow<()>, String> {
        if let Some(at) = at_s {
            let from_first = self.time(line, at)?;
            if self.most.seconds.is_some_and(|most| from_first >= most) {
                return Ok(ControlFlow::Break(()));
            }
            self.arrivals.push(from_first);
        }
        let is_mixed = match at_s {
            Some(_) => self.arrivals.len() != self.count + 1,
            None => !self.arrivals.is_empty(),
        };
        if is_mixed {
            return Err(format!("line {line}: some rows have a time and some have none"));
        }
        self.inputs.extend(input);
        self.count += 1;
        if self.most.requests.is_none() && self.count > MOST_ROWS {
            return Err(format!(
                "line {line}: more than {MOST_ROWS} requests: limit their number with --requests or --duration"
            ));
        }
        let is_enough = self.most.requests.is_some_and(|most| self.count as u64 >= most);
        Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Adds a row for which the trace states the lengths of input and output.
    ///
    /// # Errors
    /// Same as [`push`](Self::push).
    pub(super) fn push_lengths(
        &mut self,
        line: u64,
        at_s: Option<f64>,
        (input, output): (u64, u64),
        blocks: Option<&[u64]>,
    ) -> Result<ControlFlow<()>, String> {
        if input == 0 || output == 0 {
            self.left_out += 1;
            return Ok(ControlFlow::Continue(()));
        }
        let seed = self.seed.wrapping_mul(0x9e37_79b9).wrapping_add(line);
        let words = match blocks {
            Some(blocks) => Words::of_blocks(input, blocks, seed),
            None => Words::exactly(input, seed),
        };
        let input = Input { content: Content::Words(words), max_tokens: Some(output) };
        self.push(line, at_s, Some(input))
    }

    /// Counts a row that is left out.
    pub(super) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    fn time(&mut self, line: u64, at_s: f64) -> Result<f64, String> {
        if !at_s.is_finite() || at_s < 0.0 {
            return Err(format!("line {line}: {at_s} s is not a time from the beginning of the trace"));
        }
        let first = *self.first_s.get_or_insert(at_s);
        if at_s < first.max(self.last_s) {
            let before = at_s - self.last_s;
            return Err(format!(
                "line {line}: it comes {:.6} s before the line above: sort the trace by time",
                -before
            ));
        }
        self.last_s = at_s;
        Ok(at_s - first)
    }

    /// Returns all rows.
    ///
    /// # Errors
    /// If there are none, or if all have the same time.
    pub(super) fn finish(self, format: Format) -> Result<Dataset, String> {
        let Rows { inputs, arrivals, count, left_out, .. } = self;
        if count == 0 {
            let why = match left_out {
                0 => "it contains no request".to_owned(),
                rows => {
                    format!("none of its {rows} rows is a request: all are empty, or had no answer")
                }
            };
            return Err(why);
        }
        if format == Format::Times && count > 1 && arrivals.last() == Some(&0.0) {
            return Err(format!(
                "all {count} arrivals are at the same time: if the file has decimal commas, write points"
            ));
        }
        let arrivals = (!arrivals.is_empty()).then_some(arrivals);
        Ok(Dataset { format, inputs, arrivals, left_out })
    }
}

/// Parses a number of tokens.
///
/// # Errors
/// If `text` is not a whole number within the limit, with the line and the column.
pub(super) fn tokens(line: u64, name: &str, text: &str) -> Result<u64, String> {
    const MOST: u64 = 16 << 20;
    let number = text.parse::<u64>().ok().filter(|number| *number <= MOST);
    number.ok_or_else(|| match text.split_once(',') {
        Some(_) => {
            format!("line {line}: `{text}` in `{name}` has a decimal comma: write a whole number of tokens")
        }
        None => format!("line {line}: `{text}` in `{name}` is not a number of tokens"),
    })
}
