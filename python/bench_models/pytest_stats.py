"""`benchmark.stats`: the fixture's measurements in this process, under the names of pytest-benchmark. Verdicts are never
based on them: the runner has the samples of all processes.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

_FENCE = 1.5


class Stats:
    """Statistics of the samples of one process, in seconds per iteration. There is at least one sample."""

    fields = (
        "min", "max", "mean", "stddev", "rounds", "median", "iqr", "q1", "q3", "iqr_outliers", "stddev_outliers", "outliers",
        "ld15iqr", "hd15iqr", "ops", "total",
    )  # fmt: skip

    def __init__(self, seconds: Sequence[float]) -> None:
        self.data = list(seconds)
        self.rounds = len(self.data)
        self.sorted_data = sorted(self.data)
        self.min, self.max = self.sorted_data[0], self.sorted_data[-1]
        self.total = sum(self.data)
        self.mean = self.total / self.rounds
        self.ops = self.rounds / self.total if self.total else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Returns all statistics by name."""
        return {name: getattr(self, name) for name in self.fields}

    @cached_property
    def stddev(self) -> float:
        """Standard deviation of the samples; 0 if there is only one."""
        return statistics.stdev(self.data) if self.rounds > 1 else 0.0

    @cached_property
    def median(self) -> float:
        """Median of the samples."""
        return statistics.median(self.data)

    @cached_property
    def _quartiles(self) -> tuple[float, float]:
        # https://en.wikipedia.org/wiki/Quartile#Computing_methods: method 2 for even numbers, method 3 for odd ones.
        data, rounds = self.sorted_data, self.rounds
        if rounds == 1:
            return data[0], data[0]
        half = rounds // 2
        if rounds % 2 == 0:
            return statistics.median(data[:half]), statistics.median(data[half:])
        n, is_one_more = rounds // 4, rounds % 4 == 1
        at = (n - 1, 3 * n) if is_one_more else (n, 3 * n + 1)
        low = 0.25 if is_one_more else 0.75
        first, third = ((data[index], data[index + 1]) for index in at)
        return low * first[0] + (1 - low) * first[1], (1 - low) * third[0] + low * third[1]

    @property
    def q1(self) -> float:
        """First quartile."""
        return self._quartiles[0]

    @property
    def q3(self) -> float:
        """Third quartile."""
        return self._quartiles[1]

    @property
    def iqr(self) -> float:
        """Third quartile − first quartile."""
        return self.q3 - self.q1

    @property
    def ld15iqr(self) -> float:
        """Lowest sample within 1.5 IQR below the first quartile."""
        return next(value for value in self.sorted_data if value >= self.q1 - _FENCE * self.iqr)

    @property
    def hd15iqr(self) -> float:
        """Highest sample within 1.5 IQR above the third quartile."""
        return next(value for value in reversed(self.sorted_data) if value <= self.q3 + _FENCE * self.iqr)

    @property
    def stddev_outliers(self) -> int:
        """The number of samples that are more than a standard deviation from the mean."""
        return self._outside(self.mean - self.stddev, self.mean + self.stddev)

    @property
    def iqr_outliers(self) -> int:
        """The number of samples that are more than 1.5 IQR from the quartiles."""
        return self._outside(self.q1 - _FENCE * self.iqr, self.q3 + _FENCE * self.iqr)

    @property
    def outliers(self) -> str:
        """Both numbers of outliers, as `3;1`."""
        return f"{self.stddev_outliers};{self.iqr_outliers}"

    def _outside(self, low: float, high: float) -> int:
        return sum(not low <= value <= high for value in self.data)


class Metadata:
    """The value of `benchmark.stats` after a measurement: `.stats`, and the test's own information.

    `stats["median"]` and `stats.get("median")` search both.
    """

    has_error = False

    def __init__(self, seconds: Sequence[float], iterations: int, said: Mapping[str, Any]) -> None:
        self.stats, self.iterations = Stats(seconds), iterations
        for name, value in said.items():
            setattr(self, name, value)

    def __getitem__(self, name: str) -> Any:
        holder = self.stats if hasattr(self.stats, name) else self
        return getattr(holder, name)

    def get(self, name: str, default: Any = None) -> Any:
        """Returns a statistic, or the test's own information; `default` if there is neither."""
        try:
            return self[name]
        except AttributeError:
            return default

    def as_dict(self) -> dict[str, Any]:
        """Returns all statistics by name."""
        return self.stats.as_dict()
