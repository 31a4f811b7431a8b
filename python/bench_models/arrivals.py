"""When requests arrive: keywords of `@benchmark` that take the place of `load`, and their values for `bench functions`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .values import DeclarationError

KEYWORDS = ("ramp", "replay", "find_rate")


def is_given(value: object) -> bool:
    """Returns whether a keyword has a value that is not empty."""
    return value is not None and not (isinstance(value, Sequence) and len(value) == 0)


def is_positive(value: object) -> bool:
    """Returns whether a value is a finite number of more than 0."""
    return _is_number(value) and 0 < value < math.inf  # type: ignore[operator]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def several(values: Any) -> Sequence[Any]:
    """Returns the values of a keyword that takes one or more."""
    is_list = isinstance(values, Sequence) and not isinstance(values, (str, bytes))
    return values if is_list else (values,)


def ramp(ends: Any) -> list[int] | None:
    """Returns the least and the most clients of a ramp; `None` if there is none.

    Raises `DeclarationError` for anything else.
    """
    if ends is None:
        return None
    pair = several(ends) if not isinstance(ends, int) else (1, ends)
    is_right = len(pair) == 2 and all(isinstance(end, int) and not isinstance(end, bool) for end in pair)
    if not is_right or isinstance(ends, bool) or not 1 <= pair[0] <= pair[1]:
        raise DeclarationError(f"expected ramp= the most clients, or the least and the most, found {ends!r}")
    return list(pair)


def trace(times: Any, speed: Any) -> dict[str, Any] | None:
    """Returns the trace to replay; `None` if there is none.

    Raises `DeclarationError` for anything else.
    """
    if times is None:
        if speed is not None:
            raise DeclarationError("expected replay_speed= with replay=, and with it alone")
        return None
    if not isinstance(times, str):
        listed = several(times)
        is_right = len(listed) > 0 and all(_is_number(time) and math.isfinite(time) for time in listed)
        if not is_right or list(listed) != sorted(listed):
            raise DeclarationError(f"expected replay= a file, or a list of seconds in ascending order, found {times!r:.100}")
        times = list(listed)
    if speed is not None and not is_positive(speed):
        raise DeclarationError(f"expected replay_speed= a factor of more than 0, found {speed!r}")
    return {"times": times, "speed": speed or 1.0}


def search(conditions: Any, rates: Sequence[float]) -> dict[str, Any] | None:
    """Returns the search for the highest rate that meets conditions; `None` if there is none. `rates` may contain the rate
    at which it begins.

    Raises `DeclarationError` for anything else.
    """
    if not conditions:
        return None
    if len(rates) > 1:
        raise DeclarationError(f"expected rate= a single rate, at which find_rate= begins, found {rates!r}")
    return {"conditions": list(conditions), "from": rates[0] if rates else None}
