"""The place of benchmarks: their files, their project, and the model and category in a path."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .declaration import CATEGORIES

_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
# Folders with code of others, and with the output of build tools.
_NOT_SEARCHED = frozenset({"__pycache__", "site-packages", "node_modules", "target", "build", "dist"})


@dataclass(frozen=True)
class Place:
    """The model and category in the path of a file: `…/<model>/benchmarks/<category>/….py`, or
    `…/<model>/benchmarks/<category>.py`."""

    model: str | None
    category: str | None
    is_below_benchmarks: bool


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """Returns the Python files at and below `paths`, sorted, each once.

    Hidden folders, virtual environments and the output of build tools are left out.
    """
    seen: set[Path] = set()
    for path in paths:
        found = [path] if path.is_file() else _below(path)
        for file in found:
            if file not in seen:
                seen.add(file)
                yield file


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        is_environment = "pyvenv.cfg" in names
        folders[:] = (
            [] if is_environment else sorted(name for name in folders if not name.startswith(".") and name not in _NOT_SEARCHED)
        )
        if not is_environment:
            yield from (Path(here, name) for name in sorted(names) if name.endswith(".py"))


@functools.cache
def project_of(path: Path) -> Path:
    """Returns the folder of the project around an absolute `path`: the nearest that contains `pyproject.toml`, `setup.py`,
    `setup.cfg` or `.git`; without one, the folder of the file, or around its folder `benchmarks`."""
    folder = path if path.is_dir() else path.parent
    for above in (folder, *folder.parents):
        if any((above / marker).exists() for marker in _MARKERS):
            return above
    for above in (folder, *folder.parents):
        if above.name == "benchmarks":
            return above.parent
    return folder


@functools.cache
def within_project(file: Path) -> str:
    """Returns the path of an absolute `file` within its project."""
    return str(file.relative_to(project_of(file)))


@functools.cache
def place_of(file: Path) -> Place:
    """Returns the model and category in the absolute path of a file. The folder of a project, or one called `src`, is not a
    model."""
    parts = file.parts
    at = next((index for index in range(len(parts) - 2, 0, -1) if parts[index] == "benchmarks"), None)
    if at is None:
        return Place(None, None, False)
    first = parts[at + 1]
    name = first[: -len(".py")] if at + 2 == len(parts) else first
    category = name if name in CATEGORIES else None
    around = Path(*parts[:at])
    is_model = category is not None and around.name not in ("", "src")
    is_model = is_model and not any((around / marker).exists() for marker in _MARKERS)
    return Place(around.name if is_model else None, category, True)


def roots_of(file: Path) -> list[Path]:
    """Returns the folders from which the code of a file imports: its project, `src` below it, and the folder around the
    outermost package that contains the file."""
    project = project_of(file)
    package = file.parent
    while (package / "__init__.py").exists() and package != package.parent:
        package = package.parent
    roots = [package, project / "src", project]
    return [root for index, root in enumerate(roots) if root.is_dir() and root not in roots[:index]]


def module_of(file: Path) -> str:
    """Returns the name under which a file is imported, relative to the outermost package that contains it."""
    package = file.parent
    names = [file.stem]
    while (package / "__init__.py").exists() and package != package.parent:
        names.insert(0, package.name)
        package = package.parent
    return ".".join(names)
