"""One round of a pytest suite: a single test is collected and run, and its fixture `benchmark` measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import pytest

from . import devices
from .bencher import Bencher
from .channel import Channel, CommandError
from .loop import empty_iteration_ns
from .probes import Probes
from .pytest_cases import FIXTURE, ids_of, marked, uses_fixture
from .pytest_options import of_process
from .pytest_stats import Metadata
from .sampling import FIRST_CALL, SAMPLE, Batch, Sampler, Stepped, resolution_ns


class Fixture:
    """The fixture `benchmark`, which is called like that of pytest-benchmark."""

    def __init__(self, bencher: _PytestBencher, before: Callable[[], None], channel: Channel, mode: str, test: Any) -> None:
        self._bencher, self._before, self._channel, self._mode = bencher, before, channel, mode
        self.extra_info: dict[str, Any] = {}
        # Attributes that tests may set or read, as in pytest-benchmark.
        self.group: str | None = marked(test).get("group")
        self.name, self.fullname = test.name, test.nodeid
        parameters = getattr(test, "callspec", None)
        self.param = parameters.id if parameters else None
        self.params = parameters.params if parameters else None
        self.enabled, self.disabled = True, False

    @property
    def stats(self) -> Metadata | None:
        """The measurements of this process; `None` before there are any."""
        seconds = self._bencher.seconds
        said = {name: getattr(self, name) for name in ("name", "fullname", "group", "param", "params", "extra_info")}
        return Metadata(seconds, self._bencher.batch, said) if seconds else None

    def __call__(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Measures `function(*arguments, **keywords)`; returns the output of its first call."""
        self._before()
        return self._bencher.iter(function, *arguments, **keywords)

    def pedantic(
        self,
        target: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        rounds: int = 1,
        warmup_rounds: int = 0,
        iterations: int = 1,
    ) -> Any:
        """Measures `target` with the arguments that `setup` returns for each call, `(args, kwargs)`.

        The runner decides how often it is called, unless `rounds` and `iterations` are 1: then once for each process.
        """
        for name, value, least in (("rounds", rounds, 1), ("iterations", iterations, 1), ("warmup_rounds", warmup_rounds, 0)):
            if not isinstance(value, int) or value < least:
                raise ValueError(f"pedantic expects {name}= a whole number of at least {least}, found {value!r}")
        if setup is not None and iterations != 1:
            raise ValueError("pedantic(setup=…) expects iterations=1: each call has a set-up of its own")
        self._before()
        given = (tuple(args), dict(kwargs or {}))
        if setup is None and teardown is None and (rounds > 1 or iterations > 1):
            return self._bencher.iter(target, *given[0], **given[1])

        def make_input() -> tuple[Sequence[Any], Mapping[str, Any]]:
            made: tuple[Sequence[Any], Mapping[str, Any]] | None = setup() if setup is not None else None
            if made is None:
                return given
            if args or kwargs:
                raise TypeError("pedantic(setup=…) expects neither args nor kwargs if `setup` returns them")
            return made

        if rounds == 1 and iterations == 1:
            self._bencher.measure_once(_Single(self._channel, self._mode))
        return self._bencher.iter_pedantic(make_input, target, teardown)

    def weave(self, *_: Any, **__: Any) -> None:
        """Raises an error: aspects need pytest-benchmark."""
        raise NotImplementedError("benchmark.weave is not available under --bench: call the function itself")


class _Single:
    """A schedule for a function that can be called only once in a process: the first call is also the only sample."""

    def __init__(self, channel: Channel, mode: str) -> None:
        if mode == "step":
            raise CommandError(
                "pedantic(rounds=1, iterations=1) allows one call in a process, and a live comparison needs more: "
                "give it more rounds if it can be repeated"
            )
        self._channel, self._mode = channel, mode
        self._is_called = False

    def next(self) -> Batch | None:
        """Returns the only batch, once."""
        return None if self._is_called else Batch(SAMPLE, 1)

    def record(self, batch: Batch, elapsed: int) -> None:
        """Records the time of the call, in nanoseconds."""
        self._is_called = True
        self._channel.send("first_call", ns=elapsed)
        if self._mode == "sample":
            self._channel.send("warmed_up", iterations=0, ns=0, steady=None)
            self._channel.send("samples", iterations=1, ns=[elapsed])


