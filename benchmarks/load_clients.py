"""How far what clients report is from what a server has really sent. Used by `benchmarks/measure load-clients`.

The server is `accuracy truth` of the crate bench-endpoint: it streams chats, and prints when each request had come and when
each token was written. Server and clients share a machine and its clock. A client is compared with the server's times of the
same requests, by the same formulas; percentiles are nearest ranks.
"""

import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile


TOKENS, FIRST_MS, GAP_MS = 60, 50, 10

# Streams, and requests of each client at so many.
GRID = {1: 20, 10: 100, 100: 500}

FIGURES = ("TTFT", "ITL", "latency")
SHARES = (0.5, 0.99)


def percentile(values, share):
    """
    >>> percentile([4, 1, 3, 2], 0.5), percentile([4, 1, 3, 2], 0.99)
    (2, 4)
    """
    ordered = sorted(values)
    # In whole thousandths: 0.99 * 100 is more than 99 for a processor.
    rank = -(-round(share * 1000) * len(ordered) // 1000)
    return ordered[max(rank, 1) - 1]


def sent(lines, count, means):
    """What the server has sent of the last `count` streams; ITL is the mean of each stream if `means`.

    >>> lines = ['{"came": 1.0, "tokens": [1.5, 1.6, 1.8]}', '{"came": 3.0, "tokens": [3.5, 3.5, 3.75]}']
    >>> sent(lines, 1, means=False)
    {'TTFT': [0.5], 'ITL': [0.0, 0.25], 'latency': [0.75]}
    >>> sent(lines, 1, means=True)['ITL']
    [0.125]
    >>> sent(lines, 3, means=True)
    Traceback (most recent call last):
    ValueError: 3 requests are reported, but the server has sent 2 whole streams
    """
    streams = [json.loads(line) for line in lines]
    if count > len(streams):
        raise ValueError(f"{count} requests are reported, but the server has sent {len(streams)} whole streams")
    # Those of warm-up and of checks whether the server is there come first.
    streams = sorted(streams, key=lambda stream: stream["came"])[len(streams) - count :]
    figures = {"TTFT": [], "ITL": [], "latency": []}
    for stream in streams:
        tokens = stream["tokens"]
        gaps = [after - before for before, after in zip(tokens, tokens[1:])]
        figures["TTFT"].append(tokens[0] - stream["came"])
        figures["ITL"] += [statistics.fmean(gaps)] if means else gaps
        figures["latency"].append(tokens[-1] - stream["came"])
    return figures


class Client:
    """A load generator in a virtual environment that is called as it is."""

    # Whether its ITL is one figure for each request, the mean, and not one for each gap.
    means = True

    def __init__(self, folder):
        self.folder = folder

    def is_there(self):
        return self.program().exists()

    def program(self):
        return self.folder / self.name / "bin" / self.name

    def version(self):
        python = self.folder / self.name / "bin/python"
        code = f"from importlib.metadata import version; print(version({self.name!r}))"
        return subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True).stdout.strip()


class Ours(Client):
    name, means = "bench load", False

    def __init__(self, bench):
        self.bench = bench

    def is_there(self):
        return True

    def version(self):
        return subprocess.run([self.bench, "--version"], stdout=subprocess.PIPE, text=True).stdout.split()[-1]

    def command(self, url, streams, requests, out):
        command = [self.bench, "load", url, "--endpoint", "chat", "--model", "m", "--concurrency", streams]
        return [*command, "--requests", requests, "--output-dir", out, "--no-metrics", "--quiet"]

    def figures(self, out):
        return our_record(json.loads((out / "latest/run.json").read_text()))


def our_record(record):
    """Percentiles of the only level in a record of `bench load`, the number of requests, and whether the level is valid.

    >>> metrics = [{"name": f"{name} p{rank}", "value": rank / 100} for name in FIGURES for rank in (50, 99)]
    >>> level = {"metrics": metrics, "succeeded": 20, "validity": {"valid": True}}
    >>> found = our_record({"cases": [{"rounds": [{"served": {"levels": [level]}}]}]})
    >>> found["ITL"], found["count"], found["valid"]
    ({0.5: 0.5, 0.99: 0.99}, 20, True)
    """
    level, = record["cases"][0]["rounds"][0]["served"]["levels"]
    values = {metric["name"]: metric["value"] for metric in level["metrics"]}
    figures = {figure: {share: values[f"{figure} p{share * 100:.0f}"] for share in SHARES} for figure in FIGURES}
    return {**figures, "count": level["succeeded"], "valid": level["validity"]["valid"]}


