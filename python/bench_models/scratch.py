"""Names of temporary folders, by which `bench` finds the folders that a killed process has left."""

from __future__ import annotations

import os
import tempfile

# Set by `bench` for its workers, which it kills as soon as they are no longer needed.
_RUNNER = "BENCH_WORKER_OF"


def prefix() -> str:
    """Returns the beginning of the name of a temporary folder. `bench` removes the folder at the end of its run, or at the next
    one if the process that the name contains has ended."""
    return f"bench-worker-{os.environ.get(_RUNNER) or os.getpid()}-"


def unused_path() -> str:
    """Returns the path of a folder that does not exist, and that the caller need not create."""
    return os.path.join(tempfile.gettempdir(), prefix() + os.urandom(8).hex())
