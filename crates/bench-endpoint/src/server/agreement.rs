//! Compares the figures of client and server.

use super::figures::{Figure, System};
use super::watch::Series;
use crate::totals::Counted;

/// A figure as server and client measured it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The name of the figure.
    pub name: &'static str,
    /// The value of the server.
    pub server: String,
    /// The value of the client; empty if a client cannot know it.
    pub client: String,
}

const GIB: f64 = 1_073_741_824.0;

/// Returns the figures of both sides, for a table.
pub fn agreement(series: &Series, client: &Counted) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name: &'static str, server: Option<String>, client: String| {
        if let Some(server) = server {
            rows.push(Row { name, server, client });
        }
    };
    let count = |figure: Figure| series.growth(figure).map(|grown| format!("{grown:.0}"));
    let mean = |sum: Figure, count: Figure| {
        let (sum, count) = (series.growth(sum)?, series.growth(count)?);
        (count > 0.0).then(|| format!("{:.1} ms, mean", sum / count * 1e3))
    };
    let most = |figure: Figure| series.most(figure).map(|most| format!("{most:.0}, most"));
    let percent = |share: f64| format!("{:.1}%", share * 100.0);
    row("requests answered", count(Figure::Answered), client.answered.to_string());
    row("output tokens", count(Figure::OutputTokens), tokens(client));
    // llama.cpp counts the tokens that it has computed.
    if series.systems.contains(&System::LlamaCpp) {
        let computed = client.input_tokens.saturating_sub(client.cached_tokens.unwrap_or_default());
        row("input tokens, without cached", count(Figure::InputTokens), computed.to_string());
    } else {
        row("input tokens", count(Figure::InputTokens), client.input_tokens.to_string());
    }
    row("TTFT", mean(Figure::FirstTokenSum, Figure::FirstTokenCount), String::new());
    row("time in the queue", mean(Figure::QueueSum, Figure::QueueCount), String::new());
    row("running at once", most(Figure::Running), String::new());
    row("waiting at once", most(Figure::Waiting), String::new());
    row("preempted", count(Figure::Preempted), String::new());
    row(
        "KV cache in use",
        series.most(Figure::CacheUsed).map(|share| percent(share) + ", most"),
        String::new(),
    );
    row(
        "prefix-cache hits",
        prefix_hits(series).map(percent),
        cached(client).map(percent).unwrap_or_default(),
    );
    let gpus = |count: f64| if count == 1.0 { "1 GPU".to_owned() } else { format!("{count} GPUs") };
    let mean_and_most = |figure: Figure, told: &dyn Fn(f64) -> String| {
        Some(format!("{} mean, {} most", told(series.mean(figure)?), told(series.most(figure)?)))
    };
    let busy = mean_and_most(Figure::GpuBusy, &percent);
    let of = series.most(Figure::Gpus).map_or_else(String::new, |count| format!(", {}", gpus(count)));
    row("GPU utilization", busy.map(|busy| busy + &of), String::new());
    row(
        "GPU memory in use",
        series.most(Figure::GpuMemory).map(|bytes| format!("{:.1} GiB, most", bytes / GIB)),
        String::new(),
    );
    row("GPU power", mean_and_most(Figure::GpuPower, &|watts| format!("{watts:.0} W")), String::new());
    rows
}

fn tokens(client: &Counted) -> String {
    match client.uncounted {
        0 => client.output_tokens.to_string(),
        some => format!("{} and those of {some} answers", client.output_tokens),
    }
}

/// Returns the share of input tokens that were in the server's prefix cache, by the metrics of the server.
fn prefix_hits(series: &Series) -> Option<f64> {
    let (lookups, hits) = (series.growth(Figure::PrefixLookups)?, series.growth(Figure::PrefixHits)?);
    (lookups > 0.0).then(|| hits / lookups)
}

/// Returns the same share, as counted from the answers.
fn cached(client: &Counted) -> Option<f64> {
    let cached = client.cached_tokens?;
    (client.input_tokens > 0).then(|| cached as f64 / client.input_tokens as f64)
}

/// Two counts may differ by this share, and by a few, before a warning: the server's counters are read a moment before
/// the first request and after the last one.
const APART: f64 = 0.02;
const FEW: f64 = 2.0;

/// The share of new prompts that a cache may contain without a warning.
const WARM: f64 = 0.05;