class AIPerf(Client):
    name = "aiperf"

    def command(self, url, streams, requests, out):
        command = [self.program(), "profile", "--model", "m", "--url", url, "--endpoint-type", "chat", "--streaming"]
        command += ["--concurrency", streams, "--request-count", requests, "--isl", 16, "--osl", TOKENS, "--tokenizer", tokenizer(out)]
        command += ["--use-server-token-count", "--no-server-metrics", "--no-gpu-telemetry"]
        return [*command, "--output-artifact-dir", out, "--ui", "none"]

    def figures(self, out):
        path, = out.rglob("profile_export.jsonl")
        return aiperf_records(path.read_text().splitlines())


def aiperf_records(lines):
    """Times of the requests in aiperf's `profile_export.jsonl`, in seconds.

    >>> times = lambda ttft, itl, latency: {name: {"value": value, "unit": "ms"} for name, value in
    ...     [("time_to_first_token", ttft), ("inter_token_latency", itl), ("request_latency", latency)]}
    >>> line = lambda metrics: json.dumps({"metadata": {"benchmark_phase": "profiling"}, "metrics": metrics, "error": None})
    >>> aiperf_records([line(times(50, 10, 640)), line(times(52, 11, 650))])
    {'TTFT': [0.05, 0.052], 'ITL': [0.01, 0.011], 'latency': [0.64, 0.65]}
    """
    records = [json.loads(line) for line in lines]
    records = [record["metrics"] for record in records if not record.get("error")]
    of = lambda name: [record[name]["value"] / {"ms": 1e3, "ns": 1e9}[record[name]["unit"]] for record in records]
    return {"TTFT": of("time_to_first_token"), "ITL": of("inter_token_latency"), "latency": of("request_latency")}


class GuideLLM(Client):
    name = "guidellm"

    def command(self, url, streams, requests, out):
        data = out / "prompts.jsonl"
        data.write_text("".join(json.dumps({"prompt": f"request {number}"}) + "\n" for number in range(requests)))
        command = [self.program(), "run", "--backend", f"kind=openai_http,target={url},model=m,max_tokens={TOKENS}"]
        command += ["--profile", f"kind=concurrent,streams={streams}", "--constraint", f"kind=max_requests,count={requests}"]
        command += ["--data", f"kind=json_file,path={data}", "--disable-console"]
        return [*command, "--output", f"kind=json,path={out / 'report.json'}"]

    def figures(self, out):
        return guidellm_report(json.loads((out / "report.json").read_text()))


def guidellm_report(report):
    """Times of the successful requests in guidellm's report, in seconds.

    >>> request = {"time_to_first_token_ms": 50, "inter_token_latency_ms": 10, "request_latency": 0.64}
    >>> guidellm_report({"benchmarks": [{"requests": {"successful": [request], "errored": []}}]})
    {'TTFT': [0.05], 'ITL': [0.01], 'latency': [0.64]}
    """
    benchmark, = report["benchmarks"]
    requests = benchmark["requests"]["successful"]
    of = lambda name, scale: [request[name] / scale for request in requests]
    return {
        "TTFT": of("time_to_first_token_ms", 1e3),
        "ITL": of("inter_token_latency_ms", 1e3),
        "latency": of("request_latency", 1.0),
    }


class Vllm(Client):
    name, means = "vllm", False

    def command(self, url, streams, requests, out):
        command = [self.program(), "bench", "serve", "--backend", "openai-chat", "--endpoint", "/v1/chat/completions"]
        command += ["--base-url", url, "--model", "m", "--tokenizer", tokenizer(out), "--dataset-name", "random"]
        command += ["--random-input-len", 16, "--random-output-len", TOKENS, "--num-prompts", requests]
        command += ["--max-concurrency", streams, "--num-warmups", streams, "--disable-tqdm"]
        return [*command, "--save-result", "--save-detailed", "--result-dir", out, "--result-filename", "vllm.json"]

    def figures(self, out):
        return vllm_result(json.loads((out / "vllm.json").read_text()))


def vllm_result(result):
    """Times of the requests in a detailed result of `vllm bench serve`, in seconds. The latency of a request, which it does not
    save, is the sum of the others.

    >>> vllm_result({"ttfts": [0.05, 0.06], "itls": [[0.01, 0.02], [0.01]], "errors": ["", ""]})
    {'TTFT': [0.05, 0.06], 'ITL': [0.01, 0.02, 0.01], 'latency': [0.08, 0.07]}
    """
    latency = [round(ttft + sum(gaps), 9) for ttft, gaps in zip(result["ttfts"], result["itls"])]
    return {"TTFT": result["ttfts"], "ITL": [gap for gaps in result["itls"] for gap in gaps], "latency": latency}


