//! `--as`: the figures of a run as JSON of another load generator, under its names and by its formulas.

use std::collections::BTreeMap;
use std::path::Path;

use bench_protocol::file_name;
use bench_record::{Level, Record, RunError, write_whole};
use bench_stats as stats;
use serde_json::{Map, Value, json};

use crate::arguments::Dialect;

/// The values of a level's answered requests from which the other tools compute their figures.
#[derive(Debug, Default)]
struct Requests {
    failed: u64,
    /// The times at which each request was sent and ended, in seconds.
    sent_s: Vec<f64>,
    end_s: Vec<f64>,
    ttft_s: Vec<f64>,
    /// The times from sending a request to its last output.
    latency_s: Vec<f64>,
    /// `(latency − TTFT) / (tokens − 1)`, for answers of at least two tokens.
    tpot_s: Vec<f64>,
    input_tokens: Vec<f64>,
    output_tokens: Vec<f64>,
}

/// Writes a file for each level into the folder of a run, and returns their names.
///
/// # Errors
/// If the rows of requests cannot be read, or a file cannot be written.
pub(super) fn write(dialect: Dialect, record: &Record, folder: &Path) -> Result<Vec<String>, RunError> {
    let rows = folder.join("requests.csv");
    let failed = |error: csv::Error| RunError::Io {
        action: "read the rows of requests in",
        path: rows.clone(),
        source: std::io::Error::other(error),
    };
    let requests = read(csv::Reader::from_path(&rows).map_err(failed)?).map_err(failed)?;
    let case = record.cases.first();
    let served = case.and_then(|case| case.rounds.first()?.served.as_ref());
    let levels = served.map(|served| served.levels.as_slice()).unwrap_or_default();
    let mut names = Vec::new();
    let none = Requests::default();
    for level in levels {
        let own = requests.get(&level.name).unwrap_or(&none);
        let model = case.and_then(|case| case.model.as_deref());
        let (name, document) = match dialect {
            Dialect::Vllm => ("vllm", vllm(record, level, model, own)),
            Dialect::Aiperf => ("aiperf", aiperf(own)),
        };
        let name = match levels {
            [_] => format!("{name}.json"),
            _ => format!("{name}-{}.json", file_name(&level.name)),
        };
        let text = format!("{document:#}\n");
        write_whole(&folder.join(&name), text.as_bytes()).map_err(|source| RunError::Io {
            action: "write",
            path: folder.join(&name),
            source,
        })?;
        names.push(name);
    }
    Ok(names)
}

/// Reads the requests of each level.
fn read(mut rows: csv::Reader<impl std::io::Read>) -> Result<BTreeMap<String, Requests>, csv::Error> {
    let header = rows.headers()?.clone();
    let place = |name: &str| header.iter().position(|known| known == name);
    let [level, success, sent, end, latency] =
        ["level", "success", "sent_s", "end_s", "service_latency_s"].map(place);
    let [ttft, input, known_input, output] =
        ["ttft_s", "prompt_tokens", "input_tokens", "output_tokens"].map(place);
    let mut levels: BTreeMap<String, Requests> = BTreeMap::new();
    let mut row = csv::StringRecord::new();
    while rows.read_record(&mut row)? {
        let cell = |place: Option<usize>| place.and_then(|place| row.get(place)).unwrap_or_default();
        let number = |place: Option<usize>| cell(place).parse::<f64>().ok();
        let of = levels.entry(cell(level).to_owned()).or_default();
        let (Some(sent), Some(end), Some(latency), "true" | "1") =
            (number(sent), number(end), number(latency), cell(success))
        else {
            of.failed += 1;
            continue;
        };
        of.sent_s.push(sent);
        of.end_s.push(end);
        of.latency_s.push(latency);
        of.input_tokens.extend(number(input).or_else(|| number(known_input)));
        let tokens = number(output);
        of.output_tokens.extend(tokens);
        if let Some(ttft) = number(ttft) {
            of.ttft_s.push(ttft);
            let more = tokens.filter(|tokens| *tokens > 1.0);
            of.tpot_s.extend(more.map(|tokens| (latency - ttft) / (tokens - 1.0)));
        }
    }
    Ok(levels)
}

