"""Values that `@benchmark` takes: durations, and the errors of invalid ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000,
    "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
}  # fmt: skip


class DeclarationError(ValueError):
    """The declaration of a benchmark is not valid."""


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


def either(names: Sequence[str]) -> str:
    """Returns names as the text `'a', 'b' or 'c'`."""
    return ", ".join(map(repr, names[:-1])) + f" or {names[-1]!r}"


def check_texts(key: str, value: object) -> None:
    """Raises `DeclarationError` if a value is not a list of texts."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(text, str) for text in value):
        raise DeclarationError(f"expected {key}= a list of texts, found {value!r}")


def check_count(key: str, value: object, least: int = 1) -> None:
    """Raises `DeclarationError` if a value is neither `None` nor a whole number of at least `least`."""
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        raise DeclarationError(f"expected {key}= a whole number of at least {least}, found {value!r}")