class GenAIBench(Client):
    name = "genai-bench"

    def command(self, url, streams, requests, out):
        command = [self.program(), "benchmark", "--api-backend", "openai", "--api-base", url, "--api-key", "none"]
        command += ["--api-model-name", "m", "--model-tokenizer", tokenizer(out), "--task", "text-to-text"]
        command += ["--traffic-scenario", f"D(16,{TOKENS})", "--num-concurrency", streams, "--max-requests-per-run", requests]
        return [*command, "--max-time-per-run", 5, "--experiment-base-dir", out, "--experiment-folder-name", "run"]

    def figures(self, out):
        path, = [path for path in out.rglob("*.json") if "concurrency" in path.name]
        return genai_bench_result(json.loads(path.read_text()))


def genai_bench_result(result):
    """Times of the requests in a result of genai-bench, in seconds.

    >>> request = {"error_code": None, "ttft": 0.05, "tpot": 0.01, "e2e_latency": 0.64}
    >>> genai_bench_result({"individual_request_metrics": [request, {"error_code": 500}]})
    {'TTFT': [0.05], 'ITL': [0.01], 'latency': [0.64]}
    """
    requests = [one for one in result["individual_request_metrics"] if one.get("error_code") in (None, 200)]
    of = lambda name: [request[name] for request in requests]
    return {"TTFT": of("ttft"), "ITL": of("tpot"), "latency": of("e2e_latency")}


class InferencePerf(Client):
    name, means = "inference-perf", False

    def command(self, url, streams, requests, out):
        settings = {
            "load": {
                "type": "concurrent",
                "stages": [{"concurrency_level": streams, "num_requests": requests}],
                "num_workers": 1,
                "worker_max_concurrency": streams,
            },
            "api": {"type": "chat", "streaming": True},
            "server": {"type": "vllm", "model_name": "m", "base_url": url, "ignore_eos": True},
            "tokenizer": {"pretrained_model_name_or_path": str(tokenizer(out))},
            "data": {"type": "mock"},
            "report": {"request_lifecycle": {"summary": True, "per_stage": False, "per_request": True}},
            "storage": {"local_storage": {"path": str(out / "reports")}},
        }
        # JSON is YAML.
        (out / "settings.yml").write_text(json.dumps(settings))
        return [self.program(), "--config_file", out / "settings.yml"]

    def figures(self, out):
        path, = out.rglob("per_request_lifecycle_metrics.json")
        return inference_perf_requests(json.loads(path.read_text()))


def inference_perf_requests(requests):
    """Times of the requests in inference-perf's `per_request_lifecycle_metrics.json`, in seconds.

    >>> request = {"start_time": 1.0, "end_time": 1.75, "error": None, "info": {"response_metrics": {"output_token_times": [1.5, 1.5, 1.75]}}}
    >>> inference_perf_requests([request])
    {'TTFT': [0.5], 'ITL': [0.0, 0.25], 'latency': [0.75]}
    """
    requests = [request for request in requests if not request.get("error")]
    times = [request["info"]["response_metrics"]["output_token_times"] for request in requests]
    return {
        "TTFT": [tokens[0] - request["start_time"] for request, tokens in zip(requests, times)],
        "ITL": [after - before for tokens in times for before, after in zip(tokens, tokens[1:])],
        "latency": [request["end_time"] - request["start_time"] for request in requests],
    }


def tokenizer(out):
    """A folder with a tokenizer whose tokens are words, so that nothing has to be fetched."""
    folder = out / "tokenizer"
    folder.mkdir(exist_ok=True)
    words = ["<unk>", "<s>", "</s>", "tok", *(f"w{number}" for number in range(1000))]
    special = lambda number: {"id": number, "content": words[number], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    model = {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(words)}, "unk_token": "<unk>"}
    document = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [special(number) for number in range(3)]}
    document |= {"normalizer": None, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None, "model": model}
    (folder / "tokenizer.json").write_text(json.dumps(document))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "model_max_length": 8192}
    settings["chat_template"] = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


