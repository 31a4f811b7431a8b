//! The names that each server gives to the same figures.

use std::collections::BTreeMap;

use super::exposition::parse;

/// A server whose metrics are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
    /// Hugging Face Text Generation Inference.
    Tgi,
    /// NVIDIA Triton.
    Triton,
    /// llama.cpp.
    LlamaCpp,
    /// NVIDIA's exporter for the GPUs of a machine, a process of its own next to the model server.
    Dcgm,
}

/// A figure that servers report about themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// Requests that were answered so far.
    Answered,
    /// Input tokens so far.
    InputTokens,
    /// Output tokens so far.
    OutputTokens,
    /// Input tokens that were looked up in the prefix cache so far.
    PrefixLookups,
    /// Input tokens that were found in the prefix cache so far.
    PrefixHits,
    /// Requests that were preempted so far, because memory ran out.
    Preempted,
    /// Sum of the times to the first token, in seconds.
    FirstTokenSum,
    /// Number of first tokens.
    FirstTokenCount,
    /// Sum of the times in the queue, in seconds.
    QueueSum,
    /// The number of requests that have left the queue.
    QueueCount,
    /// Requests being served now.
    Running,
    /// Requests waiting now.
    Waiting,
    /// Share of the KV cache that is in use now.
    CacheUsed,
    /// Number of GPUs.
    Gpus,
    /// Share of the time in which GPUs are busy, averaged over all GPUs.
    GpuBusy,
    /// Memory of GPUs in use now, in bytes.
    GpuMemory,
    /// Power that GPUs draw now, in watts.
    GpuPower,
}

impl Figure {
    /// All figures.
    pub const ALL: [Figure; 17] = [
        Figure::Answered,
        Figure::InputTokens,
        Figure::OutputTokens,
        Figure::PrefixLookups,
        Figure::PrefixHits,
        Figure::Preempted,
        Figure::FirstTokenSum,
        Figure::FirstTokenCount,
        Figure::QueueSum,
        Figure::QueueCount,
        Figure::Running,
        Figure::Waiting,
        Figure::CacheUsed,
        Figure::Gpus,
        Figure::GpuBusy,
        Figure::GpuMemory,
        Figure::GpuPower,
    ];

    /// Whether the figure is a counter, of which only the growth is meaningful.
    pub fn is_counter(self) -> bool {
        self < Figure::Running
    }

    /// Returns the name of the column in `server.csv`.
    pub fn column(self) -> &'static str {
        match self {
            Figure::Answered => "answered_total",
            Figure::InputTokens => "input_tokens_total",
            Figure::OutputTokens => "output_tokens_total",
            Figure::PrefixLookups => "prefix_lookups_total",
            Figure::PrefixHits => "prefix_hits_total",
            Figure::Preempted => "preempted_total",
            Figure::FirstTokenSum => "ttft_sum_s",
            Figure::FirstTokenCount => "ttft_count",
            Figure::QueueSum => "queue_sum_s",
            Figure::QueueCount => "queue_count",
            Figure::Running => "running",
            Figure::Waiting => "waiting",
            Figure::CacheUsed => "cache_used_share",
            Figure::Gpus => "gpus",
            Figure::GpuBusy => "gpu_busy_share",
            Figure::GpuMemory => "gpu_memory_bytes",
            Figure::GpuPower => "gpu_power_w",
        }
    }
}

