"""The results of a function under load, as `bench` has written them."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import command


class HarnessError(Exception):
    """A function could not be measured."""


class Metrics:
    """The metrics of a level, as attributes: `asps`, `rtf_p95`, `ttfa_p50`, `ips`, `rps`, `success_rate`, …

    Times are in seconds. A metric that the level does not have raises an `AttributeError` that names the existing ones.
    """

    def __init__(self, level: Mapping[str, Any]) -> None:
        self._values = {_attribute(metric["name"]): metric["value"] for metric in level["metrics"]}

    def __getattr__(self, name: str) -> float:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"this level has no metric `{name}`: expected one of {', '.join(self._values)}")
        return float(self._values[name])

    def to_dict(self) -> dict[str, float]:
        """Returns all metrics by name."""
        return dict(self._values)


def _attribute(name: str) -> str:
    """Returns `ttfa_p95` for `TTFA p95`, `output_tokens_per_s` for `output tokens/s`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower().replace("/", " per ")).strip("_")


@dataclass
class BenchmarkResult:
    """One level of load."""

    metrics: Metrics
    level: dict[str, Any]
    """All that the record holds of it: counts, validity with its reasons, latencies, warnings."""
    config: dict[str, Any]
    folder: Path
    """The folder of the run: `levels.csv`, `requests.csv`, `run.json`, `plots`."""

    @property
    def is_valid(self) -> bool:
        """Whether its figures can be relied on; if not, `level["validity"]` contains the reasons."""
        return bool(self.level["validity"]["valid"])

    @property
    def request_metrics(self) -> list[dict[str, str]]:
        """The rows of `requests.csv` that belong to this level, as texts."""
        with open(self.folder / "requests.csv", newline="") as file:
            return [row for row in csv.DictReader(file) if row["level"] == self.level["name"]]


Results = dict[Any, BenchmarkResult]
"""Levels by number of clients; by rate, or by name, if clients do not tell them apart."""


def of_run(folder: Path, config: dict[str, Any]) -> Results:
    """Returns the levels of a run.

    Raises `HarnessError` if no request was served.
    """
    record = json.loads((folder / "run.json").read_bytes())
    (case,) = record["cases"]
    rounds = [round for round in case["rounds"] if round.get("served")]
    failure = case.get("failure")
    if not rounds or failure:
        raise HarnessError(f"{case['id']}: {failure['message'] if failure else 'nothing was measured'}")
    levels = rounds[0]["served"]["levels"]
    found: Results = {}
    for level in levels:
        key = level.get("concurrency") or level.get("rate") or level["name"]
        found[key if key not in found else level["name"]] = BenchmarkResult(Metrics(level), level, config, folder.resolve())
    return found


def _folders(results: Results) -> list[Path]:
    folders = list(dict.fromkeys(result.folder for result in results.values()))
    if not folders:
        raise HarnessError("expected results of at least one level, found none")
    return folders


def found_rate(results: Results) -> float | None:
    """Returns the highest rate that met the conditions of `find_rate`, in requests per second; `None` if none did."""
    record = json.loads((_folders(results)[0] / "run.json").read_bytes())
    found = {metric["name"]: metric["value"] for case in record["cases"] for metric in case["metrics"]}
    return found.get("latency-bounded throughput")


def _bench(*arguments: str, document: bytes | None = None) -> str:
    path = command.find()
    if path is None:
        raise HarnessError(command.MISSING)
    ended = subprocess.run([path, *arguments], input=document, stdout=subprocess.PIPE)
    if ended.returncode != 0:
        raise HarnessError(f"`bench {arguments[0]}` has failed: the reason is printed above, on stderr")
    return ended.stdout.decode()


def combined(results: Mapping[str, Results], folder: Path) -> Path:
    """Writes the reports of several runs side by side into `folder`."""
    runs = [(name, str(run)) for name, levels in results.items() for run in _folders(levels)]
    _bench("functions", "combine", document=json.dumps({"runs": runs, "folder": str(folder)}).encode())
    return folder


class BenchmarkReporter:
    """Prints and returns the reports that `bench` has written about a run."""

    def print_summary_table(self, results: Results) -> None:
        """Prints the report of the run, with a row for each level."""
        color = "always" if sys.stdout.isatty() else "never"
        for folder in _folders(results):
            print(_bench("show", str(folder), "--color", color))

    def generate_csv_report(self, results: Results, test_texts: object = None) -> str:
        """Returns `levels.csv`: one row per level, with every metric."""
        return (_folders(results)[0] / "levels.csv").read_text()

    def generate_detailed_csv(self, results: Results) -> str:
        """Returns `requests.csv`: one row per request."""
        return (_folders(results)[0] / "requests.csv").read_text()

    def generate_comparison_csv(self, benchmark_results: Mapping[str, Results]) -> str:
        """Returns `comparison.csv`: one row per metric, level and benchmark, with its ratio to the first benchmark."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            return (combined(benchmark_results, Path(folder)) / "comparison.csv").read_text()
