"""Puts functions under load. Scripts that already use classes with these names need only different imports.

    from bench_models.harness import BenchmarkConfig, TTSBenchmarkHarness, reporter

    harness = TTSBenchmarkHarness(BenchmarkConfig(concurrency_levels=[1, 4], iterations_per_level=50))
    results = harness.run_benchmark(speak, benchmark_name="my_tts")
    reporter.print_summary_table(results)

The `bench` command sends the requests and computes the figures.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import arrivals, command, fields, pictures, serving, sockets
from .results import BenchmarkReporter, BenchmarkResult, HarnessError, Results, combined, found_rate, of_run

__all__ = [
    "BenchmarkConfig", "BenchmarkReporter", "BenchmarkResult", "HarnessError", "ImageBenchmarkHarness",
    "ImageBenchmarkReporter", "ResNetImageBenchmarker", "TTSBenchmarkHarness", "TTSBenchmarkReporter", "TextBenchmarkHarness",
    "compare_benchmarks", "found_rate", "reporter",
]  # fmt: skip

logger = logging.getLogger(__name__)

TTSBenchmarkReporter = ImageBenchmarkReporter = BenchmarkReporter
reporter = BenchmarkReporter()


@dataclass
class BenchmarkConfig(fields.Settings):
    """The number of requests, their settings (`min_text_length`, `num_inference_steps`, …), and the folder for reports."""

    concurrency_levels: Sequence[int] = (1, 2, 4, 8, 16, 32, 64)
    iterations_per_level: int = 100
    warmup_requests: int = 3
    timeout_seconds: float = 30.0
    rates: Sequence[float] = ()
    """Requests per second, instead of clients, one level for each. They arrive whether or not earlier ones have ended."""
    find_rate: Sequence[str] = ()
    """Conditions such as `latency_p99 <= 200ms`, instead of clients: the highest rate that meets them is searched, from the
    first of `rates` on; `found_rate(results)` returns it."""
    replay: str | Path | Sequence[float] | None = None
    """The file of a trace, or times in seconds, instead of clients: when requests arrive."""
    replay_speed: float | None = None
    slo: Sequence[str] = ()
    """What a request must meet to be good: `ttfa <= 300ms`."""
    output_dir: str | Path = "benchmark_results"
    quiet: bool = False

    save_raw_data: bool = True
    generate_plots: bool = True
    """Both exist only for scripts that set them: a run always keeps its raw data and its plots."""


@dataclass
class _Harness:
    """A harness: runs a function of its field under load."""

    config: BenchmarkConfig = field(default_factory=BenchmarkConfig)
    reporter: BenchmarkReporter = field(default_factory=BenchmarkReporter)

    _field = "requests"

    def _run(
        self, function: Callable[..., Any], name: str, is_async: bool, keywords: Mapping[str, Any], **plan: Any
    ) -> Results:
        held, plan = self._planned(function, name, keywords, plan)
        if is_async or serving.is_async(function):
            results: Results = _in_a_loop(lambda: self._drive_async(held, plan))
            return results
        with sockets.served(held) as path:
            return self._results(*_driven(_reached(plan, path)))

    async def _run_async(self, function: Callable[..., Any], name: str, keywords: Mapping[str, Any], **plan: Any) -> Results:
        held, plan = self._planned(function, name, keywords, plan)
        return await self._drive_async(held, plan)

    async def _drive_async(self, held: serving.Function, plan: dict[str, Any]) -> Results:
        async def drive(path: str) -> Results:
            pipe = asyncio.subprocess.PIPE
            child = await asyncio.create_subprocess_exec(_bench(), "functions", "drive", stdin=pipe, stdout=pipe)
            said, _ = await child.communicate(json.dumps(_reached(plan, path)).encode())
            return self._results(child.returncode or 0, said)

        results: Results = await sockets.serve_async(held, drive)
        return results

    def _planned(
        self, function: Callable[..., Any], name: str, keywords: Mapping[str, Any], plan: dict[str, Any]
    ) -> tuple[serving.Function, dict[str, Any]]:
        config = self.config
        inputs, requests = fields.requests(self._field, config, plan.get("given"))
        held = serving.Function(function, self._field, inputs, keywords, fields.defaults(self._field, config))
        code = getattr(function, "__code__", None)
        load = {
            **_arrivals(config),
            "requests": config.iterations_per_level,
            "warm_up": config.warmup_requests,
            "timeout_s": config.timeout_seconds,
            "slo": list(config.slo),
            "seed": config.seed,
            **plan.get("load", {}),
        }
        reports = {"output_dir": str(config.output_dir), "save_as": name, "quiet": config.quiet}
        source = f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else None
        return held, {"name": name, "source": source, "function": {**requests, "load": load}, "reports": reports}

    def _results(self, code: int, said: bytes) -> Results:
        if code != 0:
            raise HarnessError("`bench` could not measure the function: the reason is printed above, on stderr")
        told = json.loads(said.decode().strip().rpartition("\n")[2])
        results = of_run(Path(told["folder"]), asdict(self.config))
        for reason in told["reasons"]:
            logger.warning(reason)
        return results

    def compare_benchmarks(self, benchmark_results: Mapping[str, Results], output_name: str = "comparison") -> Path:
        """Writes `comparison.csv`, `levels.csv` and plots of several benchmarks into one folder, which is returned."""
        return combined(benchmark_results, Path(self.config.output_dir) / output_name)

    def load_benchmark_results(self, benchmark_name: str) -> Results | None:
        """Returns the results of the newest benchmark with this name; `None` if there is none."""
        folder = Path(self.config.output_dir) / benchmark_name
        return of_run(folder, asdict(self.config)) if (folder / "run.json").exists() else None


def _arrivals(config: BenchmarkConfig) -> dict[str, Any]:
    """Returns when requests arrive, in the form that `bench functions` reads. Raises `DeclarationError` for invalid
    settings."""
    replay = str(config.replay) if isinstance(config.replay, Path) else config.replay
    search = arrivals.search(config.find_rate, config.rates)
    trace = arrivals.trace(replay, config.replay_speed)
    is_other = search is not None or trace is not None
    return {
        "concurrency": [] if is_other or config.rates else list(config.concurrency_levels),
        "rate": [] if is_other else list(config.rates),
        "find_rate": search,
        "replay": trace,
    }


def _reached(plan: dict[str, Any], path: str) -> dict[str, Any]:
    """Returns the plan of a function that is served at `path`."""
    return {**plan, "function": {**plan["function"], "socket": path}}


def _driven(plan: dict[str, Any]) -> tuple[int, bytes]:
    """Has `bench` carry out a plan; returns its exit code and its output."""
    pipe = subprocess.PIPE
    with subprocess.Popen([_bench(), "functions", "drive"], stdin=pipe, stdout=pipe) as child:
        try:
            said, _ = child.communicate(json.dumps(plan).encode())
        except KeyboardInterrupt:
            # The child was interrupted, too, and writes the results so far.
            child.wait()
            raise
    return child.returncode, said


def _in_a_loop(make: Callable[[], Any]) -> Any:
    """Runs a coroutine to its end, whether or not this thread already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(make())
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lambda: asyncio.run(make())).result()


