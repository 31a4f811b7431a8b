"""Functions under load: `bench` sends requests and computes the figures, and this process serves them.

The command connects to a Unix socket, one connection for each client, and names the input of each request by its number.
The answer contains the times of outputs, on a clock that both read (`CLOCK_MONOTONIC`): no message is sent for an output.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import CLOCK_MONOTONIC, clock_gettime_ns
from typing import Any

from . import answers
from .failures import words

_LONGEST_ERROR = 500

# Created once: `json.dumps` creates an encoder for each call without the default settings.
_encode = json.JSONEncoder(separators=(",", ":")).encode

_marks: contextvars.ContextVar[list[tuple[str, int, int | None]] | None] = contextvars.ContextVar("marks", default=None)


def mark_output(holds: int | None = None) -> None:
    """Marks a usable output of the request that is being served: playable audio, a picture, text. The first one is TTFA,
    TTFI or TTFT. `holds` is how much of the answer it contains: samples, tokens."""
    _mark("output", holds)


def mark_step() -> None:
    """Marks that a step of the work is done, such as a denoising step."""
    _mark("step", None)


def callback_on_step_end(pipeline: Any, step: int, timestep: Any, callback_kwargs: dict[str, Any]) -> dict[str, Any]:
    """Marks a denoising step: for the argument `callback_on_step_end` of pipelines of diffusers."""
    _mark("step", None)
    return callback_kwargs


def _mark(kind: str, holds: int | None) -> None:
    marks = _marks.get()
    if marks is not None:
        marks.append((kind, clock_gettime_ns(CLOCK_MONOTONIC), holds))


@dataclass
class Function:
    """A function that serves requests of a field: its inputs, and the properties of answers that do not state them."""

    function: Callable[..., Any]
    kind: str
    """Its field of work: `speech`, `images`, `classification`, `text` or `requests`."""
    inputs: list[Any]
    """What requests are made of; filled in by `bench` if it makes them."""
    keywords: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    process: int = field(default_factory=os.getpid)

    def call(self, number: int) -> tuple[Any, Mapping[str, Any]]:
        """Calls the function with an input; returns its output, and the settings of the request."""
        given = self.inputs[number]
        if isinstance(given, dict):
            asked = {**self.defaults, **given}
            keywords = {name: value for name, value in given.items() if name != "prompt" and self._takes(name)}
            return self.function(given["prompt"], **{**keywords, **self.keywords}), asked
        return self.function(given, **self.keywords), self.defaults

    def _takes(self, name: str) -> bool:
        if not hasattr(self, "_parameters"):
            parameters = inspect.signature(self.function).parameters.values()
            takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
            self._parameters = None if takes_all else {parameter.name for parameter in parameters}
        return self._parameters is None or name in self._parameters


class _Request:
    """One request: its marks, and the properties of its answer."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self.marks: list[tuple[str, int, int | None]] = []
        self._token = _marks.set(self.marks)
        self._streamed: list[Any] = []
        self._asked: Mapping[str, Any] = function.defaults

    def begin(self, number: int) -> Any:
        output, self._asked = self._function.call(number)
        return output

    def yielded(self, part: Any) -> None:
        """Marks a part of a stream as an output."""
        at = clock_gettime_ns(CLOCK_MONOTONIC)
        self.marks.append(("output", at, answers.holds(self._function.kind, part, self._asked)))
        self._streamed.append(part)

    def consumed(self, returned: Any) -> Any:
        """Returns the output of a stream that has ended: its return value, or else a dictionary that it has yielded last. A
        dictionary after parts that are not dictionaries is a summary, and not an output.
        """
        parts = self._streamed
        if returned is None and parts and isinstance(parts[-1], Mapping):
            returned = parts[-1]
            if not all(isinstance(part, Mapping) for part in parts):
                parts.pop()
                self.marks.remove(next(mark for mark in reversed(self.marks) if mark[0] == "output"))
        return returned

    def answered(self, output: Any) -> bytes:
        end = clock_gettime_ns(CLOCK_MONOTONIC)
        result, warnings = answers.answer(self._function.kind, output, self._asked, self._streamed)
        return self._line({"end": end, "marks": self.marks, "result": result, "warnings": warnings})

    def failed(self, error: BaseException) -> bytes:
        end = clock_gettime_ns(CLOCK_MONOTONIC)
        return self._line({"end": end, "error": words(error)[:_LONGEST_ERROR]})

    def _line(self, message: dict[str, Any]) -> bytes:
        if os.getpid() != self._function.process:
            # A child that the function has forked has returned: its answer would be taken for that of the next request.
            os._exit(70)
        _marks.reset(self._token)
        return _encode(message).encode() + b"\n"


def serve_one(function: Function, number: int) -> bytes:
    """Serves a request, and returns the encoded answer, which contains the error if the function raises one."""
    request = _Request(function)
    try:
        output = request.begin(number)
        if inspect.isgenerator(output):
            output = request.consumed(_run(output, request))
        elif inspect.iscoroutine(output) or inspect.isasyncgen(output):
            if inspect.iscoroutine(output):
                output.close()
            raise TypeError("it returned a coroutine or an asynchronous generator: declare it `async def`, or is_async=True")
        return request.answered(output)
    except BaseException as error:  # Of `sys.exit`, too, the program that measures must hear.
        return request.failed(error)


def _run(stream: Iterator[Any], request: _Request) -> Any:
    while True:
        try:
            request.yielded(next(stream))
        except StopIteration as end:
            return end.value


async def serve_one_async(function: Function, number: int) -> bytes:
    request = _Request(function)
    try:
        output = request.begin(number)
        if inspect.isawaitable(output):
            output = await output
        if isinstance(output, AsyncIterator):
            async for part in output:
                request.yielded(part)
            output = request.consumed(None)
        return request.answered(output)
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        return request.failed(error)


def is_async(function: Callable[..., Any]) -> bool:
    """Returns whether a function, or the call method of an object, is asynchronous."""
    inner = inspect.unwrap(getattr(function, "func", function))
    call = inner if inspect.isroutine(inner) else getattr(inner, "__call__", inner)  # noqa: B004
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)
