//! `levels.csv`: one row for each level of a case, with units in the header.

use bench_judge::Summarize;
use std::io::{self, Write};

use bench_core::inventory;
use bench_record::{CaseRecord, Level, Metric, Record, Served};
use bench_report::{CsvTable, Exporter};
use bench_syntax::quantity::Seconds;

inventory::submit! {
    Exporter {
        name: "levels.csv",
        export: |record, outlet| match served(record) {
            cases if cases.is_empty() => Ok(()),
            cases => outlet.write("levels.csv", |out| write(record, &cases, out)),
        },
    }
}

/// Columns that every level has.
const FIXED: [&str; 32] = [
    "run",
    "timestamp",
    "case",
    "model",
    "category",
    "name",
    "arguments",
    "rounds",
    "level",
    "scenario",
    "concurrency",
    "rate_req_per_s",
    "domain",
    "requests",
    "succeeded",
    "failed",
    "timed_out",
    "warm_up",
    "window_s",
    "headline",
    "valid",
    "harness_bound",
    "reasons",
    "offered_rate_req_per_s",
    "achieved_rate_req_per_s",
    "send_lag_p50_s",
    "send_lag_p99_s",
    "send_lag_max_s",
    "client_stall_p99_s",
    "mean_concurrency",
    "harness_cpu",
    "warnings",
];

/// Columns of the steady part, before its metrics.
const STEADY: [&str; 3] = ["steady_from_s", "steady_to_s", "steady_requests"];

/// The columns of one metric.
struct Column {
    name: String,
    unit: String,
    header: String,
    interval: bool,
    supported: bool,
}

fn served(record: &Record) -> Vec<(&CaseRecord, Served)> {
    record.cases.iter().filter_map(|case| case.served().map(|served| (case, served))).collect()
}

fn write(record: &Record, cases: &[(&CaseRecord, Served)], out: &mut dyn Write) -> io::Result<()> {
    let levels = || cases.iter().flat_map(|(_, served)| &served.levels);
    let whole = columns(levels().map(|level| level.metrics.as_slice()));
    let steady =
        columns(levels().filter_map(|level| level.steady.as_ref()).map(|steady| steady.metrics.as_slice()));
    let mut csv = CsvTable::new(out);
    let mut header: Vec<String> = FIXED.map(str::to_owned).to_vec();
    header.extend(whole.iter().flat_map(|column| headers(column, "")));
    if levels().any(|level| level.steady.is_some()) {
        header.extend(STEADY.map(str::to_owned));
        header.extend(steady.iter().flat_map(|column| headers(column, "steady_")));
    }
    csv.row(&header)?;
    for (case, served) in cases {
        for level in &served.levels {
            let mut row = fixed(record, case, served, level).to_vec();
            row.extend(whole.iter().flat_map(|column| cells(column, &level.metrics)));
            let part = level.steady.as_ref();
            row.extend([
                number(part.map(|steady| steady.from_s)),
                number(part.map(|steady| steady.to_s)),
                part.map(|steady| steady.requests.to_string()).unwrap_or_default(),
            ]);
            let metrics = part.map(|steady| steady.metrics.as_slice()).unwrap_or_default();
            row.extend(steady.iter().flat_map(|column| cells(column, metrics)));
            row.truncate(header.len());
            csv.row(&row)?;
        }
    }
    csv.flush()
}