impl Requests {
    /// Returns the time from the first request sent to the end of the last one.
    fn duration_s(&self) -> f64 {
        let first = self.sent_s.iter().copied().fold(f64::INFINITY, f64::min);
        let last = self.end_s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if first < last { last - first } else { 0.0 }
    }

    fn rate(&self, amount: f64) -> Value {
        let duration = self.duration_s();
        if duration > 0.0 { json!(amount / duration) } else { Value::Null }
    }
}

/// Returns a percentile of ascending values as numpy computes it by default: linear between the two nearest values.
/// `None` if there are no values.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = share * last as f64;
    let (below, part) = (at.floor() as usize, at.fract());
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    Some(low + (high - low) * part)
}

/// Returns the standard deviation with the divisor n, as numpy computes it by default; `None` if there are no values.
fn deviation(values: &[f64]) -> Option<f64> {
    let mean = stats::mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / values.len() as f64).sqrt())
}

fn vllm(record: &Record, level: &Level, model: Option<&str>, of: &Requests) -> Value {
    let (input, output): (f64, f64) = (of.input_tokens.iter().sum(), of.output_tokens.iter().sum());
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
    put("date", json!(record.timestamp));
    put("model_id", json!(model));
    put("num_prompts", json!(of.latency_s.len() as u64 + of.failed));
    put("request_rate", level.rate.map_or(json!("inf"), |rate| json!(rate)));
    put("max_concurrency", json!(level.concurrency));
    put("duration", json!(of.duration_s()));
    put("completed", json!(of.latency_s.len()));
    put("failed", json!(of.failed));
    put("total_input_tokens", json!(input as u64));
    put("total_output_tokens", json!(output as u64));
    put("request_throughput", of.rate(of.latency_s.len() as f64));
    put("output_throughput", of.rate(output));
    put("total_token_throughput", of.rate(input + output));
    for (name, seconds) in [("ttft", &of.ttft_s), ("tpot", &of.tpot_s), ("e2el", &of.latency_s)] {
        let ascending = stats::sorted(seconds);
        let ms = |value: Option<f64>| json!(value.map(|value| value * 1e3));
        put(&format!("mean_{name}_ms"), ms(stats::mean(seconds)));
        put(&format!("median_{name}_ms"), ms(percentile(&ascending, 0.5)));
        put(&format!("std_{name}_ms"), ms(deviation(seconds)));
        put(&format!("p99_{name}_ms"), ms(percentile(&ascending, 0.99)));
    }
    Value::Object(document)
}

