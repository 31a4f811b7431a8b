"""`Bencher`, with which a benchmark declares which part of it is timed."""

from __future__ import annotations

import collections.abc
import gc
import inspect
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any, Protocol, TypeVar

from . import devices, tracing
from .loop import compiled, empty_iteration_async_ns, empty_iteration_ns
from .probes import Probes
from .readings import Returned
from .sampling import FIRST_CALL, SAMPLE, Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .load_round import Requests

T = TypeVar("T")

# The number of inputs made beforehand, if iterations are so short that reading the clock for each would affect the times.
_INPUTS = 64
_SHORT_NS = 100_000


class MisuseError(Exception):
    """A benchmark uses its bencher in a way that is not allowed."""


class Schedule(Protocol):
    """Decides batch after batch how often the measured function is called."""

    def next(self) -> Batch | None:
        """Returns the next batch; `None` when the round is complete."""

    def record(self, batch: Batch, elapsed: int) -> None:
        """Records the time of the last batch, in nanoseconds."""


_MOST_TURNS = 4


async def _turn_the_loop() -> None:
    """Lets the event loop turn a random number of times.

    If a batch always began at the same of two alternating turns, its time would depend on whether the number of its own
    turns is odd: 103 turns took 1.2 % longer than 100, and 97 took 4.6 % less.
    """
    import asyncio

    for _ in range(os.urandom(1)[0] % _MOST_TURNS):
        await asyncio.sleep(0)


