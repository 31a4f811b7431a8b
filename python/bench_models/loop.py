"""The timing loop, compiled for each benchmark as `timeit` compiles its own.

The function and its arguments are local variables, so that an iteration is like code written by hand: `f(a, b)`. A loop of 8
calls at a time halves the cost of counting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from time import perf_counter_ns
from typing import Any

_UNROLLED = 8

Timed = Callable[[int], int]
"""Runs so many iterations, and returns what they took together, in nanoseconds."""


def compiled(
    function: Callable[..., Any],
    arguments: Sequence[Any] = (),
    keywords: Mapping[str, Any] | None = None,
    *,
    is_async: bool = False,
    wrap: Callable[[Any], Any] | None = None,
    settle: Callable[[], None] | None = None,
) -> Callable[[int], Any]:
    """Returns a loop over `function(*arguments, **keywords)`: a `Timed`, or, if `is_async`, a coroutine function like it.

    `wrap` is handed each output within the timed part; `settle` is called once at its end.
    """
    keywords = keywords or {}
    names: dict[str, Any] = {"_call": function, "_clock": perf_counter_ns, "_repeat": repeat}
    passed = []
    for number, argument in enumerate(arguments):
        names[f"_a{number}"] = argument
        passed.append(f"_a{number}")
    for number, (keyword, argument) in enumerate(keywords.items()):
        names[f"_k{number}"] = argument
        # A key that is not an identifier can only be passed in a dictionary.
        passed.append(f"{keyword}=_k{number}" if keyword.isidentifier() else f"**{{{keyword!r}: _k{number}}}")
    call = f"_call({', '.join(passed)})"
    if is_async:
        call = f"await {call}"
    if wrap is not None:
        names["_wrap"] = wrap
        call = f"_wrap({call})"
    last = ""
    if settle is not None:
        names["_settle"] = settle
        last = "    _settle()\n"
    calls = "; ".join([call] * _UNROLLED)
    source = (
        f"{'async ' if is_async else ''}def _timed(_n, {', '.join(f'{name}={name}' for name in names)}):\n"
        f"    _many, _few = _repeat(None, _n // {_UNROLLED}), _repeat(None, _n % {_UNROLLED})\n"
        f"    _began = _clock()\n"
        f"    for _ in _many: {calls}\n"
        f"    for _ in _few: {call}\n"
        f"{last}"
        f"    return _clock() - _began\n"
    )
    made: dict[str, Any] = dict(names)
    exec(compile(source, "<bench_models: the timing loop>", "exec"), made)
    timed: Callable[[int], Any] = made["_timed"]
    return timed


_EMPTY_ITERATIONS = 20_000
_EMPTY_LOOPS = 7


def empty_iteration_ns(arguments: int = 0) -> float:
    """Returns the time of an iteration of a function with this many arguments that does nothing, in nanoseconds."""
    timed: Timed = compiled(_nothing(arguments, ""), [None] * arguments)
    return min(timed(_EMPTY_ITERATIONS) for _ in range(_EMPTY_LOOPS)) / _EMPTY_ITERATIONS


async def empty_iteration_async_ns(arguments: int = 0) -> float:
    """Returns the same for an asynchronous function within the running event loop."""
    timed = compiled(_nothing(arguments, "async "), [None] * arguments, is_async=True)
    took: list[int] = [await timed(_EMPTY_ITERATIONS) for _ in range(_EMPTY_LOOPS)]
    return min(took) / _EMPTY_ITERATIONS


def _nothing(arguments: int, before: str) -> Callable[..., Any]:
    made: dict[str, Any] = {}
    exec(f"{before}def nothing({', '.join(f'a{number}' for number in range(arguments))}): pass", made)
    nothing: Callable[..., Any] = made["nothing"]
    return nothing
