"""The benchmarks in the syntax tree of a file; nothing is imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .declaration import Declaration
from .load import SETTINGS
from .values import DeclarationError

PACKAGE = "bench_models"
BENCHER = ("b", "bencher")
# Only a file that matches can contain a benchmark.
_TRACE = re.compile(rf"{PACKAGE}|def\s+benchmark_|def\s+run_")

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Found:
    """A function that is a benchmark, or would be one if its `problem` were solved."""

    function: str
    line: int
    declaration: Declaration | None
    """`None` if it is known only after the file has been imported."""
    parameters: tuple[str, ...]
    """The names of its parameters that have no default value."""
    problem: str | None = None


@dataclass
class Tree:
    """The content of a file."""

    found: list[Found] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    """The modules that it imports anywhere, by their whole names."""
    problem: str | None = None
    """Why the file cannot be read or parsed."""


def read(file: Path, runs: bool) -> Tree:
    """Reads a file. `runs` decides whether functions called `run_*` are benchmarks, too."""
    try:
        source = file.read_bytes()
    except OSError as error:
        return Tree(problem=f"{type(error).__name__}: {error}")
    if not _TRACE.search(source.decode("utf-8", "replace")):
        return Tree()
    try:
        module = ast.parse(source, str(file))
    # ValueError: the source contains a null byte; RecursionError and MemoryError: it is nested too deeply.
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Tree(problem=f"{type(error).__name__}: {error}")
    tree = Tree(imports=set(imports(module)))
    names = _Names(module)
    for node in module.body:
        if isinstance(node, _Function):
            found = _function(node, names, runs)
            if found is not None:
                tree.found.append(found)
    return tree


def imports(module: ast.Module) -> Iterator[str]:
    """Returns the modules that a file imports, absolute ones only, wherever the statement is."""
    # Only statements are searched: `ast.walk` takes as long as the rest of a list together, mostly for expressions.
    open_nodes: list[Any] = [module]
    while open_nodes:
        node = open_nodes.pop()
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            held = getattr(node, part, None)
            # The body of a lambda is not a list, but an expression.
            if isinstance(held, list):
                open_nodes.extend(held)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


class _Names:
    """The names of a module that mean the decorator, and those with a literal value."""

    def __init__(self, module: ast.Module) -> None:
        self.decorators: set[str] = set()
        self.packages: set[str] = set()
        self.constants: dict[str, ast.expr] = {}
        for node in module.body:
            if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
                self.decorators |= {a.asname or a.name for a in node.names if a.name == "benchmark"}
            elif isinstance(node, ast.Import):
                self.packages |= {alias.asname or alias.name for alias in node.names if alias.name == PACKAGE}
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.constants[target.id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                self.constants[node.target.id] = node.value

    def is_decorator(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self.decorators
        if not isinstance(node, ast.Attribute) or node.attr != "benchmark":
            return False
        return isinstance(node.value, ast.Name) and node.value.id in self.packages

    def value(self, node: ast.expr) -> Any:
        """Returns the value of a literal, a constant of the module, or a `range` of them.

        Raises `ValueError` for anything else.
        """
        if isinstance(node, ast.Name) and node.id in self.constants:
            return ast.literal_eval(self.constants[node.id])
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self.value(element) for element in node.elts]
        if isinstance(node, ast.Dict) and None not in node.keys:
            keys = [self.value(key) for key in node.keys if key is not None]
            return dict(zip(keys, map(self.value, node.values)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "range" and not node.keywords:
                return list(range(*map(self.value, node.args)))
        return ast.literal_eval(node)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, names: _Names, runs: bool) -> Found | None:
    parameters = _required(node.args)
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        if names.is_decorator(call.func if call else decorator):
            return _declared(node, call, names, parameters)
    is_named = node.name.startswith("benchmark_") or runs and node.name.startswith("run_")
    # A function with other parameters belongs to a library, or is a fixture of another tool.
    if not is_named or any(parameter not in BENCHER for parameter in parameters):
        return None
    return Found(node.name, node.lineno, Declaration(), parameters)


def _required(arguments: ast.arguments) -> tuple[str, ...]:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[: len(positional) - len(arguments.defaults)]
    keyword_only = [a for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults) if default is None]
    return tuple(argument.arg for argument in (*required, *keyword_only))


def _declared(node: Any, call: ast.Call | None, names: _Names, parameters: tuple[str, ...]) -> Found:
    line = node.lineno
    try:
        keywords = {}
        for keyword in call.keywords if call else []:
            if keyword.arg is None:
                raise ValueError("a dictionary of keywords")
            # A list does not contain the inputs of requests.
            keywords[keyword.arg] = None if keyword.arg == "inputs" else names.value(keyword.value)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return Found(node.name, line, None, parameters)
    try:
        if call and call.args:
            raise DeclarationError("@benchmark takes keywords only")
        declaration = Declaration.of(keywords)
        return Found(node.name, line, declaration, parameters, mismatch(declaration, parameters))
    except (DeclarationError, TypeError) as error:
        return Found(node.name, line, Declaration(), parameters, str(error))


def mismatch(declaration: Declaration, parameters: tuple[str, ...]) -> str | None:
    """Returns the difference between the parameters of a function and the arguments of its cases; `None` if they match."""
    takes_bencher = parameters[:1] != () and parameters[0] in BENCHER
    load = declaration.serves
    # A function that serves requests takes the input first, and for images the settings of the request.
    wanted = parameters[1:] if takes_bencher or load is not None else parameters
    given = SETTINGS[load.domain] if load is not None and not takes_bencher and load.domain == "images" else ()
    missing = [name for name in wanted if name not in declaration.args and name not in given]
    if missing:
        return f"expected args= values for the parameter `{missing[0]}`"
    return None
