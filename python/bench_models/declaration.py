"""The properties that a benchmark declares, and the decorator `@benchmark`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

CATEGORIES = ("unit", "integration", "performance")

ATTRIBUTE = "__bench_models__"

_UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000,
    "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
}  # fmt: skip

Function = TypeVar("Function", bound=Callable[..., Any])


class DeclarationError(ValueError):
    """A benchmark declares something that makes no sense."""


@dataclass(frozen=True)
class Declaration:
    """What `@benchmark` was given. `None` leaves the decision to the runner, or to the file's place."""

    category: str | None = None
    model: str | None = None
    name: str | None = None
    args: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    ignore: bool | str | Mapping[str, Sequence[Any]] = False
    objectives: Sequence[str] = ()
    tags: Sequence[str] = ()
    warmup: int | None = None
    samples: int | None = None
    rounds: int | None = None
    max_time: float | str | None = None
    timeout: float | str | None = None
    gc: bool = True
    compile_cache: str = "cold"
    share: bool | None = None

    def __post_init__(self) -> None:
        if self.category is not None and self.category not in CATEGORIES:
            raise DeclarationError(f"expected category= {_either(CATEGORIES)}, found {self.category!r}")
        for key in ("model", "name"):
            value = getattr(self, key)
            if value is not None and not (isinstance(value, str) and re.fullmatch(r"[\w.+-]+", value)):
                raise DeclarationError(f"expected {key}= letters, digits and any of `_.+-`, found {value!r}")
        for key in ("warmup", "samples", "rounds"):
            value = getattr(self, key)
            least = 0 if key == "warmup" else 1
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
                raise DeclarationError(f"expected {key}= a whole number of at least {least}, found {value!r}")
        for key in ("objectives", "tags"):
            value = getattr(self, key)
            if isinstance(value, str) or not all(isinstance(text, str) for text in value):
                raise DeclarationError(f"expected {key}= a list of texts, found {value!r}")
        if self.compile_cache not in ("cold", "warm"):
            raise DeclarationError(f"expected compile_cache= 'cold' or 'warm', found {self.compile_cache!r}")
        if not isinstance(self.args, Mapping):
            raise DeclarationError(f"expected args= a dictionary of lists, found {self.args!r}")
        for key, values in self.args.items():
            self._check_axis(key, values)
        if isinstance(self.ignore, Mapping):
            for key in self.ignore:
                if key not in self.args:
                    raise DeclarationError(f"expected ignore= names of args=, found {key!r}")
        nanoseconds(self.max_time, "max_time")
        nanoseconds(self.timeout, "timeout")

    @staticmethod
    def _check_axis(key: Any, values: Any) -> None:
        if not (isinstance(key, str) and key.isidentifier()):
            raise DeclarationError(f"expected args= names of parameters, found {key!r}")
        if isinstance(values, (str, bytes)) or not isinstance(values, Sequence) or not values:
            raise DeclarationError(f"expected args= a list of at least one value for `{key}`, found {values!r}")
        labels = [label(value) for value in values]
        twice = next((text for text in labels if labels.count(text) > 1), None)
        if twice is not None:
            raise DeclarationError(f"expected different values for `{key}`, found `{twice}` twice")

    @classmethod
    def of(cls, keywords: Mapping[str, Any]) -> Declaration:
        """Returns the declaration with these keywords.

        Raises `DeclarationError` for an unknown keyword, with the nearest known one, or for a value without a meaning.
        """
        known = cls.__dataclass_fields__
        for key in keywords:
            if key not in known:
                # Takes some ms, which a list without mistakes need not spend.
                import difflib

                near = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
                raise DeclarationError(f"@benchmark takes no `{key}`: {hint}")
        return cls(**keywords)

    def choices(self) -> Iterator[tuple[tuple[str, Any], ...]]:
        """Returns each combination of the arguments; the last argument varies fastest."""
        names = list(self.args)
        for values in itertools.product(*self.args.values()):
            yield tuple(zip(names, values))

    def ignored(self, choice: Sequence[tuple[str, Any]]) -> str | None:
        """Returns why the case with these arguments is left out by default; `None` if it is not."""
        if isinstance(self.ignore, Mapping):
            for key, value in choice:
                if label(value) in map(label, self.ignore.get(key, ())):
                    return f"{key}={label(value)} is marked `ignore`"
            return None
        if isinstance(self.ignore, str):
            return self.ignore
        return "marked `ignore`" if self.ignore else None

    def objectives_of(self, choice: Sequence[tuple[str, Any]]) -> list[str]:
        """Returns the objectives of a case: all but those restricted (`@ batch=1`) to another value of its arguments."""
        own = {key: label(value) for key, value in choice}
        axes = {key: [label(value) for value in values] for key, values in self.args.items()}
        kept = []
        for text in self.objectives:
            _, _, restriction = text.partition("@")
            pairs = [part.strip().partition("=") for part in restriction.split(",") if "=" in part]
            elsewhere = any(
                value.strip() in axes.get(key.strip(), ()) and own.get(key.strip()) != value.strip() for key, _, value in pairs
            )
            if not elsewhere:
                kept.append(text)
        return kept