@contextlib.contextmanager
def served(program):
    """Address of a server, and a list to which the lines are added that it prints at its end."""
    command = [program, "truth", str(TOKENS), str(FIRST_MS), str(GAP_MS)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lines = []
    try:
        yield server.stdout.readline().strip(), lines
    finally:
        # It prints what it has sent when its input ends.
        lines += server.communicate()[0].splitlines()


def compared(reported, truth):
    """Errors of percentiles in seconds, reported − true, by figure and share.

    >>> compared({"TTFT": [0.5, 0.75], "ITL": {0.5: 0.25, 0.99: 0.5}, "latency": [1.0]},
    ...     {"TTFT": [0.5, 0.5], "ITL": [0.25, 0.25], "latency": [0.75]})
    {'TTFT': [0.0, 0.25], 'ITL': [0.0, 0.25], 'latency': [0.25, 0.25]}
    """
    at = lambda values, share: values[share] if isinstance(values, dict) else percentile(values, share)
    return {figure: [at(reported[figure], share) - percentile(truth[figure], share) for share in SHARES] for figure in FIGURES}


def measured(client, program, streams):
    """One run of a client: its errors, and whether it calls its figures valid, if it says."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder)
        with served(program) as (url, lines):
            command = [str(word) for word in client.command(url, streams, GRID[streams], out)]
            try:
                done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=out, timeout=240)
            except subprocess.TimeoutExpired:
                raise RuntimeError("no result after 240 s") from None
        try:
            figures = client.figures(out)
        except (OSError, ValueError, KeyError, IndexError) as error:
            raise RuntimeError(f"{error!r}; exit code {done.returncode}:\n{done.stdout[-3000:]}") from None
        count = figures.get("count", len(figures["TTFT"]))
        if count < 0.95 * GRID[streams]:
            raise RuntimeError(f"{count} of {GRID[streams]} requests are reported:\n{done.stdout[-3000:]}")
        return {"errors": compared(figures, sent(lines, count, client.means)), "count": count, "valid": figures.get("valid")}


def in_turn(ours, peers):
    """Ours before every second one of the others, so that a bad minute falls on all.

    >>> in_turn("ours", ["a", "b", "c"]), in_turn("ours", [])
    (['ours', 'a', 'b', 'ours', 'c'], ['ours'])
    """
    return [client for place, peer in enumerate(peers) for client in ([ours, peer] if place % 2 == 0 else [peer])] or [ours]


def load_clients(bench, program, folder, turns, streams, keep, names):
    """Runs the clients in turn with ours, adds the results to the file `keep`, if any, and prints the table of all."""
    ours = Ours(bench)
    peers = [kind(folder) for kind in (AIPerf, GuideLLM, Vllm, GenAIBench, InferencePerf)]
    peers = [peer for peer in peers if not names or peer.name in names]
    for peer in peers:
        if not peer.is_there():
            print(f"{peer.name} is left out: there is no {peer.program()}", file=sys.stderr)
    peers = [peer for peer in peers if peer.is_there()]
    results = json.loads(keep.read_text()) if keep and keep.exists() else []
    for turn in range(turns):
        for count in streams:
            for client in in_turn(ours, peers):
                try:
                    result = measured(client, program, count)
                except RuntimeError as error:
                    print(f"{client.name}, {count} streams: {error}", file=sys.stderr)
                    continue
                results.append({"client": client.name, "version": client.version(), "streams": count, **result})
                print(f"turn {turn + 1} of {turns}: {client.name}, {count} streams: {shown(result['errors'])}", file=sys.stderr)
                if keep:
                    keep.write_text(json.dumps(results))
    print(table(results))


def shown(errors):
    return ", ".join(f"{figure} {errors[figure][0] * 1e6:+.0f} {errors[figure][1] * 1e6:+.0f}" for figure in FIGURES) + " µs"


def table(results):
    """Medians and ranges over the runs of each client, in microseconds.

    >>> errors = lambda us: {figure: [us / 1e6, 2 * us / 1e6] for figure in FIGURES}
    >>> run = lambda us: {"client": "x", "version": "1", "streams": 10, "errors": errors(us), "count": 9, "valid": us < 3}
    >>> print(table([run(1), run(2), run(9)]))
    errors in µs, reported − sent: median over runs (range)
    <BLANKLINE>
    | streams | client | runs | TTFT p50 | TTFT p99 | ITL p50 | ITL p99 | latency p50 | latency p99 | valid |
    |---|---|---|---|---|---|---|---|---|---|
    | 10 | x 1 | 3 | +2 (+1 to +9) | +4 (+2 to +18) | +2 (+1 to +9) | +4 (+2 to +18) | +2 (+1 to +9) | +4 (+2 to +18) | 2 of 3 |
    """
    columns = ["streams", "client", "runs", *(f"{figure} p{share * 100:.0f}" for figure in FIGURES for share in SHARES), "valid"]
    lines = ["errors in µs, reported − sent: median over runs (range)\n", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    of = {}
    for result in results:
        of.setdefault((result["streams"], f"{result['client']} {result['version']}"), []).append(result)
    # By streams; within them, in the order in which they were first run.
    for (streams, client), runs in sorted(of.items(), key=lambda item: item[0][0]):
        cells = [str(streams), client, str(len(runs))]
        for figure in FIGURES:
            for place in range(len(SHARES)):
                values = [run["errors"][figure][place] * 1e6 for run in runs]
                spread = f" ({min(values):+.0f} to {max(values):+.0f})" if len(values) > 1 else ""
                cells.append(f"{statistics.median(values):+.0f}{spread}")
        said = [run["valid"] for run in runs if run["valid"] is not None]
        cells.append(f"{sum(said)} of {len(said)}" if said else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