def _bench() -> str:
    path = command.find()
    if path is None:
        raise HarnessError(command.MISSING)
    sys.stdout.flush()
    return path


class _OfTexts(_Harness):
    """A harness whose functions take a text."""

    def run_benchmark(
        self,
        function: Callable[..., Any],
        test_texts: Sequence[str] | None = None,
        benchmark_name: str | None = None,
        is_async: bool = False,
        **keywords: Any,
    ) -> Results:
        """Puts `function(text, **keywords)` under load at each level; returns the results by number of clients.

        A generator's parts are outputs: the first one is TTFA, TTFI or TTFT. Texts are made if none are given.
        """
        return self._run(function, benchmark_name or self._name, is_async, keywords, given=test_texts)

    async def run_benchmark_async(
        self,
        function: Callable[..., Any],
        test_texts: Sequence[str] | None = None,
        benchmark_name: str | None = None,
        **keywords: Any,
    ) -> Results:
        """Like `run_benchmark`, for an asynchronous function that runs on the event loop of the caller."""
        return await self._run_async(function, benchmark_name or self._name, keywords, given=test_texts)

    def quick_test(self, function: Callable[..., Any], benchmark_name: str | None = None, **keywords: Any) -> Results:
        """Serves five requests at each level, to check that the function works."""
        return self._run(function, f"{benchmark_name or self._name}_quick", False, keywords, load={"quick": True})

    def stress_test(
        self,
        function: Callable[..., Any],
        duration_seconds: float = 30.0,
        max_concurrency: int = 64,
        ramp_up_seconds: float | None = None,
        benchmark_name: str | None = None,
        **keywords: Any,
    ) -> Results:
        """Serves more and more clients for a time, to see whether the function breaks, leaks or slows down."""
        stress = {"duration_s": duration_seconds, "most": max_concurrency, "ramp_up_s": ramp_up_seconds}
        load = {"stress": stress, "requests": None}
        return self._run(function, f"{benchmark_name or self._name}_stress", False, keywords, load=load)

    _name = "benchmark"


