"""`python -m bench_models`: lists benchmarks, measures them for a runner, or starts `bench`."""

from __future__ import annotations

import os
import sys

# `-m` puts the working directory first, but its files must not hide those of Python or of the measured code.
if sys.path and sys.path[0] in ("", os.getcwd()):
    del sys.path[0]

from pathlib import Path

_USAGE = """\
usage: python -m bench_models [PATH]... --list --format json   prints the cases of files and folders [default: .]
       python -m bench_models COMMAND [ARGUMENT]...            starts `bench COMMAND`: run, compare, gate, …
"""
_LIST = ["--list", "--format", "json"]


def main() -> int:
    """Carries out the arguments; returns the exit code."""
    from .channel import address

    arguments = sys.argv[1:]
    runner = address()
    if runner is not None:
        return _work(runner, _paths(arguments))
    if arguments[-3:] == _LIST:
        return _list(_paths(arguments[:-3]))
    if len(arguments) == 2 and arguments[0] == "--declarations":
        return _declare(Path(arguments[1]))
    if arguments and not arguments[0].startswith("-") and not os.path.exists(arguments[0]):
        from .command import start

        return start(arguments)
    print(_USAGE, end="", file=sys.stderr)
    return 0 if arguments in (["-h"], ["--help"]) else 2


def _paths(arguments: list[str]) -> list[Path]:
    return [Path(os.path.abspath(argument)) for argument in arguments or ["."]]


def _work(runner: str, paths: list[Path]) -> int:
    from . import worker

    code = 1
    try:
        code = worker.serve(runner, paths)
    except ConnectionError:
        code = 0  # The runner has gone.
    except Exception as error:
        print(f"worker: {type(error).__name__}: {error}", file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass  # The benchmark has closed it.
    worker.remove_caches()
    # Threads that a benchmark has left, and finalizers that raise, must not keep the process alive.
    os._exit(code)


def _list(paths: list[Path]) -> int:
    import gc

    # Syntax trees are a million objects without cycles: the collector would need a third of the time to search them.
    gc.disable()
    from .catalogue import DuplicateError, catalogue, problems
    from .listing import to_json

    for path in paths:
        if not path.exists():
            print(f"`{path}` does not exist: expected a file or folder of Python benchmarks", file=sys.stderr)
            return 2
    try:
        found = catalogue(paths)
    except DuplicateError as error:
        print(error, file=sys.stderr)
        return 2
    if not found.cases:
        shown = ", ".join(map(str, paths))
        print(
            f"{shown} contains no Python benchmark: expected functions called `benchmark_*`, functions with `@benchmark` of "
            "bench_models, or `run_*` below a folder `benchmarks`",
            file=sys.stderr,
        )
        return 2
    for problem in problems(found.cases):
        print(problem, file=sys.stderr)
    print(to_json(found))
    return 0


def _declare(file: Path) -> int:
    """Prints the declarations of a file by function, as JSON, after importing it; values of arguments as texts."""
    import json

    from .catalogue import declarations
    from .user_code import import_file

    # The output of the file must not be mixed with the answer.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    declared = declarations(import_file(Path(os.path.abspath(file))))
    answer.write(json.dumps(declared, default=str) + "\n")
    answer.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
