"""The socket on which a process serves a function: on threads, one for each client, or on an event loop.

`bench` opens one connection for each client. Messages are JSON objects, one per line.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from . import scratch
from .serving import Function, serve_one, serve_one_async

# The path of a Unix socket has 108 bytes at most (unix(7)).
_LONGEST_PATH = 100

# Kept, because the measured function may replace that of the library.
_decode = json.loads


@contextmanager
def _listening() -> Iterator[tuple[socket.socket, str]]:
    """Yields a Unix socket in a folder that no other user can enter, and its path."""
    folder = tempfile.mkdtemp(prefix=scratch.prefix())
    if len(os.fsencode(folder)) > _LONGEST_PATH:
        os.rmdir(folder)
        folder = tempfile.mkdtemp(prefix=scratch.prefix(), dir="/tmp")
    listener = socket.socket(socket.AF_UNIX)
    try:
        path = os.path.join(folder, "s")
        listener.bind(path)
        listener.listen(1024)
        yield listener, path
    finally:
        try:
            # Closing the socket would not wake a thread that waits for a connection.
            listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # A loop has closed it.
        listener.close()
        shutil.rmtree(folder, ignore_errors=True)


def _take_inputs(function: Function, message: dict[str, Any]) -> bool:
    """Takes the inputs that `bench` has made, if the message contains them; returns whether it does."""
    made = message.get("inputs")
    if made is not None:
        function.inputs[:] = made
    return made is not None


@contextmanager
def served(function: Function) -> Iterator[str]:
    """Serves a function on threads, one for each client; the context is the path to connect to."""
    with _listening() as (listener, path):
        threading.Thread(target=_accept, args=(listener, function), daemon=True, name="bench-models").start()
        yield path


def _accept(listener: socket.socket, function: Function) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # It was closed.
        threading.Thread(target=_converse, args=(connection, function), daemon=True, name="bench-models client").start()


def _converse(connection: socket.socket, function: Function) -> None:
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                message = _decode(line.decode())
                if not _take_inputs(function, message):
                    connection.sendall(serve_one(function, message["input"]))
        except OSError:
            pass  # The command has gone.


class _Connection(asyncio.Protocol):
    """A client's connection to the loop: each line is a request, which gets a separate task.

    It is not a stream, which would wake a task to read a line, and wake it again to serve the request.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        # The event loop holds only weak references to its tasks.
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\n")) >= 0:
            message = _decode(self._received[:end].decode())
            del self._received[: end + 1]
            if not _take_inputs(self._function, message):
                self._begin(self._serve(message["input"]))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        if sys.version_info >= (3, 12):
            task = asyncio.Task(work, loop=self._loop, eager_start=True)
            if task.done():
                return
        else:
            task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, number: int) -> None:
        self._transport.write(await serve_one_async(self._function, number))


async def serve_async(function: Function, run: Callable[[str], Any]) -> Any:
    """Serves an asynchronous function on the running loop, while `run` is awaited with the path to connect to."""
    with _listening() as (listener, path):
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(lambda: _Connection(function), sock=listener)
        try:
            return await run(path)
        finally:
            server.close()
