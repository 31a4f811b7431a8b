"""What the package itself costs: the timing loop against `timeit`, and a list of 1 000 functions.

    python python/benchmarks/overheads.py

Exits with 1 if an iteration of an empty function costs more than 1.2 times what it costs `timeit`, or if listing 1 000
functions in files that import torch takes 0.3 s or more. torch need not be installed, because nothing is imported.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from pathlib import Path

from bench_models.loop import compiled

ALLOWED_RATIO = 1.2
ALLOWED_LIST_S = 0.3
ITERATIONS = 200_000
PAIRS = 41
FILES, FUNCTIONS = 20, 50
LISTS = 11


def nothing():
    pass


def ratios():
    """Returns what an empty function costs in our loop, in nanoseconds, and the ratios to `timeit` of neighbouring loops."""
    ours = compiled(nothing)
    theirs = timeit.Timer("nothing()", globals={"nothing": nothing})
    costs, found = [], []
    for pair in range(PAIRS):
        # Both orders: what runs second may find another clock rate.
        if pair % 2:
            own, other = ours(ITERATIONS), 1e9 * theirs.timeit(ITERATIONS)
        else:
            other, own = 1e9 * theirs.timeit(ITERATIONS), ours(ITERATIONS)
        costs.append(own / ITERATIONS)
        found.append(own / other)
    return costs, found


def list_seconds(folder):
    """Returns the seconds that each of several lists of the folder takes, the start of the interpreter included, and the
    seconds of processor time that one takes on average: what it would take on an idle machine."""
    line = [sys.executable, "-m", "bench_models", str(folder), "--list", "--format", "json"]
    found = []
    before = os.times()
    for _ in range(LISTS):
        began = time.perf_counter()
        listed = subprocess.run(line, stdout=subprocess.PIPE, check=True).stdout
        found.append(time.perf_counter() - began)
        assert listed.count(b'"id"') == FILES * FUNCTIONS
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return found, spent / LISTS


def write_suite(folder):
    """Writes 1 000 functions in files that import torch."""
    (folder / "pyproject.toml").touch()
    for number in range(FILES):
        functions = "".join(
            f"def benchmark_f{number}_{function}():\n    torch.ones({function}).sum()\n\n\n" for function in range(FUNCTIONS)
        )
        (folder / f"bench_{number}.py").write_text(f"import torch\n\n\n{functions}")


def main():
    """Measures, prints both figures, and says whether they are within what is allowed."""
    costs, found = ratios()
    ratio = statistics.median(found)
    print(
        f"an iteration of an empty function: {statistics.median(costs):.1f} ns, {ratio:.3f} × timeit's "
        f"({PAIRS} pairs, {min(found):.3f} to {max(found):.3f}; allowed {ALLOWED_RATIO})"
    )
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text).resolve()
        write_suite(folder)
        seconds, processor = list_seconds(folder)
    median = statistics.median(seconds)
    print(
        f"a list of {FILES * FUNCTIONS} functions in {FILES} files that import torch: {1e3 * median:.0f} ms "
        f"({min(seconds) * 1e3:.0f} to {max(seconds) * 1e3:.0f}; {1e3 * processor:.0f} of processor time; "
        f"allowed {1e3 * ALLOWED_LIST_S:.0f})"
    )
    return 0 if ratio <= ALLOWED_RATIO and median < ALLOWED_LIST_S else 1


if __name__ == "__main__":
    sys.exit(main())
