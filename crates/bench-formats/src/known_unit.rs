//! Known units: what they count, and whether more or less is better. Any other unit stays as it is, and figures in it
//! are kept but never judged.

use bench_protocol::Better;

/// The unit of a figure if the file does not contain it.
pub(crate) const UNKNOWN: &str = "unknown unit";

/// Units of work: a higher rate per second is better. Errors and page faults are not among them.
const WORK: [&str; 42] = [
    "1",
    "B",
    "KB",
    "MB",
    "GB",
    "KiB",
    "MiB",
    "GiB",
    "kB",
    "bytes",
    "bits",
    "items",
    "elements",
    "ops",
    "op",
    "req",
    "requests",
    "queries",
    "rows",
    "records",
    "lines",
    "messages",
    "events",
    "iterations",
    "images",
    "image-steps",
    "pixels",
    "frames",
    "steps",
    "samples",
    "tokens",
    "words",
    "chars",
    "characters",
    "audio s",
    "inferences",
    "classifications",
    "batches",
    "files",
    "packets",
    "FLOP",
    "units",
];

/// Units of the cost of an operation: less is better.
const COSTS: [&str; 17] = [
    "s",
    "sec",
    "ms",
    "us",
    "µs",
    "ns",
    "B",
    "KB",
    "MB",
    "KiB",
    "MiB",
    "bytes",
    "allocs",
    "allocations",
    "J",
    "instructions",
    "cycles",
];

/// Units of cost that are not followed by the name of an operation.
const PLAIN_COSTS: [&str; 15] =
    ["s", "sec", "ms", "us", "µs", "ns", "bytes", "B", "KB", "MB", "GB", "KiB", "MiB", "GiB", "J"];

/// A unit that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownUnit {
    /// The unit as records write it.
    pub(crate) unit: String,
    /// The direction that is better.
    pub(crate) better: Better,
}

/// Returns the meaning of a unit as other tools write it; `None` if it is not known.
pub(crate) fn known(unit: &str) -> Option<KnownUnit> {
    let better = match unit.rsplit_once('/') {
        Some((of, "s" | "sec")) if WORK.contains(&of) => Better::Higher,
        Some((cost, of)) if COSTS.contains(&cost) && !of.is_empty() && !["s", "sec"].contains(&of) => {
            Better::Lower
        }
        None if PLAIN_COSTS.contains(&unit) => Better::Lower,
        _ => return None,
    };
    let unit = match unit {
        "sec" => "s".to_owned(),
        _ => unit.strip_suffix("/sec").map_or_else(|| unit.to_owned(), |of| format!("{of}/s")),
    };
    Some(KnownUnit { unit, better })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_has_a_direction() {
        for (unit, as_records, better) in [
            ("sec", "s", Better::Lower),
            ("bytes", "bytes", Better::Lower),
            ("B/op", "B/op", Better::Lower),
            ("s/token", "s/token", Better::Lower),
            ("tokens/s", "tokens/s", Better::Higher),
            ("req/sec", "req/s", Better::Higher),
            ("image-steps/s", "image-steps/s", Better::Higher),
        ] {
            assert_eq!(known(unit), Some(KnownUnit { unit: as_records.to_owned(), better }), "{unit}");
        }
        for unit in
            ["", "/s", "ratio", "errors/s", "page-faults/s", "latency-sec", "instructions", "s/s", "%"]
        {
            assert_eq!(known(unit), None, "{unit}");
        }
    }
}
