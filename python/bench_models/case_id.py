"""Case ids: `model/category/name[argument=value,…]`, escaped as in Rust (`bench_syntax::case_id`)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_DELIMITERS = frozenset(",=[]/%")
# Characters that change the writing direction of a terminal.
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def escaped(value: str) -> str:
    """Returns `value` with characters that delimit an id or a line, or control a terminal, replaced by `%` and two digits for
    each byte."""
    if value.isalnum():
        return value
    return "".join(_escaped(character) for character in value)


def _escaped(character: str) -> str:
    is_special = (
        character in _DELIMITERS or character.isspace() or character in _DIRECTIONS or unicodedata.category(character) == "Cc"
    )
    if not is_special:
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def case_id(model: str | None, category: str, name: str, arguments: Iterable[tuple[str, str]] = ()) -> str:
    """Returns the id of a case. It contains no path, so that a file can be moved without breaking its history."""
    head = "/".join(part for part in (model, category, name) if part)
    tail = ",".join(f"{key}={escaped(value)}" for key, value in arguments)
    return f"{head}[{tail}]" if tail else head
