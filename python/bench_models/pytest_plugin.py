"""The pytest plugin: `pytest --bench` measures the tests that use the fixture `benchmark`, with `bench`.

Without `--bench` it does nothing, and the fixture is pytest-benchmark's, if that is installed.
"""

from __future__ import annotations

import importlib.util
import shlex
import sys
from typing import Any

from . import pytest_options


def pytest_addoption(parser: Any) -> None:
    """Adds `--bench`, and the options of pytest-benchmark if that is not installed."""
    group = parser.getgroup("bench-models")
    group.addoption(
        "--bench",
        action="store_true",
        default=False,
        help="measure the tests that use the fixture `benchmark`, each round in a separate process",
    )
    group.addoption("--bench-args", default="", metavar="FLAGS", help="flags of `bench run`: '--max-time 2s --quick'")
    if importlib.util.find_spec("pytest_benchmark") is None:
        pytest_options.register(group)


def pytest_configure(config: Any) -> None:
    """Registers the marker, as pytest-benchmark does."""
    config.addinivalue_line("markers", "benchmark: settings of a test that uses the fixture `benchmark`")


def pytest_cmdline_main(config: Any) -> int | None:
    """Runs `bench` in place of the tests if `--bench` is given."""
    if not config.getoption("bench") or config.getoption("help"):
        return None
    from . import command

    try:
        given = [str(argument) for argument in config.invocation_params.args]
        flags, left_out = pytest_options.flags(given, [str(argument) for argument in config.getini("addopts")])
    except pytest_options.RefusedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    if left_out:
        print(f"left out, though addopts of the suite names it: {', '.join(left_out)}", file=sys.stderr)
    arguments = _without_own(given)
    bench = command.find()
    if bench is None:
        print(command.MISSING, file=sys.stderr)
        return 4
    import subprocess

    own = [f"--interpreter={sys.executable}", f"--pytest={shlex.join(arguments)}"]
    ended = subprocess.run([bench, "run", ".", *own, *flags, *shlex.split(config.getoption("bench_args"))])
    return ended.returncode


def _without_own(arguments: list[str]) -> list[str]:
    """Returns the arguments of pytest without those for this plugin."""
    left: list[str] = []
    skip = False
    for argument in arguments:
        if skip or argument == "--bench" or argument.startswith("--bench-args="):
            skip = False
        elif argument == "--bench-args":
            skip = True
        else:
            left.append(argument)
    return left