class Bencher:
    """The argument `b` of a benchmark. It times the function that is passed to one of its `iter` methods.

    Everything before that call is set-up, and is not measured. A benchmark measures one function.

        @benchmark(args={"batch": [1, 8]})
        def forward(b, batch):
            model = b.load(load_model)
            b.count(images=batch)
            b.iter(model, make_images(batch))
    """

    def __init__(
        self,
        schedule: Schedule,
        send: Callable[..., None],
        probes: Probes,
        *,
        collects_garbage: bool = True,
        inputs_alive: int | None = None,
        reads_outputs: bool = True,
        subtracts_call: bool = False,
        requests: Requests | None = None,
    ) -> None:
        self._schedule, self._send, self._probes = schedule, send, probes
        self._collects_garbage, self._reads_outputs = collects_garbage, reads_outputs
        self._subtracts_call = subtracts_call
        self.call_ns = 0.0
        """What a call costs by itself, which is taken off each iteration; 0 if nothing is."""
        self.requests = requests
        """What `serve` serves; `None` if the benchmark declares no load."""
        self._process = os.getpid()
        self._counters: dict[str, int] = {}
        self._returned = Returned()
        self._outputs: list[Any] = []
        self.inputs_alive = inputs_alive
        self.iterations = 0
        self.sampled_ns = 0
        self._reports: list[dict[str, Any]] = []
        self.is_measured = False
        self._compiled_before: tuple[int, float] | None = None
        self.notes: list[str] = []

    def load(self, prepare: Callable[[], T]) -> T:
        """Calls `prepare` and returns its result (weights, a session). The time is reported separately, as `load`."""
        began = perf_counter_ns()
        loaded = prepare()
        # The first import of an engine may be in this call, or in the body of the benchmark.
        devices.listen()
        devices.synchronize()
        self._send("loaded", ns=perf_counter_ns() - began)
        return loaded

    def items(self, count: int) -> None:
        """Declares that one iteration handles this many items: the report shows items/s."""
        self.count(items=count)

    def bytes(self, count: int) -> None:
        """Declares that one iteration handles this many bytes: the report shows bytes/s."""
        self.count(bytes=count)

    def count(self, **counts: int) -> None:
        """Declares how many of each unit, named in the plural, one iteration handles: `b.count(images=8)` shows images/s."""
        for unit, count in counts.items():
            if not isinstance(count, int) or count < 0:
                raise MisuseError(f"expected b.count({unit}=…) to be a whole number of at least 0, found {count!r}")
            self._counters[unit] = count

    def iter(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Times `function(*arguments, **keywords)`. Returns the output of the first call, so that it can be checked.

        A coroutine function is timed within its own event loop. The clock waits for arrays of JAX, and for devices of torch.
        A dictionary that the function returns becomes readings of the case.
        """
        if inspect.iscoroutinefunction(function):
            import asyncio

            return asyncio.run(self.iter_async(function, *arguments, **keywords))
        first: list[Any] = []
        if self._subtracts_call:
            self.call_ns = empty_iteration_ns(len(arguments) + len(keywords))
        timed = self._first(first, function, arguments, keywords, is_async=False)
        for batch in self._batches():
            self._took(batch, timed(batch.iterations))
            if batch.phase == FIRST_CALL:
                timed = self._loop(first[0], function, arguments, keywords, is_async=False)
        return first[0] if first else None

    async def iter_async(self, function: Callable[..., Awaitable[Any]], *arguments: Any, **keywords: Any) -> Any:
        """Like `iter`, but times `await function(*arguments, **keywords)` within the running event loop."""
        first: list[Any] = []
        if self._subtracts_call:
            self.call_ns = await empty_iteration_async_ns(len(arguments) + len(keywords))
        timed = self._first(first, function, arguments, keywords, is_async=True)
        for batch in self._batches():
            await _turn_the_loop()
            self._took(batch, await timed(batch.iterations))
            if batch.phase == FIRST_CALL:
                timed = self._loop(first[0], function, arguments, keywords, is_async=True)
        return first[0] if first else None

    def iter_batched(self, make_input: Callable[[], Any], function: Callable[[Any], Any]) -> Any:
        """Times `function(input)` on an input that `make_input` makes for each iteration, outside of the timed part.

        Returns the output of the first call.
        """
        first: list[Any] = []
        for batch in self._batches():
            left, spent = batch.iterations, 0
            while left:
                inputs = [make_input() for _ in range(min(left, self.inputs_alive or 1))]
                left -= len(inputs)
                if batch.phase == FIRST_CALL:
                    began = perf_counter_ns()
                    first.append(devices.wait_for(function(inputs[0])))
                    spent = perf_counter_ns() - began
                    _refuse(first[0])
                    if self.inputs_alive is None:
                        self.inputs_alive = _INPUTS if spent < _SHORT_NS else 1
                else:
                    spent += _timed_over(function, inputs)
            self._took(batch, spent)
        return first[0] if first else None

    def iter_custom(self, routine: Callable[[int], float]) -> None:
        """Lets the benchmark do its own timing: `routine(iterations)` runs them and returns how many seconds they took."""
        for batch in self._batches():
            seconds = routine(batch.iterations)
            if not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e9:
                raise MisuseError(f"expected b.iter_custom to be given a routine that returns seconds, found {seconds!r}")
            self._took(batch, round(seconds * 1e9))

    def serve(self, function: Callable[..., Any], **keywords: Any) -> None:
        """Serves requests by `function(input, **keywords)`, with the number and the content that `@benchmark(domain=…)`
        declares.

        Each client is a thread. An asynchronous function serves all of them within its own event loop. Each part that
        a generator yields is an output.
        """
        from .serving import is_async

        if is_async(function):
            import asyncio

            return asyncio.run(self.serve_async(function, **keywords))
        requests = self._begin_requests()
        with self._observed():
            self._served(requests.serve(function, keywords, self._probes.begin))

    async def serve_async(self, function: Callable[..., Any], **keywords: Any) -> None:
        """Same as `serve`, for an asynchronous function within the running event loop."""
        requests = self._begin_requests()
        with self._observed():
            self._served(await requests.serve_async(function, keywords, self._probes.begin))

    def _begin_requests(self) -> Requests:
        if self.requests is None:
            raise MisuseError("`b.serve` needs requests: @benchmark(domain='speech', concurrency=[1, 4])")
        self._begin()
        return self.requests

    def _served(self, last: Mapping[str, Any]) -> None:
        self.iterations = last["iterations"]
        self._reports = [*last["probes"], *self._probes.end(self.iterations)]

    @staticmethod
    def _first(first: list[Any], function: Any, arguments: Any, keywords: Any, *, is_async: bool) -> Callable[[int], Any]:
        """Returns the loop for the first call, which appends the output to `first` and waits for it."""

        def settle() -> None:
            devices.wait_for(first)

        return compiled(function, arguments, keywords, wrap=first.append, settle=settle, is_async=is_async)

    def _loop(self, first: Any, function: Any, arguments: Any, keywords: Any, *, is_async: bool) -> Callable[[int], Any]:
        """Returns the loop for the other calls, which depends on the output of the first call."""
        _refuse(first)
        wrap, settle = devices.waiting(first)
        is_read = self._reads_outputs and isinstance(first, collections.abc.Mapping)
        if is_read and all(isinstance(key, str) for key in first):
            self._returned.take(first)
            wrap = self._outputs.append
        return compiled(function, arguments, keywords, wrap=wrap, settle=settle, is_async=is_async)

    def _batches(self) -> Iterator[Batch]:
        if self.requests is not None:
            raise MisuseError("a benchmark that declares requests (`domain`, `concurrency`, …) serves them: call `b.serve`")
        self._begin()
        with self._observed():
            while (batch := self._schedule.next()) is not None:
                if batch.phase == SAMPLE and self._compiled_before is None:
                    self._compiled_before = devices.compilations()
                    self._probes.begin()
                yield batch
            # Before the collector continues: its later work is not caused by the benchmark.
            self._reports = self._probes.end(self.iterations)

    def _begin(self) -> None:
        if self.is_measured:
            raise MisuseError("a benchmark measures one function: `b.iter` or `b.serve` was called twice")
        self.is_measured = True
        devices.listen()

    @contextmanager
    def _observed(self) -> Iterator[None]:
        """Exempts existing objects from garbage collection, and turns the collector off unless the benchmark wants it on."""
        # Otherwise, each full collection would search the million objects of a framework. New objects are still collected.
        gc.collect()
        gc.freeze()
        was_enabled = gc.isenabled()
        if not self._collects_garbage:
            gc.disable()
        try:
            with tracing.paused():
                yield
        finally:
            if was_enabled:
                gc.enable()
            gc.unfreeze()

    def _took(self, batch: Batch, ns: int) -> None:
        if os.getpid() != self._process:
            # A child that the benchmark has forked has returned: it must not measure a second time.
            os._exit(70)
        for output in self._outputs:
            if isinstance(output, collections.abc.Mapping):
                self._returned.take(output)
        self._outputs.clear()
        if self.call_ns and batch.phase != FIRST_CALL:
            # A time must be positive, even if the function is as fast as an empty one.
            ns = max(1, ns - round(batch.iterations * self.call_ns))
        if batch.phase == SAMPLE:
            self.iterations += batch.iterations
            self.sampled_ns += ns
        self._schedule.record(batch, ns)

    def counters(self) -> list[dict[str, Any]]:
        """Returns the counters of an iteration, in the form of the protocol."""
        return [{"unit": unit, "per_iteration": count} for unit, count in self._counters.items()]

    def reports(self, further: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Returns the readings of the probes and the values that the benchmark has returned, with the numbers in `further`."""
        if further:
            self._returned.take(further)
        reports = self._reports
        iteration_s = self.sampled_ns / 1e9 / self.iterations if self.iterations else None
        returned = self._returned.report(iteration_s)
        if returned is not None:
            reports.append(returned)
        if self._compiled_before is not None:
            self.notes += devices.compiled_since(self._compiled_before)
        return reports


def _timed_over(function: Callable[[Any], Any], inputs: list[Any], clock: Callable[[], int] = perf_counter_ns) -> int:
    wait = devices.wait_for
    if devices.is_needed():
        began = clock()
        for value in inputs:
            wait(function(value))
        return clock() - began
    began = clock()
    for value in inputs:
        function(value)
    return clock() - began


def _refuse(output: Any) -> None:
    """Raises `MisuseError` if an output was made and never run: its work would not be in the time."""
    kinds = (
        (inspect.iscoroutine, "a coroutine, which was never awaited: declare the benchmark `async def`"),
        (inspect.isasyncgen, "an asynchronous generator, which was never run: consume it with `async for`"),
        (inspect.isgenerator, "a generator, which was never run: consume it, as with `list(…)`"),
    )
    for is_kind, what in kinds:
        if is_kind(output):
            output.close() if not inspect.isasyncgen(output) else None
            raise MisuseError(f"the timed function returns {what}")
