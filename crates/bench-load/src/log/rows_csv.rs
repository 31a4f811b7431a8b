//! Writes the rows of requests while the level goes on.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::memory::Memory;
use super::{Meaning, Row};
use crate::domain::{Domain, Facts, Seen};
use crate::record_id::CaseId;

/// The number of bytes of rows that are kept in memory before they are written.
const BUFFER: usize = 64 << 10;

/// Columns that every domain has; those of the domain follow.
const COLUMNS: [&str; 32] = [
    "case",
    "model",
    "round",
    "level",
    "scenario",
    "concurrency",
    "rate_req_per_s",
    "request",
    "client",
    "input",
    "input_text",
    "input_characters",
    "input_tokens",
    "input_bytes",
    "intended_s",
    "sent_s",
    "first_output_s",
    "end_s",
    "outputs",
    "service_latency_s",
    "scheduled_latency_s",
    "send_lag_s",
    "memory_bytes",
    "memory_peak_bytes",
    "gpu_memory_bytes",
    "format",
    "outcome",
    "success",
    "good",
    "error",
    "warning",
    "domain",
];

/// The values that are the same in all rows of a level.
#[derive(Clone, Debug)]
pub(crate) struct Header<'a> {
    pub(crate) case: &'a CaseId,
    pub(crate) round: u32,
    pub(crate) level: &'a str,
    pub(crate) scenario: &'a str,
    pub(crate) concurrency: Option<u32>,
    pub(crate) rate: Option<f64>,
}

/// A file of rows.
pub(crate) struct RowsCsv {
    file: File,
    line: Vec<u8>,
    domain: &'static Domain,
    /// The cells that all rows of the level begin with.
    level: Vec<u8>,
    /// The cells of each input.
    inputs: Vec<Vec<u8>>,
    number: ryu::Buffer,
}

impl RowsCsv {
    /// Creates the file and its folder.
    pub(crate) fn create(path: &Path, domain: &'static Domain) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut line = Vec::with_capacity(BUFFER + 4096);
        let derived = domain.derived.iter().map(|derived| derived.column);
        for (position, column) in
            COLUMNS.into_iter().chain(domain.columns.iter().copied()).chain(derived).enumerate()
        {
            if position > 0 {
                line.push(b',');
            }
            text(&mut line, column);
        }
        line.push(b'\n');
        Ok(RowsCsv {
            file: File::create(path)?,
            line,
            domain,
            level: Vec::new(),
            inputs: Vec::new(),
            number: ryu::Buffer::new(),
        })
    }

    /// Begins the rows of another level.
    pub(crate) fn begin(&mut self, header: &Header<'_>, facts: &[Facts]) {
        let mut cells = Vec::new();
        let model = header.case.model.as_deref().unwrap_or_default();
        for cell in [header.case.id.as_str(), model, &header.round.to_string(), header.level, header.scenario]
        {
            text(&mut cells, cell);
            cells.push(b',');
        }
        let _ = write!(cells, "{},", header.concurrency.map(|count| count.to_string()).unwrap_or_default());
        let _ = write!(cells, "{},", header.rate.map(|rate| rate.to_string()).unwrap_or_default());
        self.level = cells;
        self.inputs = facts
            .iter()
            .map(|facts| {
                let mut cells = Vec::new();
                text(&mut cells, facts.text.as_deref().unwrap_or_default());
                for number in [facts.characters, facts.tokens, facts.bytes] {
                    cells.push(b',');
                    if let Some(number) = number {
                        whole(&mut cells, number);
                    }
                }
                cells
            })
            .collect();
    }

    pub(crate) fn write(
        &mut self,
        meaning: &Meaning<'_>,
        row: &Row,
        seen: &Seen<'_>,
        odd: Option<&str>,
        memory: Memory,
        good: bool,
    ) -> io::Result<()> {
        let served = row.outcome == super::Outcome::Served;
        let line = &mut self.line;
        line.extend_from_slice(&self.level);
        whole(line, row.number);
        line.push(b',');
        whole(line, u64::from(row.client));
        line.push(b',');
        let input = row.input as usize % self.inputs.len().max(1);
        whole(line, input as u64);
        line.push(b',');
        line.extend_from_slice(self.inputs.get(input).map_or(b",,,", Vec::as_slice));
        let first_output = seen.times.outputs().next();
        for at in [Some(row.intended_ns), Some(row.sent_ns), first_output, Some(row.end_ns)] {
            line.push(b',');
            if let Some(at) = at {
                seconds(line, at);
            }
        }
        line.push(b',');
        whole(line, seen.times.outputs().count() as u64);
        line.push(b',');
        seconds(line, row.end_ns.saturating_sub(row.sent_ns));
        line.push(b',');
        if meaning.scheduled {
            seconds(line, row.end_ns.saturating_sub(row.intended_ns));
        }
        line.push(b',');
        if meaning.scheduled {
            seconds(line, row.sent_ns.saturating_sub(row.intended_ns));
        }
        line.push(b',');
        for bytes in [memory.resident, memory.peak, memory.gpu] {
            if let Some(bytes) = bytes {
                whole(line, bytes);
            }
            line.push(b',');
        }
        text(line, &row.format);
        line.push(b',');
        line.extend_from_slice(row.outcome.name().as_bytes());
        line.extend_from_slice(if served { b",true," } else { b",false," });
        if !meaning.slo.is_empty() {
            line.extend_from_slice(if good { b"true" } else { b"false" });
        }
        line.push(b',');
        let note = row.note.as_deref().unwrap_or_default();
        text(line, if served { "" } else { note });
        line.push(b',');
        text(line, odd.unwrap_or(if served { note } else { "" }));
        line.push(b',');
        text(line, self.domain.name);
        let derived = self.domain.derived.iter().map(|derived| (derived.of)(seen).filter(|_| served));
        let values = (0..self.domain.columns.len()).map(|column| seen.value(column));
        for value in values.chain(derived) {
            line.push(b',');
            match value {
                Some(value) if (0.0..1e15).contains(&value) && value.fract() == 0.0 => {
                    whole(line, value as u64)
                }
                Some(value) if value.is_finite() => {
                    line.extend_from_slice(self.number.format_finite(value).as_bytes());
                }
                _ => {}
            }
        }
        line.push(b'\n');
        if line.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }
}

/// Appends a cell of text, quoted if necessary (RFC 4180). Line breaks stay, since readers of CSV accept them.
fn text(line: &mut Vec<u8>, cell: &str) {
    let cell = &*bench_report::harmless(cell);
    if !cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        line.extend_from_slice(cell.as_bytes());
        return;
    }
    line.push(b'"');
    for byte in cell.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}

fn whole(line: &mut Vec<u8>, number: u64) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends nanoseconds as seconds, with nine decimals.
fn seconds(line: &mut Vec<u8>, ns: u64) {
    whole(line, ns / 1_000_000_000);
    line.push(b'.');
    let rest = ns % 1_000_000_000;
    let mut digits = *b"000000000";
    let mut left = rest;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
    line.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_can_be_read_back() {
        let mut line = Vec::new();
        for cell in ["plain", "with, comma", "a \"quote\"", "two\nlines", ""] {
            text(&mut line, cell);
            line.push(b',');
        }
        seconds(&mut line, 1_000_000_020);
        line.push(b',');
        seconds(&mut line, 7);
        line.push(b'\n');
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_slice());
        let row = reader.records().next().expect("a row").expect("CSV");
        let cells: Vec<&str> = row.iter().collect();
        assert_eq!(
            cells,
            ["plain", "with, comma", "a \"quote\"", "two\nlines", "", "1.000000020", "0.000000007"]
        );
    }
}
