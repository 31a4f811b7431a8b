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

from . import command, pictures, serving
from .results import BenchmarkReporter, BenchmarkResult, HarnessError, Results, combined, of_run

__all__ = [
    "BenchmarkConfig", "BenchmarkReporter", "BenchmarkResult", "HarnessError", "ImageBenchmarkHarness",
    "ImageBenchmarkReporter", "ResNetImageBenchmarker", "TTSBenchmarkHarness", "TTSBenchmarkReporter", "TextBenchmarkHarness",
    "compare_benchmarks", "reporter",
]  # fmt: skip

logger = logging.getLogger(__name__)

TTSBenchmarkReporter = ImageBenchmarkReporter = BenchmarkReporter
reporter = BenchmarkReporter()


@dataclass
class BenchmarkConfig:
    """How much load there is, what the inputs are, and where reports are written."""

    concurrency_levels: Sequence[int] = (1, 2, 4, 8, 16, 32, 64)
    iterations_per_level: int = 100
    warmup_requests: int = 3
    timeout_seconds: float = 30.0
    rates: Sequence[float] = ()
    """Requests per second, instead of clients, one level for each. They arrive whether or not earlier ones have ended."""
    slo: Sequence[str] = ()
    """What a request must meet to be good: `ttfa <= 300ms`."""
    output_dir: str | Path = "benchmark_results"
    seed: int = 0
    quiet: bool = False

    sample_rate: int = 22050
    bit_depth: int = 16
    min_text_length: int = 50
    max_text_length: int = 200
    text_variations: int = 20

    width: int = 512
    height: int = 512
    num_images: int = 1
    num_inference_steps: int = 50
    guidance_scale: float = 7.5
    prompt_variations: int = 20

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
        with serving.served(held) as path:
            return self._results(*_driven({**plan, "socket": path}))

    async def _run_async(self, function: Callable[..., Any], name: str, keywords: Mapping[str, Any], **plan: Any) -> Results:
        held, plan = self._planned(function, name, keywords, plan)
        return await self._drive_async(held, plan)

    async def _drive_async(self, held: serving.Function, plan: dict[str, Any]) -> Results:
        async def drive(path: str) -> Results:
            pipe = asyncio.subprocess.PIPE
            child = await asyncio.create_subprocess_exec(_bench(), "functions", "drive", stdin=pipe, stdout=pipe)
            said, _ = await child.communicate(json.dumps({**plan, "socket": path}).encode())
            return self._results(child.returncode or 0, said)

        results: Results = await serving.serve_async(held, drive)
        return results

    def _planned(
        self, function: Callable[..., Any], name: str, keywords: Mapping[str, Any], plan: dict[str, Any]
    ) -> tuple[serving.Function, dict[str, Any]]:
        config = self.config
        held = serving.Function(function, self._field, plan.pop("held", []), keywords, self._defaults())
        code = getattr(function, "__code__", None)
        load = {
            "concurrency": list(config.concurrency_levels) if not config.rates else [],
            "rate": list(config.rates),
            "requests": config.iterations_per_level,
            "warm_up": config.warmup_requests,
            "timeout_s": config.timeout_seconds,
            "slo": list(config.slo),
            "seed": config.seed,
            **plan.pop("load", {}),
        }
        reports = {"output_dir": str(config.output_dir), "save_as": name, "quiet": config.quiet}
        source = f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else None
        return held, {"name": name, "field": self._field, "source": source, "load": load, "reports": reports, **plan}

    def _defaults(self) -> dict[str, Any]:
        return {}

    def _results(self, code: int, said: bytes) -> Results:
        if code != 0:
            raise HarnessError("`bench` could not measure the function: its reason stands above, on stderr")
        told = json.loads(said.decode().strip().rpartition("\n")[2])
        results = of_run(Path(told["folder"]), asdict(self.config))
        for reason in told["reasons"]:
            logger.warning(reason)
        return results

    def compare_benchmarks(self, benchmark_results: Mapping[str, Results], output_name: str = "comparison") -> Path:
        """Writes `comparison.csv`, `levels.csv` and plots of several benchmarks into one folder, which is returned."""
        return combined(benchmark_results, Path(self.config.output_dir) / output_name)

    def load_benchmark_results(self, benchmark_name: str) -> Results | None:
        """Returns what the newest benchmark of this name has measured; `None` if there is none."""
        folder = Path(self.config.output_dir) / benchmark_name
        return of_run(folder, asdict(self.config)) if (folder / "run.json").exists() else None


def _driven(plan: dict[str, Any]) -> tuple[int, bytes]:
    """Has `bench` carry out a plan; returns its exit code and what it has said."""
    pipe = subprocess.PIPE
    with subprocess.Popen([_bench(), "functions", "drive"], stdin=pipe, stdout=pipe) as child:
        try:
            said, _ = child.communicate(json.dumps(plan).encode())
        except KeyboardInterrupt:
            # It has been interrupted, too, and writes what was measured until then.
            child.wait()
            raise
    return child.returncode, said