class TTSBenchmarkHarness(_OfTexts):
    """Puts functions that speak a text under load: ASPS, RTF, CPS, TTFA, underrun.

    A function returns `{"audio_duration": seconds, "sample_rate": …}`, WAV bytes, samples, or yields parts of them.
    """

    _field, _name = "speech", "tts_benchmark"


class TextBenchmarkHarness(_OfTexts):
    """Puts functions that continue a prompt under load: output tokens/s, TTFT, TPOT.

    A function returns `{"output_tokens": …, "input_tokens": …}`, or yields its tokens and then that dictionary.
    """

    _field, _name = "text", "text_benchmark"


class ImageBenchmarkHarness(_OfTexts):
    """Puts functions that generate images under load: IPS, PPS, SPS, TTFI, step time.

    The functions are called with the prompt and those of `width`, `height`, `num_images`, `num_inference_steps`,
    `guidance_scale` and `seed` that they take, and return a dictionary with the same names, or encoded pictures as bytes.
    """

    _field, _name = "images", "image_benchmark"


class ResNetImageBenchmarker(_Harness):
    """Puts functions that classify an encoded picture under load: IPS.

    A function returns `{"success": True, "predictions": [{"class_id": 7, "confidence": 0.9}, …]}`.
    """

    _field = "classification"

    def __init__(
        self,
        default_width: int = 224,
        default_height: int = 224,
        warmup_requests: int = 5,
        timeout_seconds: float = 30.0,
        monitor_memory: bool = True,
        test_images_dir: str | Path | None = None,
        output_dir: str | Path = "benchmark_results",
    ) -> None:
        config = BenchmarkConfig(
            warmup_requests=warmup_requests, timeout_seconds=timeout_seconds, output_dir=output_dir,
            width=default_width, height=default_height,
        )  # fmt: skip
        super().__init__(config)
        self._folder = test_images_dir

    def benchmark_resnet_model(
        self,
        classification_function: Callable[..., Any],
        test_images: Sequence[bytes] | None = None,
        concurrency_levels: Sequence[int] = (1, 2, 4, 8, 16),
        iterations_per_level: int = 50,
        benchmark_name: str = "resnet",
        is_async: bool = False,
        **keywords: Any,
    ) -> Results:
        """Puts `classification_function(picture, **keywords)` under load at each level, by default with generated pictures."""
        self.config.concurrency_levels, self.config.iterations_per_level = concurrency_levels, iterations_per_level
        given = self._pictures(test_images, min(iterations_per_level, 10))
        return self._run(classification_function, benchmark_name, is_async, keywords, given=given)

    def stress_test_resnet_model(
        self,
        classification_function: Callable[..., Any],
        duration_minutes: float = 5.0,
        max_concurrency: int = 64,
        ramp_up_seconds: float = 30.0,
        test_images: Sequence[bytes] | None = None,
        benchmark_name: str = "resnet_stress",
        **keywords: Any,
    ) -> Results:
        """Serves more and more clients for a time, up to `max_concurrency`."""
        seconds = 60 * duration_minutes
        stress = {"duration_s": seconds, "most": max_concurrency, "ramp_up_s": min(ramp_up_seconds, seconds)}
        given, load = self._pictures(test_images, 20), {"stress": stress, "requests": None}
        return self._run(classification_function, benchmark_name, False, keywords, given=given, load=load)

    def quick_resnet_test(self, classification_function: Callable[..., Any], **keywords: Any) -> Results:
        """Serves five requests of one client, to check that the function works."""
        given, load = self._pictures(None, 5), {"quick": True, "concurrency": [1]}
        return self._run(classification_function, "resnet_quick", False, keywords, given=given, load=load)

    def _pictures(self, given: Sequence[bytes] | None, count: int) -> Sequence[bytes] | None:
        """Returns the given pictures, or those of the folder; `None` if there are neither, so that `count` pictures are
        made."""
        self.config.picture_variations = count
        if given is None and self._folder is not None:
            paths = sorted(path for path in Path(self._folder).iterdir() if path.is_file())
            given = [picture for picture in (path.read_bytes() for path in paths) if pictures.header(picture) is not None]
            if not given:
                raise HarnessError(f"{self._folder} contains no PNG, JPEG or WebP picture")
        return given


def compare_benchmarks(
    benchmark_results: Mapping[str, Results], output_name: str = "comparison", output_dir: str | Path = "benchmark_results"
) -> Path:
    """Writes `comparison.csv`, `levels.csv` and plots of several benchmarks into a folder, which is returned."""
    return combined(benchmark_results, Path(output_dir) / output_name)
