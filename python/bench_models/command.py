"""Finds and starts the command `bench` of the same installation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig

_RUNNER = "BENCH_RUNNER"

# Not from a package index: until the package is published, another one may have its name there.
MISSING = f"the command `bench` was not found: {sys.executable} -m pip install ./python, in a clone of its repository"


def find() -> str | None:
    """Returns the path of `bench`: the one that runs this process as a worker, that of this installation, or the one on
    `PATH`; `None` if there is none."""
    runner = os.environ.get(_RUNNER)
    if runner and os.access(runner, os.X_OK):
        return runner
    name = "bench.exe" if os.name == "nt" else "bench"
    folders = [
        sysconfig.get_path("scripts"),
        # The scripts of the user (`pip install --user`).
        sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")),
        # Next to the package (`pip install --target`).
        os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"),
    ]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return shutil.which(name)


def start(arguments: list[str]) -> int:
    """Replaces this process by `bench` with these arguments; returns an exit code only if that is not possible."""
    path = find()
    if path is None:
        print(MISSING, file=sys.stderr)
        return 2
    if os.name == "nt":
        return subprocess.call([path, *arguments])
    os.execv(path, [path, *arguments])