def _in_a_loop(make: Callable[[], Any]) -> Any:
    """Runs a coroutine to its end, whether this thread runs a loop or not."""
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

    def _asked(self, given: Sequence[str] | None) -> dict[str, Any]:
        raise NotImplementedError

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
        return self._run(function, benchmark_name or self._name, is_async, keywords, **self._asked(test_texts))

    async def run_benchmark_async(
        self,
        function: Callable[..., Any],
        test_texts: Sequence[str] | None = None,
        benchmark_name: str | None = None,
        **keywords: Any,
    ) -> Results:
        """Like `run_benchmark`, for an asynchronous function that runs on the event loop of the caller."""
        return await self._run_async(function, benchmark_name or self._name, keywords, **self._asked(test_texts))

    def quick_test(self, function: Callable[..., Any], benchmark_name: str | None = None, **keywords: Any) -> Results:
        """Serves five requests at each level, to see that it works."""
        plan = _with_load(self._asked(None), quick=True)
        return self._run(function, f"{benchmark_name or self._name}_quick", False, keywords, **plan)

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
        plan = _with_load(self._asked(None), stress=stress, requests=None)
        return self._run(function, f"{benchmark_name or self._name}_stress", False, keywords, **plan)

    _name = "benchmark"


def _with_load(plan: dict[str, Any], **load: Any) -> dict[str, Any]:
    return {**plan, "load": {**plan.get("load", {}), **load}}


class TTSBenchmarkHarness(_OfTexts):
    """Puts functions that speak a text under load: ASPS, RTF, CPS, TTFA, underrun.

    A function returns `{"audio_duration": seconds, "sample_rate": …}`, WAV bytes, samples, or yields parts of them.
    """

    _field, _name = "speech", "tts_benchmark"

    def _defaults(self) -> dict[str, Any]:
        return {"sample_rate": self.config.sample_rate, "bit_depth": self.config.bit_depth}

    def _asked(self, given: Sequence[str] | None) -> dict[str, Any]:
        config = self.config
        if given is not None:
            return {"inputs": {"given": serving.described(given)}, "held": list(given)}
        lengths = {"shortest": config.min_text_length, "longest": config.max_text_length}
        return {"inputs": {"texts": {"count": config.text_variations, **lengths}}}


class TextBenchmarkHarness(_OfTexts):
    """Puts functions that continue a prompt under load: output tokens/s, TTFT, TPOT.

    A function returns `{"output_tokens": …, "input_tokens": …}`, or yields its tokens and then that dictionary.
    """

    _field, _name = "text", "text_benchmark"

    def _asked(self, given: Sequence[str] | None) -> dict[str, Any]:
        if given is not None:
            return {"inputs": {"given": serving.described(given)}, "held": list(given)}
        return {"inputs": {"prompts": {"count": self.config.prompt_variations}}}


class ImageBenchmarkHarness(_OfTexts):
    """Puts functions that generate images under load: IPS, PPS, SPS, TTFI, step time.

    They are called with the prompt and those of `width`, `height`, `num_images`, `num_inference_steps`, `guidance_scale` and
    `seed` that they take, and return a dictionary with the same names, or encoded pictures as bytes.
    """

    _field, _name = "images", "image_benchmark"

    def _asked(self, given: Sequence[str] | None) -> dict[str, Any]:
        config = self.config
        names = ("width", "height", "num_images", "num_inference_steps", "guidance_scale", "seed")
        made = {"prompts": {"count": config.prompt_variations}} if given is None else {"given": serving.described(given)}
        return {"inputs": made, "images": {name: getattr(config, name) for name in names}}


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
        super().__init__(
            BenchmarkConfig(warmup_requests=warmup_requests, timeout_seconds=timeout_seconds, output_dir=output_dir)
        )
        self._size, self._folder = (default_width, default_height), test_images_dir

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
        plan = self._asked(test_images, min(iterations_per_level, 10))
        return self._run(classification_function, benchmark_name, is_async, keywords, **plan)

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
        plan = _with_load(self._asked(test_images, 20), stress=stress, requests=None)
        return self._run(classification_function, benchmark_name, False, keywords, **plan)

    def quick_resnet_test(self, classification_function: Callable[..., Any], **keywords: Any) -> Results:
        """Serves five requests of one client, to see that it works."""
        plan = _with_load(self._asked(None, 5), quick=True, concurrency=[1])
        return self._run(classification_function, "resnet_quick", False, keywords, **plan)

    def _asked(self, given: Sequence[bytes] | None, count: int) -> dict[str, Any]:
        if given is None and self._folder is not None:
            paths = sorted(path for path in Path(self._folder).iterdir() if path.is_file())
            given = [picture for picture in (path.read_bytes() for path in paths) if pictures.header(picture) is not None]
            if not given:
                raise HarnessError(f"{self._folder} holds no PNG, JPEG or WebP picture")
        held = list(given) if given is not None else pictures.synthetic(count, *self._size)
        return {"inputs": {"given": serving.described(held)}, "held": held}


def compare_benchmarks(
    benchmark_results: Mapping[str, Results], output_name: str = "comparison", output_dir: str | Path = "benchmark_results"
) -> Path:
    """Writes `comparison.csv`, `levels.csv` and plots of several benchmarks into a folder, which is returned."""
    return combined(benchmark_results, Path(output_dir) / output_name)
