"""Finds and runs the benchmarks of a project from code.

from bench_models.discovery import BenchmarkDiscovery, discover_and_run_all_benchmarks

results = discover_and_run_all_benchmarks()
results = BenchmarkDiscovery().run_model_benchmarks("resnet")
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import command
from .catalogue import catalogue
from .results import HarnessError

__all__ = ["BenchmarkDiscovery", "discover_and_run_all_benchmarks"]

# The name of the newest run from code in the folder of all runs.
_NAME = "discovery"


class BenchmarkDiscovery:
    """Finds the benchmarks below some paths, and measures them with `bench run`.

    Benchmarks are found without importing them. `arguments` are additional arguments of `bench run`: `["--max-time", "2s"]`.
    """

    def __init__(
        self,
        search_paths: Sequence[str | Path] = (".",),
        output_dir: str | Path = "benchmark_results",
        arguments: Sequence[str] = (),
    ) -> None:
        self.search_paths = [Path(path).absolute() for path in search_paths]
        self.discovered_benchmarks: list[dict[str, Any]] = []
        self._output, self._arguments = Path(output_dir), list(arguments)

    def discover_benchmarks(self) -> list[dict[str, Any]]:
        """Returns the benchmarks: `name`, `full_name` (the id), `category`, `model_name`, `file_path`."""
        self.discovered_benchmarks = [
            {
                "name": case.function,
                "full_name": case.id,
                "category": case.category,
                "model_name": case.model,
                "file_path": str(case.file),
            }
            for case in catalogue(self.search_paths).cases
        ]
        return self.discovered_benchmarks

    def get_benchmarks_by_category(self, category: str) -> list[dict[str, Any]]:
        """Returns the benchmarks of a category: `unit`, `integration` or `performance`."""
        return [found for found in self._found() if found["category"] == category]

    def get_benchmarks_by_model(self, model_name: str) -> list[dict[str, Any]]:
        """Returns the benchmarks of a model."""
        return [found for found in self._found() if found["model_name"] == model_name]

    def _found(self) -> list[dict[str, Any]]:
        return self.discovered_benchmarks or self.discover_benchmarks()

    def run_all_benchmarks(self, include_categories: Sequence[str] | None = None) -> dict[str, Any]:
        """Measures all benchmarks, or those of some categories; returns `timestamp`, `model`, `results`, `summary`.

        `results` contains a dictionary for each id: `execution_time` and other figures, in seconds, or `error`.
        """
        chosen = ["--category", ",".join(include_categories)] if include_categories else []
        return self._run("all", chosen)

    def run_model_benchmarks(self, model_name: str) -> dict[str, Any]:
        """Measures the benchmarks of a model; returns the same as `run_all_benchmarks`."""
        return self._run(model_name, ["--model", model_name])

    def _run(self, model: str, chosen: Sequence[str]) -> dict[str, Any]:
        bench = command.find()
        if bench is None:
            raise HarnessError(command.MISSING)
        # The results of an earlier run with this name must not be taken for those of this one.
        (self._output / _NAME).unlink(missing_ok=True)
        line = [bench, "run", *map(str, self.search_paths), "--interpreter", sys.executable]
        line += ["--output-dir", str(self._output), "--save-as", _NAME, *chosen, *self._arguments]
        ended = subprocess.run(line, stdin=subprocess.DEVNULL)
        run = self._output / _NAME / "run.json"
        if not run.exists():
            raise HarnessError(f"`bench run` has measured nothing (exit code {ended.returncode}): the reason is printed above")
        record = json.loads(run.read_bytes())
        return _documented(record, model)


def _documented(record: dict[str, Any], model: str) -> dict[str, Any]:
    results = {case["id"]: _of_case(case) for case in record["cases"] if case["status"] != "not_run"}
    failed = sum("error" in result for result in results.values())
    skipped = sum("skipped" in result for result in results.values())
    measured = len(results) - skipped
    summary = {
        "total_benchmarks": len(results),
        "successful_runs": measured - failed,
        "failed_runs": failed,
        "skipped_runs": skipped,
        "success_rate": (measured - failed) / measured if measured else 0.0,
    }
    return {"timestamp": record["timestamp"], "model": model, "results": results, "summary": summary}


def _of_case(case: dict[str, Any]) -> dict[str, Any]:
    if case["status"] == "skipped":
        return {"skipped": case.get("skip_reason") or "without a reason"}
    time = case.get("time")
    if case["status"] != "ok" or time is None:
        failure = case.get("failure") or {}
        return {"error": failure.get("message") or f"the benchmark is {case['status']}"}
    figures = {
        "execution_time": time["median_s"],
        "mean": time["mean_s"],
        "std": time["standard_deviation_s"],
        "min": time["min_s"],
        "max": time["max_s"],
        "first_call": case.get("first_call_s"),
        "load": case.get("load_s"),
        "metrics": {metric["name"]: metric["value"] for metric in (*case.get("metrics", ()), *case.get("observed", ()))},
    }
    return {name: value for name, value in figures.items() if value is not None}


def discover_and_run_all_benchmarks(search_paths: Sequence[str | Path] = (".",)) -> dict[str, Any]:
    """Finds and measures all benchmarks below some paths; returns `timestamp`, `model`, `results`, `summary`."""
    return BenchmarkDiscovery(search_paths).run_all_benchmarks()
