"""The return values of benchmarks: dictionaries whose numbers become readings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from .probes import Reading, reading

# Suffixes of keys, the unit of the reading, and the factor to convert to that unit. Longest suffix first.
_SUFFIXES = (
    ("_milliseconds", "s", 1e-3), ("_nanoseconds", "s", 1e-9), ("_microseconds", "s", 1e-6), ("_seconds", "s", 1.0),
    ("_percent", "%", 1.0), ("_bytes", "bytes", 1.0), ("_ms", "s", 1e-3), ("_us", "s", 1e-6), ("_ns", "s", 1e-9),
    ("_kb", "bytes", 1e3), ("_mb", "bytes", 1e6), ("_gb", "bytes", 1e9), ("_s", "s", 1.0),
)  # fmt: skip

_DEEPEST = 8
_MOST = 200

# The time that a benchmark returns should agree with the measured one to this share.
_DISAGREEMENT = 0.05
# Names of figures that the worker itself measures.
_TAKEN = frozenset({
    "peak_memory", "memory_before", "memory_after", "cpu_time", "gc_time", "gc_collections", "compile_time", "start_up",
    "load", "first_call",
})  # fmt: skip


class Returned:
    """The numbers in the dictionaries that the iterations of a round have returned."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}
        self._notes: dict[str, None] = {}

    def take(self, output: Mapping[Any, Any]) -> None:
        """Adds the numbers in the dictionary of one iteration.

        Raises `RuntimeError` if it reports a failure.
        """
        if output.get("success") is False:
            why = output.get("error") or output.get("error_message") or "without a reason"
            raise RuntimeError(f"an iteration returned `success: False` ({why})")
        for key, value in self._numbers(output, "", 0):
            if not math.isfinite(value):
                self._notes[f"`{key}` was {value} in an iteration, which is not counted"] = None
            elif key in self._values or len(self._values) < _MOST:
                self._values.setdefault(key, []).append(value)
            else:
                self._notes[f"more than {_MOST} numbers were returned: `{key}` is not among those kept"] = None

    def _numbers(self, output: Mapping[Any, Any], prefix: str, depth: int) -> Iterator[tuple[str, float]]:
        for key, value in output.items():
            name = f"{prefix}{key}"
            if isinstance(value, Mapping):
                if depth < _DEEPEST:
                    yield from self._numbers(value, f"{name}.", depth + 1)
                continue
            number = _number(value)
            if number is not None:
                yield name, number

    def report(self, iteration_s: float | None) -> dict[str, Any] | None:
        """Returns the report of a probe `returned`: medians over the iterations; `None` if nothing was returned.

        `iteration_s` is the measured time of an iteration.
        """
        if not self._values and not self._notes:
            return None
        notes = list(self._notes)
        own = self._values.get("execution_time")
        if own and iteration_s:
            said = _median(own)
            if abs(said - iteration_s) > _DISAGREEMENT * iteration_s:
                notes.append(f"it returns `execution_time` {said:.6g} s, and its iterations took {iteration_s:.6g} s")
        readings: dict[str, Reading] = {}
        for key, values in self._values.items():
            made = _reading(key, _median(values))
            if made["metric"] in readings or made["metric"] in _TAKEN:
                made["metric"] = f"returned.{key}"
            readings[made["metric"]] = made
        return {"probe": "returned", "readings": list(readings.values()), "notes": notes, "cost_ns": 0}


def _median(values: list[float]) -> float:
    # The median of `statistics` is not used, because its import takes as long as that of this package.
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or isinstance(value, (str, bytes)):
        return None
    if not isinstance(value, (int, float)):
        # Scalars of numpy, torch and JAX.
        if getattr(value, "shape", None) != () or not hasattr(value, "item"):
            return None
        value = value.item()
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _reading(key: str, value: float) -> Reading:
    """Returns the reading of a number, in the unit that the suffix of its key names."""
    last = key.rpartition(".")[2].lower()
    if "throughput" in last or last.endswith(("_per_sec", "_per_second", "_ips", "_fps")):
        return reading(key, "1/s", value, better="higher")
    for suffix, unit, size in _SUFFIXES:
        if last.endswith(suffix) and last != suffix:
            return reading(key[: -len(suffix)], unit, value * size)
    if last == "time" or last.endswith(("_time", "latency", "duration")):
        return reading(key, "s", value)
    return reading(key, "1", value)
