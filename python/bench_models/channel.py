"""The channel between a worker and its runner."""

from __future__ import annotations

import json
import os
from typing import Any

VARIABLE = "BENCH_WORKER_CHANNEL"
_LONGEST_MESSAGE = 64 << 20


class CommandError(Exception):
    """The runner has sent a message that the protocol does not allow."""


class Channel:
    """The connection of a worker to its runner: JSON objects, one per line."""

    def __init__(self, address: str) -> None:
        # This import takes some ms, which a list should not spend.
        import socket

        kind, where, secret = address.split(":")
        if kind == "unix":
            self._socket = socket.socket(fileno=int(where))
        else:
            self._socket = socket.create_connection(("127.0.0.1", int(where)))
            self._socket.sendall(secret.encode() + b"\n")
        self._socket.set_inheritable(False)
        self._reader = self._socket.makefile("rb")
        # Only this process uses the channel, not its forks.
        self.process = os.getpid()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave)
        self.runner = int(secret) if kind == "unix" else None

    def _leave(self) -> None:
        # A child must neither send frames nor keep the channel open after the worker has ended.
        descriptor = self._socket.detach()
        if descriptor >= 0:
            try:
                os.close(descriptor)
            except OSError:
                pass  # The benchmark has closed it before.

    def send(self, type: str, **fields: Any) -> None:
        """Sends a frame."""
        self._socket.sendall(json.dumps({"type": type, **fields}, separators=(",", ":")).encode() + b"\n")

    def pass_on(self, line: bytes) -> None:
        """Sends a frame that another worker has written, with its newline."""
        self._socket.sendall(line)

    def receive(self) -> dict[str, Any] | None:
        """Returns the next command; `None` when the runner has closed its end.

        Raises `CommandError` for anything else.
        """
        line = self._reader.readline(_LONGEST_MESSAGE + 1)
        if not line:
            return None
        if not line.endswith(b"\n"):
            raise CommandError("expected a command of at most 64 MiB that ends with a newline")
        try:
            command = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CommandError(f"expected a command, found something that is not JSON ({error})") from None
        if not isinstance(command, dict) or not isinstance(command.get("type"), str):
            raise CommandError("expected a command, an object with a `type`")
        return command


def address() -> str | None:
    """Returns the address that a runner has given to this process, and takes it out of the environment."""
    return os.environ.pop(VARIABLE, None) or None
