"""The texts of failures."""

from __future__ import annotations


class PlainError(Exception):
    """An error whose text is sufficient: it is shown without the name of its class, and without a traceback."""


def words(error: BaseException) -> str:
    """Returns the text of a failure. Failures with the same text are counted together."""
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    try:
        text = str(error)
    except Exception:
        text = "its text cannot be shown"
    if isinstance(error, PlainError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
