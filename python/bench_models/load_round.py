"""A round of a load case: `bench` sends the requests, and this process serves them.

The runner speaks with this worker, and this worker with `bench functions round`, which is a worker of the same protocol: this
worker passes the commands of the runner to that one, and its frames to the runner.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from . import command, fields, serving, sockets
from .channel import VARIABLE, Channel
from .failures import PlainError
from .load import Load

Frame = dict[str, Any]

# Kept, because the measured function may replace those of the library.
_encode, _decode = json.JSONEncoder(separators=(",", ":")).encode, json.loads


class ServedError(PlainError):
    """A round of requests has failed; the text is the whole message."""


@dataclass
class Requests:
    """The requests of a round, and the receiver of their results."""

    channel: Channel
    assignment: Mapping[str, Any]
    load: Load
    began_ns: int = 0

    def __post_init__(self) -> None:
        self.began_ns = perf_counter_ns()

    def serve(self, function: Callable[..., Any], keywords: Mapping[str, Any], began: Callable[[], None]) -> Frame:
        """Has requests sent to a function, on a thread for each client; returns the last frame.

        `began` is called when the first request has been served.

        Raises `ServedError` if the round has failed.
        """
        served, told = self._prepared(function, keywords)
        with sockets.served(served) as path:
            return self._relay({**told, "socket": path}, began)

    async def serve_async(self, function: Callable[..., Any], keywords: Mapping[str, Any], began: Callable[[], None]) -> Frame:
        """Same as `serve`, for an asynchronous function, on the running loop."""
        served, told = self._prepared(function, keywords)

        async def relay(path: str) -> Frame:
            return await asyncio.to_thread(self._relay, {**told, "socket": path}, began)

        last: Frame = await sockets.serve_async(served, relay)
        return last

    def _prepared(self, function: Callable[..., Any], keywords: Mapping[str, Any]) -> tuple[serving.Function, dict[str, Any]]:
        load = self.load
        settings = fields.Settings(**load.settings)
        given = load.inputs() if callable(load.inputs) else load.inputs
        inputs, told = fields.requests(load.domain, settings, given)
        served = serving.Function(function, load.domain, inputs, keywords, fields.defaults(load.domain, settings))
        return served, {**told, "load": load.plan()}

    def _relay(self, told: dict[str, Any], began: Callable[[], None]) -> Frame:
        bench = command.find()
        if bench is None:
            raise ServedError(command.MISSING)
        ours, theirs = socket.socketpair()
        environment = {**os.environ, VARIABLE: f"unix:{theirs.fileno():04}:{os.getpid():010}"}
        with ours, theirs:
            child = subprocess.Popen(
                [bench, "functions", "round"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                env=environment, pass_fds=[theirs.fileno()],
            )  # fmt: skip
            theirs.close()
            assert child.stdin is not None
            with child:
                try:
                    child.stdin.write(_encode(told).encode())
                    child.stdin.close()
                    last = self._converse(ours, began)
                finally:
                    # The child takes the closed channel for the end of its runner, and ends.
                    ours.close()
        if last is None:
            raise ServedError(f"`bench functions round` ended with {child.returncode} and without a result: see stderr")
        if last["type"] == "failed":
            raise ServedError(last["message"])
        return last

    def _converse(self, ours: socket.socket, began: Callable[[], None]) -> Frame | None:
        """Passes commands and frames on, except the last frame, which is returned; `None` if it does not come."""
        with ours.makefile("rb") as lines:
            for line in lines:
                frame: Frame = _decode(line)
                kind = frame["type"]
                if kind in ("finished", "failed"):
                    return frame
                if kind == "ready":
                    _send(ours, self._measure())
                    continue
                if kind == "first_call":
                    began()
                self.channel.pass_on(line)
                if self.assignment["mode"] == "step" and kind in ("first_call", "samples"):
                    _send(ours, self.channel.receive() or {"type": "stop"})
        return None

    def _measure(self) -> Frame:
        """Returns the command `measure` for the process that sends the requests, with the time that is left of this round's
        limit."""
        # Probes of that process would not observe the function.
        measure = {**self.assignment, "type": "measure", "probes": []}
        timeout = measure.get("timeout_ns")
        if timeout is not None:
            measure["timeout_ns"] = max(1, timeout - (perf_counter_ns() - self.began_ns))
        return measure


def _send(to: socket.socket, message: Frame) -> None:
    to.sendall(_encode(message).encode() + b"\n")
