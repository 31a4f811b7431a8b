"""Benchmarks for models in Python, with verdicts that you can trust.

Functions called `benchmark_*` and functions with the decorator `@benchmark` are found and measured by the command `bench`:
`bench run FOLDER`, `bench compare HEAD~1 .`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .bencher import Bencher
    from .declaration import benchmark
    from .worker import Skip

__all__ = ["Bencher", "Skip", "benchmark"]
__version__ = "0.1.0"

_MODULES = {"Bencher": "bencher", "Skip": "worker", "benchmark": "declaration"}


def __getattr__(name: str) -> object:
    # `python -m bench_models` runs this file while the working directory is first on `sys.path`, so a file `json.py` there
    # would hide that of the library.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value
