"""Pauses tools that observe the interpreter, such as coverage, debuggers and profilers: with them, an iteration takes many
times as long, and its time is not that of the code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# Tools of PEP 669 are numbered from 0 to 5.
_TOOLS = range(6)


@contextmanager
def paused() -> Iterator[None]:
    """Within this context, no function of this thread is traced or profiled, and no tool of `sys.monitoring` is called."""
    trace, profile = sys.gettrace(), sys.getprofile()
    resume = _pause_tools()
    if trace is not None:
        sys.settrace(None)
    if profile is not None:
        sys.setprofile(None)
    try:
        yield
    finally:
        resume()
        if profile is not None:
            sys.setprofile(profile)
        if trace is not None:
            sys.settrace(trace)


def _pause_tools() -> Callable[[], None]:
    """Takes the callbacks from all tools; returns a function that gives them back."""
    monitoring: Any = getattr(sys, "monitoring", None)
    tools = [tool for tool in _TOOLS if monitoring is not None and monitoring.get_tool(tool) is not None]
    taken: list[tuple[int, int, Any]] = []
    # Tools may have set events for single functions, too, which cannot be listed: without a callback, these do nothing.
    for tool in tools:
        for event in _events(monitoring):
            try:
                callback = monitoring.register_callback(tool, event, None)
            except ValueError:
                continue  # An event that is made of others.
            if callback is not None:
                taken.append((tool, event, callback))
    asked = [(tool, monitoring.get_events(tool)) for tool in tools]
    for tool, _ in asked:
        monitoring.set_events(tool, 0)

    def resume() -> None:
        for tool, event, callback in taken:
            monitoring.register_callback(tool, event, callback)
        for tool, events in asked:
            monitoring.set_events(tool, events)

    return resume


def _events(monitoring: Any) -> list[int]:
    return [event for event in vars(monitoring.events).values() if isinstance(event, int) and event > 0]
