"""The engines that benchmarks import: their names, versions, and numbers of threads."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

# The modules of engines, and the distributions whose versions identify their code.
ENGINES = {
    "numpy": ("numpy",),
    "torch": ("torch",),
    "jax": ("jax", "jaxlib"),
    "onnx": ("onnx",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
    "tensorflow": ("tensorflow",),
    "transformers": ("transformers",),
    "diffusers": ("diffusers",),
    "vllm": ("vllm",),
    "scipy": ("scipy",),
    "pandas": ("pandas",),
}

# The imports of these take so long that the cases of a file should share a process.
_SLOW = frozenset({"torch", "jax", "tensorflow", "transformers", "diffusers", "vllm"})

_MOST_MODULES = 2000


def engines_of(imports: Iterable[str]) -> list[str]:
    """Returns the engines among some modules, by their top-level names, sorted."""
    return sorted({name.partition(".")[0] for name in imports} & ENGINES.keys())


def needs_much(imports: Iterable[str]) -> bool:
    """Returns whether one of the modules starts slowly."""
    return not _SLOW.isdisjoint(name.partition(".")[0] for name in imports)


def versions(engines: Iterable[str]) -> dict[str, str]:
    """Returns the installed versions of engines by distribution. Nothing is imported; engines that are not installed are left
    out."""
    wanted = {_normal(name): name for engine in engines for name in ENGINES[engine]}
    found: dict[str, str] = {}
    # The names of folders are enough. Importing `importlib.metadata` takes 30 ms, a tenth of the time of a list.
    for folder in sys.path if wanted else ():
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue  # An archive, or nothing at all.
        for entry in entries:
            stem, dot, kind = entry.rpartition(".")
            if dot and kind in ("dist-info", "egg-info"):
                # Such as `numpy-1.26.4` or `numpy-1.24.2-py3.11`.
                name, _, version = stem.partition("-")
                distribution = wanted.get(_normal(name))
                if distribution is not None and version:
                    found.setdefault(distribution, version.partition("-")[0])
    return {name: found[name] for name in wanted.values() if name in found}


def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


_modules: dict[Path, set[str]] = {}


def with_modules_of(imports: Iterable[str], roots: Sequence[Path]) -> set[str]:
    """Returns the modules, together with the imports of those below `roots`, which are the project's own code."""
    # This import takes some 10 ms, which not every worker should spend.
    import ast

    from .syntax import imports as imports_in

    known: set[str] = set()
    folders = tuple(roots)
    open_names = list(imports)
    while open_names and len(known) < _MOST_MODULES:
        name = open_names.pop()
        if name in known:
            continue
        known.add(name)
        file = _file_of(name, folders)
        if file is None:
            continue
        if file not in _modules:
            try:
                _modules[file] = set(imports_in(ast.parse(file.read_bytes())))
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                _modules[file] = set()
        open_names.extend(_modules[file])
    return known


@functools.cache
def _file_of(module: str, roots: tuple[Path, ...]) -> Path | None:
    if module.partition(".")[0] in sys.stdlib_module_names:
        return None
    for root in roots:
        path = root.joinpath(*module.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None


def threads() -> list[tuple[str, int]]:
    """Returns the numbers of threads that imported engines use, those that the environment sets, and whether calls of JAX on
    processors return before their work is done."""
    found = []
    torch: Any = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_num_threads"):
        found.append(("torch_threads", torch.get_num_threads()))
    config: Any = getattr(sys.modules.get("jax"), "config", None)
    is_async = getattr(config, "values", {}).get("jax_cpu_enable_async_dispatch")
    if isinstance(is_async, bool):
        found.append(("jax_cpu_async_dispatch", int(is_async)))
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        value = os.environ.get(variable, "")
        if value.isdecimal():
            found.append((variable.lower(), int(value)))
    return found