/// The names of figures, newest server version first: the first name that is present counts. The factor converts other
/// units into seconds and shares.
type Names = &'static [(Figure, &'static [&'static str], f64)];

const VLLM: Names = &[
    (Figure::Answered, &["vllm:request_success_total"], 1.0),
    (Figure::InputTokens, &["vllm:prompt_tokens_total"], 1.0),
    (Figure::OutputTokens, &["vllm:generation_tokens_total"], 1.0),
    (Figure::PrefixLookups, &["vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total"], 1.0),
    (Figure::PrefixHits, &["vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"], 1.0),
    (Figure::Preempted, &["vllm:num_preemptions_total"], 1.0),
    (Figure::FirstTokenSum, &["vllm:time_to_first_token_seconds_sum"], 1.0),
    (Figure::FirstTokenCount, &["vllm:time_to_first_token_seconds_count"], 1.0),
    (Figure::QueueSum, &["vllm:request_queue_time_seconds_sum"], 1.0),
    (Figure::QueueCount, &["vllm:request_queue_time_seconds_count"], 1.0),
    (Figure::Running, &["vllm:num_requests_running"], 1.0),
    (Figure::Waiting, &["vllm:num_requests_waiting"], 1.0),
    (Figure::CacheUsed, &["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"], 1.0),
];

const SGLANG: Names = &[
    (Figure::Answered, &["sglang:num_requests_total"], 1.0),
    (Figure::InputTokens, &["sglang:prompt_tokens_total"], 1.0),
    (Figure::OutputTokens, &["sglang:generation_tokens_total"], 1.0),
    (Figure::PrefixLookups, &["sglang:prompt_tokens_total"], 1.0),
    (Figure::PrefixHits, &["sglang:cached_tokens_total"], 1.0),
    (Figure::FirstTokenSum, &["sglang:time_to_first_token_seconds_sum"], 1.0),
    (Figure::FirstTokenCount, &["sglang:time_to_first_token_seconds_count"], 1.0),
    (Figure::QueueSum, &["sglang:queue_time_seconds_sum"], 1.0),
    (Figure::QueueCount, &["sglang:queue_time_seconds_count"], 1.0),
    (Figure::Running, &["sglang:num_running_reqs"], 1.0),
    (Figure::Waiting, &["sglang:num_queue_reqs"], 1.0),
    (Figure::CacheUsed, &["sglang:token_usage"], 1.0),
];

const TGI: Names = &[
    (Figure::Answered, &["tgi_request_success"], 1.0),
    (Figure::InputTokens, &["tgi_request_input_length_sum"], 1.0),
    (Figure::OutputTokens, &["tgi_request_generated_tokens_sum"], 1.0),
    (Figure::QueueSum, &["tgi_request_queue_duration_sum"], 1.0),
    (Figure::QueueCount, &["tgi_request_queue_duration_count"], 1.0),
    (Figure::Running, &["tgi_batch_current_size"], 1.0),
    (Figure::Waiting, &["tgi_queue_size"], 1.0),
];

const TRITON: Names = &[
    (Figure::Answered, &["nv_inference_request_success"], 1.0),
    (Figure::QueueSum, &["nv_inference_queue_duration_us"], 1e-6),
    (Figure::QueueCount, &["nv_inference_request_success"], 1.0),
    (Figure::Waiting, &["nv_inference_pending_request_count"], 1.0),
    (Figure::Gpus, &["nv_gpu_utilization"], 1.0),
    (Figure::GpuBusy, &["nv_gpu_utilization"], 1.0),
    (Figure::GpuMemory, &["nv_gpu_memory_used_bytes"], 1.0),
    (Figure::GpuPower, &["nv_gpu_power_usage"], 1.0),
];

const LLAMA_CPP: Names = &[
    (Figure::InputTokens, &["llamacpp:prompt_tokens_total"], 1.0),
    (Figure::OutputTokens, &["llamacpp:tokens_predicted_total"], 1.0),
    (Figure::Running, &["llamacpp:requests_processing"], 1.0),
    (Figure::Waiting, &["llamacpp:requests_deferred"], 1.0),
];

/// The fields of DCGM that its exporter offers by default. A part of a GPU (MIG) has no utilization, only the share of
/// time in which its engine is active. Of two rows of one figure, the last one whose name is present counts.
const DCGM: Names = &[
    (Figure::Gpus, &["DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE"], 1.0),
    (Figure::GpuBusy, &["DCGM_FI_PROF_GR_ENGINE_ACTIVE"], 1.0),
    (Figure::GpuBusy, &["DCGM_FI_DEV_GPU_UTIL"], 0.01),
    (Figure::GpuMemory, &["DCGM_FI_DEV_FB_USED"], 1024.0 * 1024.0),
    (Figure::GpuPower, &["DCGM_FI_DEV_POWER_USAGE"], 1.0),
];

impl System {
    const ALL: [System; 6] =
        [System::Vllm, System::Sglang, System::Tgi, System::Triton, System::LlamaCpp, System::Dcgm];

    /// Returns the name in reports.
    pub fn name(self) -> &'static str {
        match self {
            System::Vllm => "vLLM",
            System::Sglang => "SGLang",
            System::Tgi => "TGI",
            System::Triton => "Triton",
            System::LlamaCpp => "llama.cpp",
            System::Dcgm => "DCGM",
        }
    }

    fn names(self) -> Names {
        match self {
            System::Vllm => VLLM,
            System::Sglang => SGLANG,
            System::Tgi => TGI,
            System::Triton => TRITON,
            System::LlamaCpp => LLAMA_CPP,
            System::Dcgm => DCGM,
        }
    }

    /// Returns the prefix of all metrics of the system.
    fn prefix(self) -> &'static str {
        match self {
            System::Vllm => "vllm:",
            System::Sglang => "sglang:",
            System::Tgi => "tgi_",
            System::Triton => "nv_inference_",
            System::LlamaCpp => "llamacpp:",
            System::Dcgm => "DCGM_FI_",
        }
    }

    /// Whether the system serves models, and does not only observe a machine.
    pub fn is_server(self) -> bool {
        self != System::Dcgm
    }
}

/// The metrics of a server at one moment. A figure that the server does not report is absent, not 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The server software.
    pub system: System,
    /// The figures, each combined over all its series.
    pub figures: BTreeMap<Figure, f64>,
}

