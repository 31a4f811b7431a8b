"""One round of a case: from its function to the last frame."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from . import devices, engines
from .bencher import Bencher, MisuseError
from .catalogue import Case
from .channel import Channel
from .declaration import ATTRIBUTE, Declaration, label
from .loop import empty_iteration_ns
from .probes import Probes, reading
from .sampling import Sampler, Stepped, resolution_ns
from .syntax import BENCHER

# If an iteration takes less than this many empty iterations, the cost of the loop is a large part of the figure.
_TELLING = 20


def measure(channel: Channel, assignment: dict[str, Any], case: Case, benchmark: Callable[..., Any]) -> dict[str, Any]:
    """Measures one round; returns the fields of `finished`.

    Raises whatever the benchmark raises.
    """
    is_watched = assignment["mode"] == "sample"
    wanted = assignment.get("probes") if is_watched else []
    resolution = resolution_ns()
    load = _declared(benchmark).serves
    if load is not None:
        # This import takes some ms, which other cases should not spend.
        from .load_round import Requests

    schedule: Any = Stepped(channel) if assignment["mode"] == "step" else Sampler(assignment, resolution, channel.send)
    bencher = Bencher(
        schedule,
        channel.send,
        Probes(wanted),
        collects_garbage=case.declaration.gc,
        subtracts_call=case.declaration.subtract_call,
        inputs_alive=1 if assignment["mode"] == "once" else assignment.get("inputs_alive"),
        requests=None if load is None else Requests(channel, assignment, load),
    )
    compiled_before = devices.compilations()
    _call(benchmark, bencher, _arguments(case, benchmark))
    if not bencher.is_measured:
        how = "b.iter" if load is None else "b.serve"
        raise MisuseError(f"`{case.function}` measures nothing: it takes `{BENCHER[0]}`, and never calls `{how}`")
    empty = empty_iteration_ns()
    reports = bencher.reports()
    if is_watched and (wanted is None or "python" in wanted):
        reports.append(_python(bencher, compiled_before, empty))
    finished: dict[str, Any] = {
        "iterations": bencher.iterations if assignment["mode"] != "once" else 1,
        "counters": bencher.counters(),
        "probes": reports,
        "clock_resolution_ns": resolution,
        "empty_iteration_ns": empty,
    }
    if bencher.inputs_alive is not None and assignment["mode"] != "once":
        finished["inputs_alive"] = bencher.inputs_alive
    return finished


def _declared(benchmark: Callable[..., Any]) -> Declaration:
    declared = getattr(benchmark, ATTRIBUTE, None)
    return declared if isinstance(declared, Declaration) else Declaration()


def _arguments(case: Case, benchmark: Callable[..., Any]) -> dict[str, Any]:
    """Returns the values of the case's arguments from the decorator; the list contains only their texts."""
    declared = _declared(benchmark)
    values = {}
    for key, wanted in case.choice:
        chosen = [value for value in declared.args.get(key, ()) if label(value) == label(wanted)]
        values[key] = chosen[0] if chosen else wanted
    return values


def _call(benchmark: Callable[..., Any], bencher: Bencher, arguments: dict[str, Any]) -> None:
    parameters = list(inspect.signature(benchmark).parameters)
    if not parameters or parameters[0] not in BENCHER:
        (bencher.iter if bencher.requests is None else bencher.serve)(benchmark, **arguments)
    elif inspect.iscoroutinefunction(benchmark):
        import asyncio

        asyncio.run(benchmark(bencher, **arguments))
    else:
        returned = benchmark(bencher, **arguments)
        if inspect.isgenerator(returned):
            raise MisuseError("a benchmark that takes `b` cannot be a generator")


def _python(bencher: Bencher, compiled_before: tuple[int, float], empty: float) -> dict[str, Any]:
    """Returns the report of the interpreter and the engines: compilations, threads, and the cost of a call."""
    readings = [reading(name, "1", count, over_rounds="max") for name, count in engines.threads()]
    count, seconds = devices.compilations()
    if count > compiled_before[0]:
        readings.append(reading("compile_time", "s", seconds - compiled_before[1]))
    notes = list(bencher.notes)
    iteration_ns = bencher.sampled_ns / max(1, bencher.iterations)
    if bencher.call_ns:
        readings.append(reading("subtracted_call", "s", bencher.call_ns / 1e9))
    elif 0 < iteration_ns < _TELLING * empty:
        notes.append(f"an iteration takes less than {_TELLING} calls of an empty function: much of it is the call")
    return {"probe": "python", "readings": readings, "notes": notes, "cost_ns": 0}
