"""A pytest suite as a benchmark program: `python -m bench_models.pytest_program ARGUMENTS FOLDER`, with the arguments of pytest
in one text, as a shell takes them."""

from __future__ import annotations

import json
import os
import shlex
import sys

if sys.path and sys.path[0] == "":
    del sys.path[0]

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter_ns
from typing import IO, Any

_LIST = ["--list", "--format", "json"]


def main() -> int:
    """Lists or measures, depending on the environment; returns the exit code."""
    from . import heap
    from .channel import Channel, address

    text, folder, *asked = sys.argv[1:]
    try:
        arguments = shlex.split(text)
    except ValueError as error:
        print(f"--pytest={text} cannot be read as a shell does: {error}", file=sys.stderr)
        return 2
    os.chdir(folder)
    # The output of pytest and of the tests must not be mixed with the list.
    answer = os.dup(1)
    os.dup2(2, 1)
    runner = address()
    # As `python -m pytest` does.
    sys.path.insert(0, os.getcwd())
    if runner is None:
        return _list(arguments, answer) if asked == _LIST else 2
    channel = Channel(runner)
    channel.send("ready", protocol=2)
    heap.scatter()
    command = channel.receive()
    if command is None:
        return 0
    if command["type"] != "measure" or not isinstance(command.get("case"), str):
        print("expected `measure` with a `case`", file=sys.stderr)
        return 2
    from .pytest_round import measure

    return measure(channel, command, arguments, perf_counter_ns())


@contextmanager
def _held_back() -> Iterator[IO[bytes]]:
    """Redirects all output within the context to a temporary file, and yields the file."""
    import tempfile

    said = tempfile.TemporaryFile()
    kept = [os.dup(descriptor) for descriptor in (1, 2)]
    for descriptor in (1, 2):
        os.dup2(said.fileno(), descriptor)
    try:
        yield said
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, own in zip((1, 2), kept):
            os.dup2(own, descriptor)
            os.close(own)


def _list(arguments: list[str], answer: int) -> int:
    import pytest

    from .engines import engines_of
    from .listing import build
    from .pytest_cases import cases_of
    from .pytest_options import of_process

    class Lister:
        """Prints the list in place of running the tests."""

        listed: list[dict[str, Any]] = []
        problems: list[str] = []

        def pytest_runtestloop(self, session: Any) -> bool:
            """Lists the selected tests, and runs none."""
            self.listed += cases_of(session.items, Path(session.config.rootpath))
            return True

        def pytest_collectreport(self, report: Any) -> None:
            """Records the tests that could not be collected, with the reasons."""
            if report.failed:
                last = report.longreprtext.strip().rpartition("\n")[2]
                self.problems.append(f"{report.nodeid}: {last.removeprefix('E').strip()}")

    lister = Lister()
    with _held_back() as said:
        code = int(pytest.main(of_process(arguments), plugins=[lister]))
    if code not in (0, 5):
        # The short message comes first, because a runner shows only the beginning of the output.
        print("pytest could not collect the tests:", "; ".join(lister.problems) or f"exit code {code}", file=sys.stderr)
        said.seek(0)
        print(said.read().decode("utf-8", "replace"), file=sys.stderr)
        return 2
    if not lister.listed:
        print("no test uses the fixture `benchmark`", file=sys.stderr)
        return 2
    listing = {
        "protocol": 2,
        "build": build(engines_of(sys.modules)),
        "modes": ["sample", "once", "step"],
        "cases": lister.listed,
    }
    os.write(answer, json.dumps(listing).encode())
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that a test has left must not keep the process alive.
    os._exit(code)
