//! The text format of Prometheus.

/// A sample: the value of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    /// The name of the metric.
    pub name: &'a str,
    /// The text between the braces, as received.
    pub labels: &'a str,
    /// The value.
    pub value: f64,
}

/// Reads samples by "Text-based format" of the Prometheus documentation, version 0.0.4, and OpenMetrics 1.0.
/// Comments, types and exemplars are skipped. Any other line that is not a sample is skipped too, and counted in
/// the second part of the result: one malformed metric must not hide the others.
pub fn parse(text: &str) -> (Vec<Sample<'_>>, usize) {
    let mut strange = 0;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let samples = lines.filter_map(|line| {
        let read = sample(line);
        strange += usize::from(read.is_none());
        read
    });
    let samples = samples.collect();
    (samples, strange)
}

fn sample(line: &str) -> Option<Sample<'_>> {
    let name_end = line.find(|c: char| c == '{' || c.is_whitespace())?;
    let (name, rest) = line.split_at(name_end);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inner) => {
            let end = closing_brace(inner)?;
            (&inner[..end], &inner[end + 1..])
        }
        None => ("", rest),
    };
    // A time may follow, and in OpenMetrics an exemplar.
    let value = number(rest.split_whitespace().next()?)?;
    Some(Sample { name, labels, value })
}

/// Finds the brace that ends the labels. A brace within quotes is part of a value, and a quote after a backslash does
/// not end the value.
fn closing_brace(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.char_indices().find_map(|(at, c)| {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '}' if !is_quoted => return Some(at),
            _ => {}
        }
        None
    })
}

/// Parses a number as Go writes it. Rust reads `inf`, `+Inf` and `NaN` alike, but also `infinity`, which does no harm.
fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn samples_are_read_as_the_documentation_writes_them() {
        // From "Text format example" of the Prometheus documentation.
        let text = "# HELP http_requests_total The total number of HTTP requests.\n\
            # TYPE http_requests_total counter\n\
            http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n\n\
            msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find file:\\n\\\"FILE}.TXT\\\"\"} 1.458255915e9\n\
            metric_without_timestamp_and_labels 12.47\r\n\
            something_weird{problem=\"division by zero\"} +Inf -3982045\n\
            foo_bucket{le=\"0.1\"} 8 # {trace_id=\"x\"} 0.05\n\
            vllm:num_requests_running{engine=\"0\"} NaN\n# EOF\n";
        let (samples, strange) = parse(text);
        let seen: Vec<(&str, f64)> = samples.iter().map(|sample| (sample.name, sample.value)).collect();
        assert_eq!(
            seen[..3],
            [
                ("http_requests_total", 1027.0),
                ("msdos_file_access_time_seconds", 1.458255915e9),
                ("metric_without_timestamp_and_labels", 12.47),
            ]
        );
        assert_eq!((seen[3].1, seen[4].1, seen[5].0), (f64::INFINITY, 8.0, "vllm:num_requests_running"));
        assert!(seen[5].1.is_nan() && samples[0].labels == "method=\"post\",code=\"200\"");
        assert_eq!(strange, 0);
    }

    #[test]
    fn what_is_no_sample_hides_no_other() {
        let (samples, strange) = parse("<html>\na{b=\"c\" 1\nx 1\ny one\nz\n");
        assert_eq!((samples.len(), samples[0].name, strange), (1, "x", 4));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC*|[a-z{}\"\\\\=, 0-9\n#]*") {
            let (samples, strange) = parse(&text);
            prop_assert!(samples.len() + strange <= text.lines().count());
        }
    }
}
