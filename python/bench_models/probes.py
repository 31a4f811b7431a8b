"""Probes: a worker observes itself while samples are taken."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from typing import Any, Protocol

Reading = dict[str, Any]

# If the collector takes more than this share of the time, there is a warning.
_MUCH = 0.01


def reading(metric: str, unit: str, value: float, **how: str) -> Reading:
    """Returns a reading in the form of the protocol."""
    return {"metric": metric, "unit": unit, "value": value, **how}


class Probe(Protocol):
    """Observes the samples of a round."""

    name: str

    def begin(self) -> None:
        """Starts to observe, just before the first sample."""

    def end(self, iterations: int) -> tuple[list[Reading], list[str]]:
        """Returns the readings over this many iterations, and notes, which become warnings of the case."""


class Memory:
    """Resident memory of the process. The peak is `VmHWM`, which is reset before the first sample."""

    name = "memory"

    def begin(self) -> None:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        self._before = _resident()

    def end(self, iterations: int) -> tuple[list[Reading], list[str]]:
        with open("/proc/self/status") as file:
            peak = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
        return [
            reading("peak_memory", "bytes", peak, over_rounds="max"),
            reading("memory_before", "bytes", self._before),
            reading("memory_after", "bytes", _resident()),
        ], []


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Cpu:
    """Processor time of all threads, per iteration."""

    name = "cpu"

    def begin(self) -> None:
        self._began = time.process_time_ns()

    def end(self, iterations: int) -> tuple[list[Reading], list[str]]:
        spent = (time.process_time_ns() - self._began) / 1e9
        return [reading("cpu_time", "s", spent / max(1, iterations))], []


class Garbage:
    """The garbage collector: its runs and the time that it took, per iteration."""

    name = "gc"

    def begin(self) -> None:
        self._collections = self._ns = self._since = 0
        self._clock: Callable[[], int] = time.perf_counter_ns
        self._began = self._clock()
        gc.callbacks.append(self._observe)

    def _observe(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._since = self._clock()
        elif self._since:
            self._collections += 1
            self._ns += self._clock() - self._since

    def end(self, iterations: int) -> tuple[list[Reading], list[str]]:
        gc.callbacks.remove(self._observe)
        share = self._ns / max(1, self._clock() - self._began)
        notes = ["the garbage collector takes more than 1 % of the time: see `gc_time`"] if share > _MUCH else []
        count = max(1, iterations)
        return [
            reading("gc_time", "s", self._ns / 1e9 / count),
            reading("gc_collections", "1/iteration", self._collections / count),
        ], notes


class Probes:
    """The probes of one round: their names, their readings, and their cost."""

    def __init__(self, wanted: list[str] | None) -> None:
        # Imported here, because it imports this file.
        from .device_memory import DeviceMemory

        every: list[Probe] = [Memory(), Cpu(), Garbage(), DeviceMemory()]
        self._probes = [probe for probe in every if wanted is None or probe.name in wanted]
        self._reports: dict[str, dict[str, Any]] = {}
        self._has_begun = False

    def _ask(self, probe: Probe, question: Callable[[], Any]) -> None:
        began = time.perf_counter_ns()
        report = self._reports.setdefault(
            probe.name, {"probe": probe.name, "readings": [], "notes": [], "unavailable": None, "cost_ns": 0}
        )
        if report["unavailable"] is None:
            try:
                readings, notes = question() or ([], [])
                report["readings"] += readings
                report["notes"] += notes
            except (OSError, ValueError, StopIteration, RuntimeError) as error:
                report["unavailable"] = f"{type(error).__name__}: {error}"
        report["cost_ns"] += time.perf_counter_ns() - began

    def begin(self) -> None:
        """Starts all probes, once."""
        if not self._has_begun:
            self._has_begun = True
            for probe in self._probes:
                self._ask(probe, probe.begin)

    def end(self, iterations: int) -> list[dict[str, Any]]:
        """Returns the reports of all probes over this many iterations, without those that have nothing to report."""
        if self._has_begun:
            for probe in reversed(self._probes):
                self._ask(probe, lambda probe=probe: probe.end(iterations))  # type: ignore[misc]
        reports = self._reports.values()
        return [report for report in reports if report["readings"] or report["notes"] or report["unavailable"]]
