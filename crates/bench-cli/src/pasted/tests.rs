//! Tests command lines that are copied from the tools' own documentation.

use super::*;

fn words(line: &str) -> Vec<String> {
    // Single quotes are for the shell; values here contain only those of JSON.
    line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
}

fn ours(line: &str) -> String {
    let translated = translated(&words(line)).expect("a command line of another tool");
    translated.map(|ours| ours.arguments.join(" ")).unwrap_or_else(|refused| format!("refused: {refused}"))
}

#[test]
fn vllm_bench_serve() {
    assert_eq!(
        ours(
            "vllm bench serve --base-url http://127.0.0.1:8000 --model m --dataset-name random --random-input-len 512 \
             --random-output-len 64 --num-prompts 200 --request-rate 4 --seed 7 --ignore-eos --percentile-metrics ttft,tpot"
        ),
        "http://127.0.0.1:8000 --endpoint completions --model m --isl 512 --osl 64 --rate 4 --requests 200 --seed 7 \
         --ignore-eos"
    );
    assert_eq!(
        ours(
            "vllm bench serve --backend openai-chat --host h --port 9 --endpoint /v1/chat/completions --model m \
             --max_concurrency=8 --num_prompts 1k --random-range-ratio 0.5 --goodput ttft:200 tpot:50 --temperature 0"
        ),
        "http://h:9 --endpoint chat --model m --isl 512-1536 --osl 64-192 --concurrency 8 --requests 1000 \
         --slo ttft:200,tpot:50 --extra-body {\"temperature\":0}"
    );
    assert_eq!(
        ours(
            "python3 benchmarks/benchmark_serving.py --backend vllm --model m --dataset-name sharegpt --dataset-path s.json"
        ),
        "http://127.0.0.1:8000 --endpoint completions --model m --input s.json --format share-gpt --offline --requests 1000"
    );
    // Without the words that name the tool.
    assert_eq!(
        ours("--base-url http://h --model m --burstiness 0.5 --request-rate 3 --num-prompts 9"),
        "http://h --endpoint completions --model m --isl 1024 --osl 128 --rate 3 --arrival gamma:0.5 --requests 9"
    );
}

#[test]
fn aiperf_profile() {
    assert_eq!(
        ours(
            "aiperf profile --model m --url localhost:8000 --endpoint-type chat --streaming --concurrency 10 --request-count 100 \
             --synthetic-input-tokens-mean 200 --synthetic-input-tokens-stddev 20 --output-tokens-mean 50 \
             --output-tokens-stddev 0 --extra-inputs ignore_eos:true --random-seed 3 --tokenizer x"
        ),
        "localhost:8000 --endpoint chat --model m --isl 200:20 --osl 50 --concurrency 10 --requests 100 --seed 3 \
         --extra-body {\"ignore_eos\":true}"
    );
    assert_eq!(
        ours(
            "aiperf profile -m m -u http://h --input-file t.jsonl --custom-dataset-type mooncake_trace --fixed-schedule"
        ),
        "http://h --endpoint chat --model m --no-stream --replay t.jsonl --format mooncake"
    );
    assert_eq!(
        ours(
            "aiperf profile -m m -u http://h --streaming --request-rate 5 --arrival-pattern constant --benchmark-duration 30 \
             --goodput time_to_first_token:300"
        ),
        "http://h --endpoint chat --model m --isl 550 --rate 5 --arrival constant --duration 30s --slo ttft:300"
    );
}

#[test]
fn guidellm_benchmark() {
    assert_eq!(
        ours(
            "guidellm benchmark --target http://localhost:8000 --rate-type concurrent --rate 1,4 --max-seconds 30 \
             --data prompt_tokens=256,output_tokens=128 --processor x"
        ),
        "http://localhost:8000 --endpoint chat --isl 256 --osl 128 --concurrency 1,4 --duration 30s"
    );
    assert_eq!(
        ours(
            "guidellm benchmark run --target http://h --profile sweep --data {\"prompt_tokens\":64,\"prompt_tokens_stdev\":8}"
        ),
        "http://h --endpoint chat --isl 64:8"
    );
    assert_eq!(
        ours("--target http://h --rate-type poisson --rate 3 --max-error-rate 0.05"),
        "http://h --endpoint chat --rate 3 --max-failures 5%"
    );
}

#[test]
fn what_has_no_equivalent_is_refused_with_what_comes_next_to_it() {
    for (line, said) in [
        (
            "vllm bench serve --base-url http://h --request-rate 4 --max-concurrency 8",
            "bench load http://h --rate 4",
        ),
        ("vllm bench serve --dataset-name hf --dataset-path x/y", "--input FILE.jsonl"),
        ("vllm bench serve --backend tensorrt-llm", "--endpoint raw"),
        ("vllm bench serve --insecure", "--ca-file"),
        ("vllm bench serve --frobnicate 1", "no known equivalent for --frobnicate"),
        ("vllm bench serve --model", "`--model` has no value"),
        ("aiperf profile -m m -u h --api-key sk-hunter2", "--token-env"),
        ("aiperf profile -m m --endpoint-type video", "video"),
        ("guidellm benchmark --rate 1", "--target URL"),
        ("guidellm benchmark --target h --rate-type constant", "needs `--rate`"),
    ] {
        let refused = ours(line);
        assert!(refused.starts_with("refused: ") && refused.contains(said), "{line}: {refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let line = "vllm bench serve --base-url http://h --num-prompts 5 --tokenizer t --save-result";
    let left_out = translated(&words(line)).expect("vLLM's").expect("translated").left_out;
    assert_eq!(
        left_out,
        ["--tokenizer (the server counts tokens)", "--save-result (results are always saved)"]
    );
}

#[test]
fn our_own_command_lines_are_left_alone() {
    for line in
        ["http://h", "http://h --rate 2 --model m --endpoint chat", "--help", "http://h --requests 5 -c 1"]
    {
        assert_eq!(translated(&words(line)), None, "{line}");
    }
}