fn fixed(record: &Record, case: &CaseRecord, served: &Served, level: &Level) -> [String; FIXED.len()] {
    let arguments: Vec<String> =
        case.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let rounds = case.rounds.iter().filter_map(|round| round.served.as_ref());
    let rounds = rounds.filter(|served| served.levels.iter().any(|other| other.name == level.name)).count();
    let seconds = |value: Option<Seconds>| number(value.map(|seconds| seconds.0));
    let lag = level.pace.send_lag;
    [
        record.run.clone(),
        record.timestamp.clone(),
        case.id.clone(),
        case.model.clone().unwrap_or_default(),
        case.category.to_string(),
        case.name.clone(),
        arguments.join(";"),
        rounds.to_string(),
        level.name.clone(),
        level.scenario.clone(),
        level.concurrency.map(|clients| clients.to_string()).unwrap_or_default(),
        number(level.rate),
        served.domain.clone(),
        level.requests.to_string(),
        level.succeeded.to_string(),
        level.failed.to_string(),
        level.timed_out.to_string(),
        level.warm_up.to_string(),
        number(Some(level.window_s.0)),
        level.headline.to_string(),
        if level.validity.valid { "VALID" } else { "INVALID" }.to_owned(),
        level.validity.harness_bound.to_string(),
        level.validity.told().join("; "),
        number(level.pace.offered_rate),
        number(level.pace.achieved_rate),
        seconds(lag.map(|lag| lag.p50_s)),
        seconds(lag.map(|lag| lag.p99_s)),
        seconds(lag.map(|lag| lag.max_s)),
        seconds(level.pace.client_stall.map(|stall| stall.p99_s)),
        number(level.pace.mean_concurrency),
        number(level.pace.harness_cpu),
        level.warnings.join("; "),
    ]
}

/// Formats a number; an empty cell if there is none, or if it is not finite.
pub(crate) fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default()
}

/// The metrics of all levels, in the order in which they are first seen.
fn columns<'a>(levels: impl Iterator<Item = &'a [Metric]>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for metric in levels.flatten() {
        let known =
            columns.iter().position(|column| column.name == metric.name && column.unit == metric.unit);
        let position = known.unwrap_or_else(|| {
            let wanted = column_name(metric);
            let taken = |header: &str| {
                FIXED.contains(&header)
                    || STEADY.contains(&header)
                    || columns.iter().any(|column| column.header == header)
            };
            let mut header = wanted.clone();
            let mut number = 2;
            while taken(&header) {
                header = format!("{wanted}_{number}");
                number += 1;
            }
            columns.push(Column {
                name: metric.name.clone(),
                unit: metric.unit.clone(),
                header,
                interval: false,
                supported: false,
            });
            columns.len() - 1
        });
        columns[position].interval |= metric.interval.is_some();
        columns[position].supported |= metric.supported.is_some();
    }
    columns
}

/// Returns the name of a column, from key and unit: `ttfa_p95_s`, `asps_audio_s_per_s`, `output_tokens_per_s`. A ratio
/// has no unit.
pub(crate) fn column_name(metric: &Metric) -> String {
    let plain = |text: &str| {
        let text = text.replace('µ', "u").to_lowercase();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("_")
    };
    let key = metric.key();
    let unit = match metric.unit.as_str() {
        "ratio" | "1" => String::new(),
        unit => plain(&unit.replace('/', " per ")),
    };
    // A metric that is named after its unit, such as `output tokens/s`, has the unit only once.
    let name =
        if metric.name.ends_with(&metric.unit) { key.strip_suffix(&plain(&metric.unit)) } else { None };
    let name = name.map_or(key.as_str(), |name| name.trim_end_matches('_'));
    match (name, unit.as_str()) {
        ("", "") => "metric".to_owned(),
        (only, "") | ("", only) => only.to_owned(),
        (name, unit) => format!("{name}_{unit}"),
    }
}

fn headers(column: &Column, prefix: &str) -> Vec<String> {
    let Column { header, .. } = column;
    let mut headers = vec![format!("{prefix}{header}")];
    if column.interval {
        headers.extend(["low", "high"].map(|end| format!("{prefix}{header}_{end}")));
    }
    if column.supported {
        headers.push(format!("{prefix}{header}_supported"));
    }
    headers
}