/// Lists the contradictions between the server's metrics and the client's counts.
pub fn warnings(series: &Series, client: &Counted, is_salted: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    let before = [Figure::Running, Figure::Waiting].map(|figure| series.before(figure).unwrap_or(0.0));
    if before.iter().sum::<f64>() > 0.0 {
        warnings.push(format!(
            "another client uses this server: {} requests were running and {} waiting before the first was sent",
            before[0], before[1]
        ));
    }
    let more = |server: f64, client: f64| server > client * (1.0 + APART) + FEW;
    let sent = (client.answered + client.failed) as f64;
    let answered = series.growth(Figure::Answered);
    if let Some(answered) = answered.filter(|answered| more(*answered, sent)) {
        warnings.push(format!(
            "another client uses this server: it answered {answered:.0} requests, and {sent:.0} of them were sent \
             from here"
        ));
    }
    let counted = client.output_tokens as f64;
    // If requests failed, the server has generated tokens that the client did not receive.
    let is_whole = client.uncounted == 0 && client.failed == 0 && client.answered > 0;
    if let Some(made) = series.growth(Figure::OutputTokens).filter(|_| is_whole) {
        let few = FEW * client.answered as f64 * APART;
        if made > counted * (1.0 + APART) + few && warnings.is_empty() {
            warnings.push(format!(
                "another client uses this server, or tokens are counted differently: the server generated \
                 {made:.0} tokens, and the answers here contain {counted:.0}"
            ));
        } else if counted > made * (1.0 + APART) + few {
            warnings.push(format!(
                "the answers contain {counted:.0} tokens by their `usage`, but the server generated {made:.0}: \
                 some came from a cache, or the metrics do not cover all replicas"
            ));
        }
    }
    let hits = prefix_hits(series).or_else(|| cached(client)).filter(|share| is_salted && *share > WARM);
    if let Some(share) = hits {
        warnings.push(format!(
            "{:.0}% of the prompts' tokens came from the server's prefix cache, although no prompt was sent \
             before: the part that prompts share (a template, `--shared-prefix`) was cached",
            share * 100.0
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::super::figures::Snapshot;
    use super::*;

    fn series(texts: &[&str]) -> Series {
        let snapshots = texts.iter().enumerate();
        let snapshots = snapshots.map(|(at, text)| (at as f64, Snapshot::of(text).expect("known"))).collect();
        Series { systems: Vec::new(), snapshots, cost_s: 0.001, failed: 0 }
    }

    fn client(answered: u64, output_tokens: u64) -> Counted {
        Counted { answered, output_tokens, input_tokens: 100, ..Counted::default() }
    }

    const BEFORE: &str = "vllm:request_success_total 100\nvllm:generation_tokens_total 1000\n\
                          vllm:num_requests_running 0\nvllm:prefix_cache_queries_total 0\nvllm:prefix_cache_hits_total 0";

    fn after(answered: u64, tokens: u64, hits: u64) -> String {
        format!(
            "vllm:request_success_total {}\nvllm:generation_tokens_total {}\nvllm:num_requests_running 3\n\
             vllm:prefix_cache_queries_total 100\nvllm:prefix_cache_hits_total {hits}",
            100 + answered,
            1000 + tokens
        )
    }

    #[test]
    fn what_agrees_is_no_warning() {
        let series = series(&[BEFORE, &after(50, 500, 0)]);
        assert_eq!(warnings(&series, &client(50, 500), true), [""; 0]);
        let rows = agreement(&series, &client(50, 500));
        let cells: Vec<(&str, &str, &str)> =
            rows.iter().map(|row| (row.name, row.server.as_str(), row.client.as_str())).collect();
        assert_eq!(
            cells,
            [
                ("requests answered", "50", "50"),
                ("output tokens", "500", "500"),
                ("running at once", "3, most", ""),
                ("prefix-cache hits", "0.0%", ""),
            ]
        );
    }

    #[test]
    fn tokens_of_a_prefix_that_llama_cpp_knew_are_not_among_its_own() {
        let text = |tokens: u64| format!("llamacpp:prompt_tokens_total {tokens}");
        let series = Series { systems: vec![System::LlamaCpp], ..series(&[&text(10), &text(40)]) };
        let client = Counted { cached_tokens: Some(70), ..client(1, 0) };
        let rows = agreement(&series, &client);
        assert_eq!((rows[0].server.as_str(), rows[0].client.as_str()), ("30", "30"));
    }

    #[test]
    fn gpus_are_shown_by_mean_and_maximum_of_the_load() {
        let told = |busy: f64, watts: f64| {
            format!(
                "DCGM_FI_DEV_GPU_UTIL {busy}\nDCGM_FI_DEV_FB_USED 1024\nDCGM_FI_DEV_POWER_USAGE {watts}\n"
            )
        };
        // The scrape before the load is not part of it.
        let series = series(&[&told(0.0, 10.0), &told(40.0, 100.0), &told(90.0, 200.0)]);
        let rows = agreement(&series, &client(0, 0));
        let cells: Vec<(&str, &str)> = rows.iter().map(|row| (row.name, row.server.as_str())).collect();
        assert_eq!(
            cells,
            [
                ("GPU utilization", "65.0% mean, 90.0% most, 1 GPU"),
                ("GPU memory in use", "1.0 GiB, most"),
                ("GPU power", "150 W mean, 200 W most"),
            ]
        );
    }

    #[test]
    fn another_client_is_noticed() {
        let told = warnings(&series(&[BEFORE, &after(80, 800, 0)]), &client(50, 500), true);
        assert_eq!(
            told,
            ["another client uses this server: it answered 80 requests, and 50 of them were sent from here"]
        );
        let busy = BEFORE.replace("running 0", "running 2");
        let told = warnings(&series(&[&busy, &after(50, 500, 0)]), &client(50, 500), true);
        assert!(told[0].contains("2 requests were running and 0 waiting"), "{told:?}");
        let told = warnings(&series(&[BEFORE, &after(50, 900, 0)]), &client(50, 500), true);
        assert!(told[0].contains("generated 900 tokens"), "{told:?}");
        let told = warnings(&series(&[BEFORE, &after(50, 100, 0)]), &client(50, 500), true);
        assert!(told[0].contains("the answers contain 500 tokens"), "{told:?}");
    }

    #[test]
    fn a_warm_cache_is_noticed_if_prompts_are_new() {
        let series = series(&[BEFORE, &after(50, 500, 40)]);
        assert!(warnings(&series, &client(50, 500), true)[0].starts_with("40% of the prompts' tokens"));
        assert!(warnings(&series, &client(50, 500), false).is_empty());
    }

    #[test]
    fn a_server_that_began_anew_has_no_growth() {
        let series = series(&[BEFORE, "vllm:request_success_total 5", &after(5, 5, 0)]);
        assert_eq!(series.growth(Figure::Answered), None);
        assert_eq!(series.growth(Figure::OutputTokens), None);
        assert!(series.csv().lines().nth(2).expect("a row").starts_with("1.000,5,,"), "{}", series.csv());
    }
}