fn aiperf(of: &Requests) -> Value {
    const SHARES: [(&str, f64); 9] = [
        ("p1", 0.01),
        ("p5", 0.05),
        ("p10", 0.1),
        ("p25", 0.25),
        ("p50", 0.5),
        ("p75", 0.75),
        ("p90", 0.9),
        ("p95", 0.95),
        ("p99", 0.99),
    ];
    let spread = |unit: &str, values: &[f64], factor: f64| -> Option<Value> {
        let scaled: Vec<f64> = values.iter().map(|value| value * factor).collect();
        let ascending = stats::sorted(&scaled);
        let mut figure = Map::new();
        figure.insert("unit".to_owned(), json!(unit));
        figure.insert("avg".to_owned(), json!(stats::mean(&scaled)?));
        figure.insert("min".to_owned(), json!(ascending.first()));
        figure.insert("max".to_owned(), json!(ascending.last()));
        figure.insert("std".to_owned(), json!(deviation(&scaled)));
        for (name, share) in SHARES {
            figure.insert(name.to_owned(), json!(percentile(&ascending, share)));
        }
        Some(Value::Object(figure))
    };
    let single = |unit: &str, value: Value| Some(json!({"unit": unit, "avg": value}));
    let output: f64 = of.output_tokens.iter().sum();
    let figures = [
        ("request_throughput", single("requests/sec", of.rate(of.latency_s.len() as f64))),
        ("output_token_throughput", single("tokens/sec", of.rate(output))),
        ("request_count", single("requests", json!(of.latency_s.len()))),
        ("error_request_count", single("requests", json!(of.failed))),
        ("benchmark_duration", single("sec", json!(of.duration_s()))),
        ("request_latency", spread("ms", &of.latency_s, 1e3)),
        ("time_to_first_token", spread("ms", &of.ttft_s, 1e3)),
        // The mean gap between the tokens of an answer, which other tools call TPOT.
        ("inter_token_latency", spread("ms", &of.tpot_s, 1e3)),
        ("output_sequence_length", spread("tokens", &of.output_tokens, 1.0)),
        ("input_sequence_length", spread("tokens", &of.input_tokens, 1.0)),
    ];
    let known = figures.into_iter().filter_map(|(name, figure)| Some((name.to_owned(), figure?)));
    Value::Object(known.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "level,success,sent_s,end_s,service_latency_s,ttft_s,prompt_tokens,input_tokens,output_tokens\n\
        concurrency 2,true,0.0,1.0,1.0,0.2,10,9,5\n\
        concurrency 2,true,0.5,2.0,1.5,0.4,12,,1\n\
        concurrency 2,false,0.6,3.0,2.4,,,,\n\
        other,true,0,1,1,,,,\n";

    fn requests() -> Requests {
        let mut levels = read(csv::Reader::from_reader(ROWS.as_bytes())).expect("rows");
        levels.remove("concurrency 2").expect("a level")
    }

    #[test]
    fn percentiles_and_deviations_are_those_of_numpy() {
        assert_eq!(percentile(&[1.0, 2.0, 4.0], 0.5), Some(2.0));
        assert_eq!(percentile(&[1.0, 2.0, 4.0, 8.0], 0.5), Some(3.0));
        assert_eq!(percentile(&[1.0, 2.0], 0.99), Some(1.99));
        assert_eq!((percentile(&[], 0.5), deviation(&[])), (None, None));
        assert_eq!(deviation(&[1.0, 3.0]), Some(1.0));
    }

    #[test]
    fn vllm_has_its_names_and_formulas() {
        let mut level = Level::named("concurrency 2");
        level.concurrency = Some(2);
        let document =
            vllm(&Record::new("run", "2026-11-30T00:00:00Z", vec![]), &level, Some("m"), &requests());
        let expected = [
            ("completed", json!(2)),
            ("failed", json!(1)),
            ("num_prompts", json!(3)),
            ("request_rate", json!("inf")),
            ("max_concurrency", json!(2)),
            ("duration", json!(2.0)),
            ("total_input_tokens", json!(22)),
            ("total_output_tokens", json!(6)),
            ("request_throughput", json!(1.0)),
            ("output_throughput", json!(3.0)),
            ("mean_e2el_ms", json!(1250.0)),
            ("std_e2el_ms", json!(250.0)),
            // An answer of one token has no TPOT.
            ("mean_tpot_ms", json!(200.0)),
        ];
        for (name, value) in expected {
            assert_eq!(document[name], value, "{name}: {document}");
        }
        assert!((document["median_ttft_ms"].as_f64().expect("a time") - 300.0).abs() < 1e-9);
    }

    #[test]
    fn aiperf_has_its_names_and_no_figure_of_nothing() {
        let document = aiperf(&requests());
        assert_eq!(document["request_count"], json!({"unit": "requests", "avg": 2}));
        assert_eq!(document["request_latency"]["p50"], json!(1250.0));
        assert_eq!(document["inter_token_latency"]["avg"], json!(200.0));
        let nothing = aiperf(&Requests::default());
        assert!(nothing.get("time_to_first_token").is_none());
        assert_eq!(nothing["request_throughput"]["avg"], Value::Null);
    }
}