fn cells(column: &Column, metrics: &[Metric]) -> Vec<String> {
    let metric = metrics.iter().find(|metric| metric.name == column.name && metric.unit == column.unit);
    let mut cells = vec![number(metric.map(|metric| metric.value))];
    if column.interval {
        let interval = metric.and_then(|metric| metric.interval);
        cells.push(number(interval.map(|interval| interval.low)));
        cells.push(number(interval.map(|interval| interval.high)));
    }
    if column.supported {
        let supported = metric.and_then(|metric| metric.supported);
        cells.push(supported.map(|supported| supported.to_string()).unwrap_or_default());
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{case, closed, open, record};
    use bench_protocol::Better;
    use std::collections::HashMap;

    fn table(record: &Record) -> (Vec<String>, Vec<HashMap<String, String>>) {
        let mut bytes = Vec::new();
        write(record, &served(record), &mut bytes).expect("written");
        let mut csv = csv::Reader::from_reader(bytes.as_slice());
        let header: Vec<String> = csv.headers().expect("header").iter().map(str::to_owned).collect();
        let rows = csv
            .records()
            .map(|row| header.iter().cloned().zip(row.expect("row").iter().map(str::to_owned)).collect())
            .collect();
        (header, rows)
    }

    #[test]
    fn a_row_a_level_with_units_in_the_header() {
        let mut slow = open(3.0);
        slow.validity.valid = false;
        slow.validity.harness_bound = true;
        slow.validity.reasons = vec!["said \"no\",\nthen more".to_owned()];
        slow.steady = None;
        let record = record(vec![
            case("tts/performance/speak[concurrency=2,voice=a]", vec![vec![closed(2)], vec![closed(2)]]),
            case("tts/performance/paced", vec![vec![slow]]),
            case("unit/plain", Vec::new()),
        ]);
        let (header, rows) = table(&record);
        assert_eq!(header[..FIXED.len()], FIXED);
        let from = FIXED.len();
        assert_eq!(
            header[from..from + 8],
            [
                "asps_audio_s_per_s",
                "asps_audio_s_per_s_low",
                "asps_audio_s_per_s_high",
                "rps_req_per_s",
                "rps_req_per_s_low",
                "rps_req_per_s_high",
                "success_rate",
                "success_rate_low",
            ]
        );
        for column in
            ["ttfa_p95_s", "ttfa_p95_s_supported", "latency_p99_9_s", "steady_rtf_p95", "steady_from_s"]
        {
            assert!(header.contains(&column.to_owned()), "{column} in {header:?}");
        }
        assert_eq!(rows.len(), 2);
        let (closed, open) = (&rows[0], &rows[1]);
        assert_eq!((closed["rounds"].as_str(), closed["arguments"].as_str()), ("2", "concurrency=2;voice=a"));
        assert_eq!((closed["valid"].as_str(), closed["send_lag_p99_s"].as_str()), ("VALID", ""));
        assert_eq!((closed["service_latency_p99_s"].as_str(), closed["headline"].as_str()), ("", "service"));
        assert_eq!((open["valid"].as_str(), open["harness_bound"].as_str()), ("INVALID", "true"));
        assert_eq!(open["reasons"], "invalid: the harness was the bottleneck; said \"no\",\nthen more");
        assert_eq!((open["rate_req_per_s"].as_str(), open["steady_rtf_p95"].as_str()), ("3", ""));
        assert_eq!(open["headline"], "scheduled");
    }

    #[test]
    fn what_is_no_number_is_an_empty_cell() {
        let mut level = closed(1);
        level.metrics = vec![
            Metric::new("ASPS", "audio s/s", f64::NAN, Better::Higher),
            Metric::new("requests", "", f64::INFINITY, Better::Higher),
        ];
        let (header, rows) = table(&record(vec![case("m/performance/x", vec![vec![level]])]));
        assert!(header.contains(&"requests_2".to_owned()));
        assert_eq!((rows[0]["asps_audio_s_per_s"].as_str(), rows[0]["requests_2"].as_str()), ("", ""));
    }

    #[test]
    fn columns_say_their_unit_once() {
        for (name, unit, column) in [
            ("TTFA p95", "s", "ttfa_p95_s"),
            ("output tokens/s", "tokens/s", "output_tokens_per_s"),
            ("image-steps/s", "image-steps/s", "image_steps_per_s"),
            ("TPOT p50", "s/token", "tpot_p50_s_per_token"),
            ("RTF mean", "ratio", "rtf_mean"),
            ("memory growth", "bytes/request", "memory_growth_bytes_per_request"),
            ("速度", "ratio", "metric"),
            ("lag", "µs", "lag_us"),
        ] {
            assert_eq!(column_name(&Metric::new(name, unit, 1.0, Better::Lower)), column, "{name}");
        }
    }

    #[test]
    fn a_record_without_load_cases_has_no_levels() {
        assert!(served(&record(vec![case("unit/plain", Vec::new())])).is_empty());
    }
}
