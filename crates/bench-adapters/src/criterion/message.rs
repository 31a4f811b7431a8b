//! The messages of criterion's protocol. Fields are looked up by name, because versions differ in the other fields
//! that they send.

use bench_protocol::Counter;
use ciborium::Value;

/// Returns a field of a message; `None` if there is none of this name.
pub(crate) fn field<'a>(fields: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Map(entries) = fields else { return None };
    entries.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
}

/// Returns the full name of a benchmark, as criterion prints it and filters by it: group, function and parameter, as
/// far as it has them.
pub(crate) fn name(fields: &Value) -> Option<String> {
    let id = field(fields, "id")?;
    let part = |name| field(id, name).and_then(Value::as_text);
    let parts = [Some(part("group_id")?), part("function_id"), part("value_str")];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
}

/// Returns the counters of an iteration: `{"Elements": 8}`, and the like, named as `bench import criterion` names
/// them.
pub(crate) fn counters(fields: &Value) -> Vec<Counter> {
    let throughput = field(fields, "id").and_then(|id| field(id, "throughput"));
    let kinds = throughput.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_map);
    kinds.flatten().flat_map(|(kind, count)| counted(kind.as_text().unwrap_or_default(), count)).collect()
}

fn counted(kind: &str, count: &Value) -> Vec<Counter> {
    let counter = |kind: &str, count: Option<&Value>| {
        let count = count.and_then(Value::as_integer).and_then(|count| u64::try_from(count).ok())?;
        Counter::of_criterion(kind, count)
    };
    let found = match kind {
        "ElementsAndBytes" => {
            vec![counter("Elements", field(count, "elements")), counter("Bytes", field(count, "bytes"))]
        }
        kind => vec![counter(kind, Some(count))],
    };
    found.into_iter().flatten().collect()
}

/// The samples of one round. Their times are scaled to the mean number of iterations, since each sample has more
/// iterations than the one before. Together they last about as long as the round did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Samples {
    /// The mean number of iterations, rounded.
    pub(crate) iterations: u64,
    /// The time of that many iterations, for each sample.
    pub(crate) ns: Vec<u64>,
}

/// Returns the samples of `MeasurementComplete`; `None` if they are malformed.
pub(crate) fn samples(fields: &Value) -> Option<Samples> {
    let numbers = |name| -> Option<Vec<f64>> {
        field(fields, name)?
            .as_array()?
            .iter()
            .map(|value| value.as_float().or_else(|| whole(value)))
            .collect()
    };
    let (iterations, times) = (numbers("iters")?, numbers("times")?);
    let are_right = iterations.len() == times.len()
        && iterations.iter().all(|count| count.is_finite() && *count >= 1.0)
        && times.iter().all(|ns| ns.is_finite() && *ns >= 0.0);
    (are_right && !times.is_empty()).then(|| {
        let mean = (iterations.iter().sum::<f64>() / iterations.len() as f64).round();
        Samples {
            iterations: mean as u64,
            ns: times
                .iter()
                .zip(&iterations)
                .map(|(ns, count)| (ns * (mean / count)).round() as u64)
                .collect(),
        }
    })
}

fn whole(value: &Value) -> Option<f64> {
    value.as_integer().map(|number| i128::from(number) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::Map(
            entries.iter().map(|(name, value)| (Value::Text((*name).to_owned()), value.clone())).collect(),
        )
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn benchmark(throughput: Vec<Value>) -> Value {
        let id = [
            ("group_id", text("sort")),
            ("function_id", Value::Null),
            ("value_str", text("1000")),
            ("throughput", Value::Array(throughput)),
        ];
        map(&[("id", map(&id))])
    }

    #[test]
    fn names_and_counters_are_read() {
        assert_eq!(name(&benchmark(Vec::new())).as_deref(), Some("sort/1000"));
        let counted = counters(&benchmark(vec![
            map(&[("Elements", Value::from(8))]),
            map(&[("BytesDecimal", Value::from(64))]),
            map(&[("ElementsAndBytes", map(&[("elements", Value::from(1)), ("bytes", Value::from(2))]))]),
            map(&[("Unknown", Value::from(64))]),
        ]));
        let counted: Vec<_> =
            counted.iter().map(|counter| (counter.unit.as_str(), counter.per_iteration)).collect();
        assert_eq!(counted, [("elements", 8), ("bytes", 64), ("elements", 1), ("bytes", 2)]);
    }

    #[test]
    fn samples_are_brought_to_one_length() {
        let floats = |values: &[f64]| Value::Array(values.iter().copied().map(Value::Float).collect());
        let of = |iterations: &[f64], times: &[f64]| {
            samples(&map(&[("iters", floats(iterations)), ("times", floats(times))]))
        };
        let read = of(&[1.0, 2.0, 4.0], &[100.0, 210.0, 400.4]);
        assert_eq!(read, Some(Samples { iterations: 2, ns: vec![200, 210, 200] }));
        for (iterations, times) in [
            (vec![], vec![]),
            (vec![1.0], vec![]),
            (vec![0.0], vec![1.0]),
            (vec![1.0], vec![f64::NAN]),
            (vec![1.0], vec![-1.0]),
        ] {
            assert_eq!(of(&iterations, &times), None, "{iterations:?} {times:?}");
        }
    }
}