class _PytestBencher(Bencher):
    """A bencher that can also measure with a set-up and a teardown around each call, as `pedantic` does, and that keeps its
    samples."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.seconds: list[float] = []
        """What an iteration took, in each sample so far; in the first call, if it was the only one."""
        self.batch = 1
        """Iterations of the last sample."""
        self._has_samples = False

    def _took(self, batch: Batch, ns: int) -> None:
        if batch.phase == SAMPLE and not self._has_samples:
            self._has_samples = True
            self.seconds.clear()
        if batch.phase == SAMPLE or batch.phase == FIRST_CALL:
            self.seconds.append(ns / 1e9 / batch.iterations)
            self.batch = batch.iterations
        super()._took(batch, ns)

    def measure_once(self, schedule: _Single) -> None:
        """Uses this schedule from now on."""
        self._schedule = schedule

    def iter_pedantic(
        self,
        make_input: Callable[[], Any],
        target: Callable[..., Any],
        teardown: Callable[..., Any] | None,
    ) -> Any:
        """Times only `target`; returns the output of the first call."""
        first: list[Any] = []
        for batch in self._batches():
            spent = 0
            for _ in range(batch.iterations):
                arguments, keywords = make_input()
                began = perf_counter_ns()
                output = devices.wait_for(target(*arguments, **keywords))
                spent += perf_counter_ns() - began
                if not first:
                    first.append(output)
                if teardown is not None:
                    teardown(*arguments, **keywords)
            self._took(batch, spent)
        return first[0] if first else None


class _Measuring:
    """The plugin of pytest that runs one test, and measures in its fixture."""

    def __init__(self, channel: Channel, assignment: dict[str, Any], began: int) -> None:
        self._channel, self._assignment, self._began = channel, assignment, began
        self._wanted: str = assignment["case"]
        self.has_found = False
        self.bencher: _PytestBencher | None = None
        self.fixture: Fixture | None = None
        self.failure: tuple[str, str] | None = None
        self.resolution = resolution_ns()

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leaves out files that cannot contain the test: their imports would take time."""
        name = self._wanted.partition("[")[0].rpartition("/")[2].split(".")
        is_other = collection_path.suffix == ".py" and collection_path.stem not in (*name, "conftest", "__init__")
        return True if is_other else None

    def pytest_collection_modifyitems(self, session: Any, config: Any, items: list[Any]) -> None:
        """Keeps only the test to be measured."""
        # Ids contain parameters that are not plain as pytest writes them.
        root = Path(config.rootpath)
        kept = [item for item in items if uses_fixture(item) and self._wanted in ids_of(item, root)]
        by_path = [item for item in kept if ids_of(item, root)[1] == self._wanted]
        items[:] = (by_path or kept)[:1]
        self.has_found = bool(items)

    @pytest.fixture(name=FIXTURE)
    def benchmark(self, request: Any) -> Fixture:
        """Measures a function: `benchmark(function, *arguments)`."""
        mode, says = self._assignment["mode"], marked(request.node)
        schedule: Any = Stepped(self._channel)
        if mode != "step":
            schedule = Sampler(self._assignment, self.resolution, self._channel.send)
        self.bencher = _PytestBencher(
            schedule,
            self._channel.send,
            Probes(self._assignment.get("probes") if mode == "sample" else []),
            collects_garbage=not says.get("disable_gc", False),
            # Tests return data to be checked; they report figures in `extra_info`.
            reads_outputs=False,
        )
        self.fixture = Fixture(self.bencher, self._start, self._channel, mode, request.node)
        return self.fixture

    def _start(self) -> None:
        devices.listen()
        self._channel.send("start_up", ns=perf_counter_ns() - self._began)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Records the first failure."""
        if self.failure is not None or report.outcome == "passed":
            return
        if report.outcome == "skipped":
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.failure = ("skipped", reason.removeprefix("Skipped: "))
        else:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.failure = ("failed", crash.message if crash is not None else str(report.longrepr))

    def pytest_collectreport(self, report: Any) -> None:
        """Records a file that cannot be imported."""
        if report.failed and self.failure is None:
            self.failure = ("failed", str(report.longrepr).strip().rpartition("\n")[2])


def measure(channel: Channel, assignment: dict[str, Any], arguments: list[str], began: int) -> int:
    """Measures one round and sends its last frame; returns the exit code."""
    if assignment.get("mode") not in ("sample", "once", "step"):
        message = f"expected the mode `sample`, `once` or `step`, found `{assignment.get('mode')}`"
        channel.send("failed", kind="error", message=message)
        return 0
    measuring = _Measuring(channel, assignment, began)

    class Registering:
        """Registers the fixture in place of that of pytest-benchmark, which accepts only its own."""

        @pytest.hookimpl(trylast=True)
        def pytest_configure(self, config: Any) -> None:
            # The plugin is not blocked from the start, because the configuration may contain its options.
            theirs = config.pluginmanager.get_plugin("benchmark")
            if theirs is not None:
                config.pluginmanager.unregister(theirs)
            config.pluginmanager.register(measuring, "bench-models-measuring")

    pytest.main(of_process(arguments), plugins=[Registering()])
    bencher, fixture = measuring.bencher, measuring.fixture
    if measuring.failure is not None:
        kind, message = measuring.failure
        fields = {"reason": message} if kind == "skipped" else {"kind": "error", "message": message}
        channel.send(kind, **fields)
    elif bencher is None or fixture is None or not bencher.is_measured:
        what = "the test never calls its fixture" if measuring.has_found else f"this suite contains no `{assignment['case']}`"
        channel.send("failed", kind="error", message=what)
    else:
        reports = bencher.reports(fixture.extra_info) if assignment["mode"] == "sample" else []
        iterations = bencher.iterations if assignment["mode"] != "once" else 1
        channel.send(
            "finished",
            iterations=iterations,
            counters=bencher.counters(),
            probes=reports,
            clock_resolution_ns=measuring.resolution,
            empty_iteration_ns=empty_iteration_ns(),
        )
    return 0
