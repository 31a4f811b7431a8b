"""Randomizes, for each process, where small objects lie in memory.

CPython cuts its small objects from pools of 16 KiB, one size in each. The place of an object in a pool, and so whether it
crosses a cache line, depends on everything that was allocated before, such as the length of the path of its file. A place may
cost 3 % (a loop over integers, in a folder one level deeper), the same in every process, so that no number of processes would
reveal it. A random place is noise between processes, which verdicts allow for.
"""

from __future__ import annotations

import os

_POOL = 16 << 10
_LARGEST_SMALL = 512
_BLOCKS = 64

_scattered: list[list[object]] = []


def scatter() -> None:
    """Occupies a random part of a pool of each size, with random gaps, and of the heap for larger objects."""
    for size in range(16, _LARGEST_SMALL + 1, 16):
        whole = _POOL // size
        ahead = int.from_bytes(os.urandom(2), "little") % whole
        _scattered.append([_object_of(size) for _ in range(ahead)])
        _scattered.append(_with_gaps([_object_of(size) for _ in range(whole)]))
    sizes = [_LARGEST_SMALL + 64 * more for more in os.urandom(_BLOCKS)]
    _scattered.append(_with_gaps([bytes(size) for size in sizes]))


def _object_of(size: int) -> object:
    """Returns a new object of a size that is a multiple of 16, in bytes."""
    if size == 16:
        return object()
    # A floating-point number has this size, which is less than that of empty bytes.
    return float(size) if size == 32 else bytes(size - 33)


def _with_gaps(objects: list[object]) -> list[object]:
    """Returns a random half of the objects. The places of the others become free for later objects."""
    return [kept for kept, draw in zip(objects, os.urandom(len(objects))) if draw % 2]
