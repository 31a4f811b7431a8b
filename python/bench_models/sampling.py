"""Decides the next number of iterations: warm-up, batch size, and the end of a round.

`Sampler` follows the rules of `bench-core/src/sampling/sampler.rs` exactly; `cases.json` next to that file tests that both give
the same rounds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, NamedTuple

from .channel import Channel, CommandError

FIRST_CALL, WARM_UP, SAMPLE = "first_call", "warm_up", "sample"

_SAMPLES = 100
_STEPS_PER_SAMPLE = 1000
_WARM_UP_SHARE = 0.3
_STEADY_WINDOWS = 4
_STEADY_IMPROVEMENT = 0.01
_WINDOW_NS = 2_000_000
_TOLD_AFTER_NS = 200_000_000

Send = Callable[..., None]


class Batch(NamedTuple):
    """Iterations to be timed together."""

    phase: str
    iterations: int


def _seconds(ns: int) -> float:
    # Computed in the same way as in `Duration::as_secs_f64`.
    return ns // 1_000_000_000 + (ns % 1_000_000_000) / 1e9


def _scaled(ns: int, factor: float) -> int:
    return round(factor * _seconds(ns) * 1e9)


def _as_count(iterations: float) -> int:
    return int(min(max(iterations, 1.0), 1e15))


def _over(seconds: float, cost_s: float) -> float:
    return seconds / cost_s if cost_s > 0 else math.inf


class Sampler:
    """First call, warm-up, samples, until the assignment is fulfilled."""

    def __init__(
        self, assignment: dict[str, Any], resolution_ns: int, send: Send, now: Callable[[], int] = perf_counter_ns
    ) -> None:
        self._slice = assignment["slice_ns"]
        self._wanted_warmup: int | None = assignment.get("warmup")
        self._wanted_samples: int | None = assignment.get("samples")
        self._hard_stop = assignment["hard_stop"]
        self._once = assignment["mode"] == "once"
        self._shortest = resolution_ns * _STEPS_PER_SAMPLE
        self._send, self._now = send, now
        self._stage = FIRST_CALL
        self._done = self._total = self._wall = 0
        self._recent: deque[float] = deque()
        self._best_before: float | None = None
        self._estimate_s = self._cost_s = 0.0
        self._steady = False
        self._samples, self._per_sample = 0, 1
        self._measuring_since = self._batch_since = 0
        self._pending: list[int] = []
        self._flushed = now()

    def next(self) -> Batch | None:
        """Returns the next batch; `None` when the round has seen enough."""
        batch = self._decide()
        self._batch_since = self._now()
        return batch

    def record(self, batch: Batch, elapsed: int) -> None:
        """Records the time of the last batch, in nanoseconds."""
        # A benchmark that does its own timing may report a longer time than has passed.
        wall = max(self._now() - self._batch_since, elapsed)
        if batch.phase == FIRST_CALL:
            self._estimate_s, self._cost_s = _seconds(elapsed), _seconds(wall)
            self._stage = SAMPLE if self._once else WARM_UP
            self._send("first_call", ns=elapsed)
        elif batch.phase == WARM_UP:
            self._note(batch.iterations, elapsed, wall)
        else:
            self._samples += 1
            self._pending.append(elapsed)
            if self._now() - self._flushed >= _TOLD_AFTER_NS:
                self._flush()

    def _note(self, iterations: int, elapsed: int, wall: int) -> None:
        seconds = _seconds(elapsed) / iterations
        self._done += iterations
        self._total += elapsed
        self._wall += wall
        self._estimate_s, self._cost_s = seconds, _seconds(wall) / iterations
        if wall < _WINDOW_NS // 2:
            return
        self._recent.append(seconds)
        if len(self._recent) > _STEADY_WINDOWS:
            oldest = self._recent.popleft()
            self._best_before = oldest if self._best_before is None else min(self._best_before, oldest)
        before = self._best_before
        self._steady = before is not None and min(self._recent) >= before * (1.0 - _STEADY_IMPROVEMENT)

    def _warm_up(self) -> int | None:
        cost = round(self._cost_s * 1e9) if math.isfinite(self._cost_s) else self._slice + 1
        affordable = self._wall + cost <= _scaled(self._slice, _WARM_UP_SHARE)
        if self._wanted_warmup is not None:
            left = max(0, self._wanted_warmup - self._done)
            is_guess = self._total < self._shortest and self._estimate_s < _seconds(self._shortest)
            if self._hard_stop and self._wall >= self._slice:
                return None
            if left == 0:
                return self._window() if is_guess and affordable else None
            return min(left, self._window())
        return self._window() if not self._steady and affordable else None

    def _window(self) -> int:
        return min(_as_count(_over(_seconds(_WINDOW_NS), self._cost_s)), max(1, self._done * 2))

    def _batch_size(self) -> int:
        for_samples = _scaled(self._slice, 1.0 - _WARM_UP_SHARE)
        wall = for_samples // _SAMPLES if self._wanted_samples is None else _WINDOW_NS
        by_clock = _as_count(_over(_seconds(self._shortest), self._estimate_s))
        by_wall = _as_count(_over(_seconds(wall), self._cost_s))
        affordable = _as_count(_over(_seconds(for_samples) / 2.0, self._cost_s))
        return max(min(by_clock, affordable), by_wall)

    def _has_enough(self) -> bool:
        if self._samples == 0:
            return False
        spent = self._now() - self._measuring_since
        if self._wanted_samples is not None:
            return self._samples >= self._wanted_samples or self._hard_stop and spent >= self._slice
        half_sample = spent // (2 * self._samples)
        over = spent + half_sample >= _scaled(self._slice, 1.0 - _WARM_UP_SHARE)
        return self._samples >= _SAMPLES * 10 or over

    def _decide(self) -> Batch | None:
        if self._stage == FIRST_CALL:
            return Batch(FIRST_CALL, 1)
        if self._stage == WARM_UP:
            iterations = self._warm_up()
            if iterations is not None:
                return Batch(WARM_UP, iterations)
            steady = self._steady if self._wanted_warmup is None else None
            self._send("warmed_up", iterations=self._done, ns=self._total, steady=steady)
            self._per_sample = self._batch_size()
            self._measuring_since = self._now()
            self._stage = SAMPLE
        if self._once or self._has_enough():
            self._flush()
            return None
        return Batch(SAMPLE, self._per_sample)

    def _flush(self) -> None:
        if self._pending:
            self._send("samples", iterations=self._per_sample, ns=self._pending)
            self._pending = []
        self._flushed = self._now()


class Stepped:
    """The schedule of mode `step`: the first call, then one batch, after its lead, for each command of the runner."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._is_called = False
        self._led: Batch | None = None

    def next(self) -> Batch | None:
        """Returns the next batch; `None` when there are no more.

        Raises `CommandError` for any other command.
        """
        if not self._is_called:
            return Batch(FIRST_CALL, 1)
        if self._led is not None:
            batch, self._led = self._led, None
            return batch
        command = self._channel.receive()
        # The runner has ended the round, or has exited.
        if command is None or command["type"] == "stop":
            return None
        iterations = command.get("iterations")
        if command["type"] != "batch" or not isinstance(iterations, int) or iterations < 1:
            raise CommandError("expected `batch` with `iterations` of at least 1, or `stop`")
        lead = command.get("lead", 0)
        if not isinstance(lead, int) or lead < 0:
            raise CommandError("expected the `lead` of `batch` to be a whole number")
        batch = Batch(SAMPLE, iterations)
        if lead == 0:
            return batch
        self._led = batch
        return Batch(WARM_UP, lead)

    def record(self, batch: Batch, elapsed: int) -> None:
        """Records the time of the last batch, in nanoseconds."""
        if batch.phase == FIRST_CALL:
            self._is_called = True
            self._channel.send("first_call", ns=elapsed)
        elif batch.phase == SAMPLE:
            self._channel.send("samples", iterations=batch.iterations, ns=[elapsed])


def resolution_ns() -> int:
    """Returns the smallest difference that two neighbouring readings of the clock can show, in nanoseconds."""
    readings = [perf_counter_ns() for _ in range(2001)]
    return min((b - a for a, b in zip(readings, readings[1:]) if b > a), default=1000)