def label(value: Any) -> str:
    """Returns the text of an argument's value in ids and filters."""
    if isinstance(value, str):
        return value
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else str(value)


def nanoseconds(time: float | str | None, key: str) -> int | None:
    """Returns a duration such as `"1.5s"`, or a number of seconds, in nanoseconds."""
    if time is None:
        return None
    found: float | None = None
    if isinstance(time, (int, float)) and not isinstance(time, bool):
        found = time * 1e9
    elif isinstance(time, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\w+)\s*", time)):
        if match[2] in _UNITS:
            found = float(match[1]) * _UNITS[match[2]]
    if found is None or not 1 <= found <= 1000 * _UNITS["h"]:
        raise DeclarationError(f"expected {key}= a duration such as '1.5s', or seconds, found {time!r}")
    return int(found)


def _either(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:-1])) + f" or {names[-1]!r}"


@overload
def benchmark(function: Function, /) -> Function: ...
@overload
def benchmark(
    *,
    category: str | None = ...,
    model: str | None = ...,
    name: str | None = ...,
    args: Mapping[str, Sequence[Any]] = ...,
    ignore: bool | str | Mapping[str, Sequence[Any]] = ...,
    objectives: Sequence[str] = ...,
    tags: Sequence[str] = ...,
    warmup: int | None = ...,
    samples: int | None = ...,
    rounds: int | None = ...,
    max_time: float | str | None = ...,
    timeout: float | str | None = ...,
    gc: bool = ...,
    compile_cache: str = ...,
    share: bool | None = ...,
) -> Callable[[Function], Function]: ...
def benchmark(function: Any = None, /, **keywords: Any) -> Any:
    """Turns a function into a benchmark, which `bench run` finds.

    The function is returned unchanged. If its first parameter is `b`, it receives a `Bencher`, and decides itself what
    is timed; otherwise, the whole function is an iteration.

    - `category`: `"unit"`, `"integration"` or `"performance"`; by default that of the file's folder, or `"unit"`.
    - `model`, `name`: parts of the id; by default the folder around `benchmarks`, and the function's name.
    - `args`: values for parameters, `{"batch": [1, 8]}`; each combination is a case.
    - `ignore`: `True`, a reason, or the values that are left out unless the user asks for them.
    - `objectives`: limits such as `"p95 <= 50ms @ batch=1"`.
    - `tags`: free labels, for filters.
    - `warmup`: iterations; `samples`, `rounds`: numbers of them; `max_time`, `timeout`: `"10s"`, or seconds.
    - `gc`: whether the garbage collector stays on while samples are taken, as in production.
    - `compile_cache`: with `"cold"`, compilers start with an empty cache on disk in each process; with `"warm"`, they use
      that of the user.
    - `share`: whether cases of this file may share a process; by default if the file imports an engine that starts slowly.
    """
    declaration = Declaration.of(keywords)

    def declared(function: Any) -> Any:
        setattr(function, ATTRIBUTE, declaration)
        return function

    return declared if function is None else declared(function)