impl Snapshot {
    /// Reads scraped metrics. `None` if they are not those of a known server.
    pub fn of(text: &str) -> Option<Self> {
        let (samples, _) = parse(text);
        let system = System::ALL
            .into_iter()
            .find(|system| samples.iter().any(|one| one.name.starts_with(system.prefix())))?;
        let figure = |names: &[&str], figure: Figure, factor: f64| {
            names.iter().find_map(|name| {
                // Prometheus clients for Python name a counter `x_total`, others `x`.
                let plain = name.strip_suffix("_total").unwrap_or(name);
                let values = samples.iter().filter(|one| one.name == *name || one.name == plain);
                let values: Vec<f64> =
                    values.map(|one| one.value).filter(|value| value.is_finite()).collect();
                let sum = values.iter().copied().reduce(|one, other| one + other)?;
                let count = values.len() as f64;
                // There is a series for each engine, model or GPU: counts add up, shares do not.
                let together = match figure {
                    Figure::CacheUsed => values.into_iter().reduce(f64::max)?,
                    Figure::GpuBusy => sum / count,
                    Figure::Gpus => count,
                    _ => sum,
                };
                Some((figure, together * factor))
            })
        };
        let figures = system
            .names()
            .iter()
            .filter_map(|(which, names, factor)| figure(names, *which, *factor))
            .collect();
        Some(Snapshot { system, figures })
    }

    /// Adds the figures of `other` that this server does not report itself.
    #[must_use]
    pub fn and(self, other: Snapshot) -> Self {
        let mut figures = other.figures;
        figures.extend(self.figures);
        Snapshot { figures, ..self }
    }

    /// Returns this figure; `None` if the server does not report it.
    pub fn get(&self, figure: Figure) -> Option<f64> {
        self.figures.get(&figure).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_known_by_its_names() {
        for (text, system, figure, value) in [
            (
                "vllm:request_success_total{finished_reason=\"stop\"} 3.0\nvllm:request_success_total{finished_reason=\"length\"} 4.0\n",
                System::Vllm,
                Figure::Answered,
                7.0,
            ),
            (
                "vllm:gpu_cache_usage_perc{engine=\"0\"} 0.5\nvllm:gpu_cache_usage_perc{engine=\"1\"} 0.25",
                System::Vllm,
                Figure::CacheUsed,
                0.5,
            ),
            (
                "vllm:kv_cache_usage_perc 0.1\nvllm:gpu_cache_usage_perc 0.9",
                System::Vllm,
                Figure::CacheUsed,
                0.1,
            ),
            (
                "sglang:generation_tokens_total{model_name=\"m\"} 12",
                System::Sglang,
                Figure::OutputTokens,
                12.0,
            ),
            ("tgi_request_generated_tokens_sum 40", System::Tgi, Figure::OutputTokens, 40.0),
            (
                "nv_inference_queue_duration_us{model=\"m\",version=\"1\"} 2500",
                System::Triton,
                Figure::QueueSum,
                0.0025,
            ),
            ("llamacpp:tokens_predicted_total 9", System::LlamaCpp, Figure::OutputTokens, 9.0),
            (
                "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\"} 100\nDCGM_FI_DEV_GPU_UTIL{gpu=\"1\",UUID=\"GPU-2\"} 50\n",
                System::Dcgm,
                Figure::GpuBusy,
                0.75,
            ),
            ("DCGM_FI_PROF_GR_ENGINE_ACTIVE 0.5", System::Dcgm, Figure::GpuBusy, 0.5),
            (
                "DCGM_FI_PROF_GR_ENGINE_ACTIVE 0.5\nDCGM_FI_DEV_GPU_UTIL 25",
                System::Dcgm,
                Figure::GpuBusy,
                0.25,
            ),
            ("DCGM_FI_DEV_FB_USED{gpu=\"0\"} 2048", System::Dcgm, Figure::GpuMemory, 2_147_483_648.0),
            ("DCGM_FI_DEV_POWER_USAGE{gpu=\"0\"} 70.5", System::Dcgm, Figure::GpuPower, 70.5),
            (
                "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\"} 1\nDCGM_FI_DEV_GPU_UTIL{gpu=\"1\"} 1",
                System::Dcgm,
                Figure::Gpus,
                2.0,
            ),
            (
                "nv_inference_count 1\nnv_gpu_power_usage{gpu_uuid=\"GPU-1\"} 60",
                System::Triton,
                Figure::GpuPower,
                60.0,
            ),
        ] {
            let snapshot = Snapshot::of(text).expect("known");
            assert_eq!((snapshot.system, snapshot.get(figure)), (system, Some(value)), "{text}");
            // A figure that is not reported is not 0.
            assert_eq!(snapshot.get(Figure::Preempted), None);
        }
        assert_eq!(Snapshot::of("python_info 1\n"), None);
    }

    #[test]
    fn a_server_is_believed_before_the_exporter() {
        let of = |text| Snapshot::of(text).expect("known");
        let server = of("nv_inference_pending_request_count 3\nnv_gpu_power_usage 60");
        let both = server.and(of("DCGM_FI_DEV_POWER_USAGE 70\nDCGM_FI_DEV_FB_USED 1"));
        assert_eq!((both.system, both.get(Figure::Waiting)), (System::Triton, Some(3.0)));
        assert_eq!(
            (both.get(Figure::GpuPower), both.get(Figure::GpuMemory)),
            (Some(60.0), Some(1_048_576.0))
        );
    }
}
