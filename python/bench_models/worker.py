"""The worker: a process that measures on behalf of its runner (docs/book/src/protocol.md)."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from . import heap
from .channel import Channel, CommandError
from .failures import PlainError, words

_LONGEST = 6 << 10


class Skip(Exception):
    """Raised by a benchmark that cannot run on this machine; its text names what would enable it."""


def serve(address: str, paths: Sequence[Path]) -> int:
    """Carries out the runner's commands, until it closes the channel; returns the exit code."""
    channel = Channel(address)
    # Sent before any code of the user runs: an import that hangs or crashes is a failure of its case.
    channel.send("ready", protocol=2, shared=True, leads=True)
    heap.scatter()
    _die_with(channel.runner)
    while (command := channel.receive()) is not None:
        if command["type"] != "measure":
            print(f"expected `measure`, found `{command['type']}`", file=sys.stderr)
            return 2
        try:
            if not isinstance(command.get("case"), str):
                raise CommandError("expected `measure` with a `case`")
            _measure(channel, command, paths)
        except CommandError as error:
            channel.send("failed", kind="error", message=_shortened(str(error)))
        except BaseException as error:
            if os.getpid() != channel.process:
                # A child that the benchmark has forked has returned: it must not send a frame.
                os._exit(70)
            _tell(channel, error)
    return 0


def _die_with(runner: int | None) -> None:
    """Makes the process end with its runner, write no core file, and be the first to be killed when memory is short."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import resource
    import signal

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if runner is not None and os.getppid() == 1 != runner:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # A sandbox without /proc: the kernel chooses as it likes.


def _measure(channel: Channel, assignment: dict[str, Any], paths: Sequence[Path]) -> None:
    began = perf_counter_ns()
    mode = assignment.get("mode")
    if mode == "count":
        raise CommandError(
            "mode `count` needs marks of valgrind, which Python does not have: count instructions of Rust, or measure time"
        )
    if mode not in ("sample", "once", "step"):
        raise CommandError(f"expected the mode `sample`, `once` or `step`, found `{mode}`")
    # Imported before the user's code, which may replace the functions of `time`.
    from . import catalogue, devices, user_code
    from .round import measure

    case = catalogue.find(paths, assignment["case"], user_code.import_file)
    if case is None:
        raise CommandError(f"this program has no case `{assignment['case']}`")
    if case.problem is not None:
        raise CommandError(case.problem)
    was_imported = user_code.is_imported(case.file)
    if not was_imported and case.compiles:
        _prepare_caches(case.declaration.compile_cache)
    module = user_code.import_file(case.file)
    devices.listen()
    benchmark = getattr(module, case.function, None)
    if not callable(benchmark):
        raise CommandError(f"{case.source}: `{case.function}` is not a function after the import")
    if not was_imported:
        channel.send("start_up", ns=perf_counter_ns() - began)
    channel.send("finished", **measure(channel, assignment, case, benchmark))


_caches: str | None = None


def _prepare_caches(kind: str) -> None:
    """Gives compilers an empty cache on disk. Otherwise, the first round would be cold and all others warm, and the sides of a
    comparison would share compiled code."""
    global _caches
    if kind == "warm" or _caches is not None:
        return
    from . import scratch

    # The folder is not created: most benchmarks compile nothing, and a killed worker cannot remove it.
    _caches = scratch.unused_path()
    for variable in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        os.environ[variable] = os.path.join(_caches, variable)
    # JAX uses a cache on disk only if this variable is set.
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)


def remove_caches() -> None:
    """Removes the files that `compile_cache="cold"` has written."""
    if _caches is not None:
        import shutil

        shutil.rmtree(_caches, ignore_errors=True)


def _tell(channel: Channel, error: BaseException) -> None:
    """Sends the last frame of a round that has raised an exception."""
    reason = _skip_reason(error)
    if reason is not None:
        channel.send("skipped", reason=_shortened(reason))
        return
    try:
        # The message of a `PlainError` is sufficient; the traceback of a failed request is in another process.
        if not isinstance(error, PlainError):
            traceback.print_exception(error)
    except Exception:
        pass  # An exception whose text raises another, or a stderr that the benchmark has closed.
    channel.send("failed", kind="error", message=_shortened(words(error)))


def _skip_reason(error: BaseException) -> str | None:
    """Returns why the case cannot run here; `None` if it has failed."""
    from .engines import ENGINES

    if isinstance(error, ModuleNotFoundError):
        engine = (error.name or "").partition(".")[0]
        return f"needs {engine}: {sys.executable} -m pip install {engine}" if engine in ENGINES else None
    skips: list[Any] = [Skip]
    for module, name in (("unittest", "SkipTest"), ("_pytest.outcomes", "Skipped")):
        skip = getattr(sys.modules.get(module), name, None)
        if skip is not None:
            skips.append(skip)
    if isinstance(error, tuple(skips)):
        return str(error) or "skipped without a reason"
    return None


def _shortened(message: str) -> str:
    """Returns a message, without its middle if it is too long, as when an error prints a tensor."""
    message = message.encode("utf-8", "replace").decode()
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST * 2 // 3]} … {message[-_LONGEST // 3 :]}"
