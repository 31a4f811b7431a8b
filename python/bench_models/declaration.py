"""The properties that a benchmark declares, and the decorator `@benchmark`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, overload

from .load import Load
from .values import DeclarationError, check_count, check_texts, either, nanoseconds

CATEGORIES = ("unit", "integration", "performance")

ATTRIBUTE = "__bench_models__"

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declaration:
    """The arguments of `@benchmark`. `None` leaves the decision to the runner, or to the file's place."""

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
    subtract_call: bool = False
    compile_cache: str = "cold"
    share: bool | None = None
    serves: Load | None = None
    """The requests of a load case; `None` if its function is timed iteration by iteration."""

    def __post_init__(self) -> None:
        if self.category is not None and self.category not in CATEGORIES:
            raise DeclarationError(f"expected category= {either(CATEGORIES)}, found {self.category!r}")
        for key in ("model", "name"):
            value = getattr(self, key)
            if value is not None and not (isinstance(value, str) and re.fullmatch(r"[\w.+-]+", value)):
                raise DeclarationError(f"expected {key}= letters, digits and any of `_.+-`, found {value!r}")
        check_count("warmup", self.warmup, least=0)
        check_count("samples", self.samples)
        check_count("rounds", self.rounds)
        check_texts("objectives", self.objectives)
        check_texts("tags", self.tags)
        for key in ("gc", "subtract_call"):
            if not isinstance(getattr(self, key), bool):
                raise DeclarationError(f"expected {key}= True or False, found {getattr(self, key)!r}")
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
        own = [entry.name for entry in fields(cls) if entry.name != "serves"]
        of_load = [entry.name for entry in fields(Load)]
        known = [*own, *of_load]
        for key in keywords:
            if key not in known:
                # This import takes some ms, which a list without mistakes should not spend.
                import difflib

                near = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
                raise DeclarationError(f"@benchmark takes no `{key}`: {hint}")
        asked = {key: value for key, value in keywords.items() if key in of_load}
        described = {key: value for key, value in keywords.items() if key in own}
        return cls(**described, serves=Load(**asked) if asked else None)

    def keywords(self) -> dict[str, Any]:
        """Returns the keywords that make this declaration, without the inputs of requests."""
        # `asdict` would copy the values, which may be models.
        parts: list[Any] = [self] if self.serves is None else [self, self.serves]
        held = {entry.name: getattr(part, entry.name) for part in parts for entry in fields(part)}
        del held["serves"]
        return held | {"inputs": None} if self.serves else held

    def choices(self) -> Iterator[tuple[tuple[str, Any], ...]]:
        """Returns each combination of the arguments; the last argument varies fastest."""
        names = list(self.args)
        for values in itertools.product(*self.args.values()):
            yield tuple(zip(names, values))

    def ignored(self, choice: Sequence[tuple[str, Any]]) -> str | None:
        """Returns why the case with these arguments is left out by default; `None` if it is not left out."""
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
    subtract_call: bool = ...,
    compile_cache: str = ...,
    share: bool | None = ...,
    domain: str = ...,
    load: str = ...,
    concurrency: int | Sequence[int] = ...,
    rate: float | Sequence[float] = ...,
    ramp: int | Sequence[int] = ...,
    replay: str | Sequence[float] = ...,
    replay_speed: float = ...,
    find_rate: Sequence[str] = ...,
    requests: int = ...,
    duration: float | str = ...,
    request_timeout: float | str = ...,
    slo: Sequence[str] = ...,
    inputs: Sequence[Any] | Callable[[], Sequence[Any]] = ...,
    settings: Mapping[str, Any] = ...,
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
    - `subtract_call`: whether the time of a call of an empty function is taken off each iteration of `b.iter`.
    - `compile_cache`: with `"cold"`, compilers start with an empty cache on disk in each process; with `"warm"`, they use
      that of the user.
    - `share`: whether cases of this file may share a process; by default if the file imports an engine that starts slowly.

    With any of the following the function serves requests, and its case is a load case. The function takes the input of a
    request; with a first parameter `b` it prepares, and says by `b.serve(f)` which function serves.

    - `domain`: `"speech"`, `"images"`, `"classification"`, `"text"` or `"requests"`: what requests are made of, what the
      function returns or yields, and which metrics follow.
    - `load`: `"closed"`, clients that wait for their answers; `"open"`, requests that come at a rate; `"single_stream"`,
      `"multi_stream"` or `"offline"`.
    - `concurrency`: numbers of clients, `rate`: of requests per second; a level for each.
    - `ramp`: the most clients, or the least and the most; a level for each doubling.
    - `replay`: the file of a trace, or its times in seconds; `replay_speed`: how many times as fast they pass.
    - `find_rate`: conditions such as `["latency_p99 <= 200ms"]`; the highest rate that meets them is searched, from
      `rate` on if that is given.
    - `requests`: of each level; `duration`: of each level; `request_timeout`: after which a request has failed.
    - `slo`: what a request must meet to be good: `["ttfa <= 300ms"]`.
    - `inputs`: texts, or bytes, or a function that returns them; made by the field if nothing is said.
    - `settings`: of the field, such as `{"max_text_length": 100, "sample_rate": 24_000}`.
    """
    declaration = Declaration.of(keywords)

    def declared(function: Any) -> Any:
        setattr(function, ATTRIBUTE, declaration)
        return function

    return declared if function is None else declared(function)
