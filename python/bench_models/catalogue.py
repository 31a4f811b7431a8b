"""The cases of a folder: every benchmark with every combination of its arguments."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import place, syntax
from .case_id import case_id
from .declaration import ATTRIBUTE, Declaration, label
from .engines import needs_much, with_modules_of
from .values import DeclarationError

# The time limit for files that must be imported to be listed: their code may hang.
_PATIENCE_S = 40


@dataclass(frozen=True)
class Case:
    """A benchmark with one combination of its arguments."""

    id: str
    model: str | None
    category: str
    name: str
    file: Path
    function: str
    line: int
    declaration: Declaration
    choice: tuple[tuple[str, Any], ...]
    set_up: str | None
    compiles: bool
    """Whether its file imports an engine that compiles."""
    problem: str | None

    @property
    def source(self) -> str:
        """The place in the source code, such as `speed.py:12`."""
        return f"{place.within_project(self.file)}:{self.line}"


@dataclass
class Catalogue:
    """All cases below some paths, and the modules that their files import."""

    cases: list[Case]
    imports: set[str]


class DuplicateError(Exception):
    """Two benchmarks have the same id."""


def catalogue(paths: Sequence[Path]) -> Catalogue:
    """Returns all cases below absolute `paths`. A file that cannot be read has one case, which fails.

    Raises `DuplicateError` if an id is not unique.
    """
    cases: dict[str, Case] = {}
    imports: set[str] = set()
    for file in place.files(paths):
        found, imported = _cases_of(file)
        if found:
            imports |= imported
        for case in found:
            first = cases.setdefault(case.id, case)
            if first is not case:
                raise DuplicateError(
                    f"two benchmarks are called `{case.id}`: {first.source} and {case.source}. "
                    "Give one of them another name (`@benchmark(name=…)`) or model"
                )
    return Catalogue(list(cases.values()), imports)


def find(paths: Sequence[Path], wanted: str, load: Callable[[Path], Any]) -> Case | None:
    """Returns the case with this id, reading no more files than it must; `None` if there is none.

    `load` imports a file whose declarations are known only then.
    """
    name = wanted.partition("[")[0].rpartition("/")[2].encode()
    every = list(place.files(paths))
    # The file contains the name, unless it is broken or the name is not a literal. Other files are searched last.
    likely = [file for file in every if name in file.stem.encode() or name in _bytes(file)]
    for file in (*likely, *(file for file in every if file not in set(likely))):
        for case in _cases_of(file, wanted, load)[0]:
            if case.id == wanted:
                return case
    return None


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _cases_of(file: Path, wanted: str | None = None, load: Callable[[Path], Any] | None = None) -> tuple[list[Case], set[str]]:
    where = place.place_of(file)
    tree = syntax.read(file, where.is_below_benchmarks)
    if tree.problem is not None:
        return [_broken(file, where, tree.problem)], set()
    if not tree.found:
        return [], set()
    imported = with_modules_of(tree.imports, place.roots_of(file))
    declared: dict[str, Any] = {}
    if any(found.declaration is None for found in tree.found):
        declared = _imported_declarations(file) if load is None else declarations(load(file))
        if "problem" in declared:
            return [_broken(file, where, declared["problem"])], imported
    cases = []
    compiles = needs_much(imported)
    for found in tree.found:
        declaration, problem = found.declaration, found.problem
        if declaration is None:
            try:
                declaration = Declaration.of(declared.get(found.function, {}))
                problem = syntax.mismatch(declaration, found.parameters)
            except DeclarationError as error:
                declaration, problem = Declaration(), str(error)
        is_load = declaration.serves is not None
        # A request that is not finished would continue during the next case.
        share = compiles and not is_load if declaration.share is None else declaration.share
        set_up = place.within_project(file) if share else None
        usual = "performance" if is_load else "unit"
        model, category = declaration.model or where.model, declaration.category or where.category or usual
        name = declaration.name or _name(found.function)
        for choice in declaration.choices() if problem is None else [()]:
            labels = [(key, label(value)) for key, value in choice]
            identity = case_id(model, category, name, labels)
            if wanted is None or identity == wanted:
                case = Case(
                    identity, model, category, name, file, found.function, found.line, declaration, choice,
                    set_up, compiles, problem,
                )  # fmt: skip
                cases.append(case)
    return cases, imported


def _name(function: str) -> str:
    """Returns the function's name without the part that only marks a benchmark."""
    for prefix in ("benchmark_", "run_"):
        if function.startswith(prefix) and function != prefix:
            function = function[len(prefix) :]
            break
    return function[: -len("_benchmark")] if function.endswith("_benchmark") else function


def _broken(file: Path, where: place.Place, problem: str) -> Case:
    category, name = where.category or "unit", file.stem.replace(" ", "_")
    identity = case_id(where.model, category, name)
    return Case(identity, where.model, category, name, file, "", 1, Declaration(), (), None, False, problem)


def declarations(module: Any) -> dict[str, Any]:
    """Returns the keywords of the benchmarks of a module by function, with the values of arguments as texts."""
    declared = {}
    for name, value in vars(module).items():
        declaration = getattr(value, ATTRIBUTE, None)
        if isinstance(declaration, Declaration):
            keywords = declaration.keywords()
            keywords["args"] = {key: list(map(label, values)) for key, values in declaration.args.items()}
            if isinstance(declaration.ignore, Mapping):
                keywords["ignore"] = {key: list(map(label, values)) for key, values in declaration.ignore.items()}
            declared[name] = keywords
    return declared


def _imported_declarations(file: Path) -> dict[str, Any]:
    """Returns the keywords of the benchmarks of a file by function, as known after an import in a separate process; or a
    `problem`, the reason why the import failed."""
    # This import takes some 10 ms, which a worker should not spend.
    import subprocess

    command = [sys.executable, "-m", "bench_models", "--declarations", str(file)]
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        return {"problem": f"the import of {file.name} had not ended after {_PATIENCE_S} s"}
    last = ended.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2]
    try:
        found = json.loads(last)
    except ValueError:
        found = None
    if ended.returncode != 0 or not isinstance(found, dict):
        said = ended.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return {"problem": f"its declarations could not be read by importing it: {said or 'without a message'}"}
    return found


def problems(cases: Sequence[Case]) -> Iterator[str]:
    """Returns one line for each benchmark that cannot be measured as it is written."""
    yield from (f"{case.source}: {case.problem}" for case in cases if case.problem is not None)
