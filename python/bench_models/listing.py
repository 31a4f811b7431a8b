"""The output of `--list --format json`: the list of docs/book/src/protocol.md."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable
from typing import Any

from .catalogue import Case, Catalogue
from .declaration import label
from .engines import engines_of, versions
from .values import nanoseconds

PROTOCOL = 2
MODES = ("sample", "once", "step")


def listing(catalogue: Catalogue) -> dict[str, Any]:
    """Returns the list: the cases, and how they are built."""
    cases = list(map(_case, catalogue.cases))
    return {"protocol": PROTOCOL, "build": build(engines_of(catalogue.imports)), "modes": MODES, "cases": cases}


def build(engines: Iterable[str]) -> dict[str, Any]:
    """Returns how the code is run: the interpreter and the versions of engines."""
    return {
        "toolchain": f"{platform.python_implementation()} {_version()}",
        "target": f"{platform.machine()}-{sys.platform}",
        "engines": versions(engines),
    }


def _version() -> str:
    is_free_threaded = "free-threading" in sys.version
    return platform.python_version() + ("t" if is_free_threaded else "")


def _case(case: Case) -> dict[str, Any]:
    declaration = case.declaration
    settings = {
        "warmup": declaration.warmup,
        "samples": declaration.samples,
        "rounds": declaration.rounds,
        "max_time_ns": nanoseconds(declaration.max_time, "max_time"),
        "timeout_ns": nanoseconds(declaration.timeout, "timeout"),
    }
    listed: dict[str, Any] = {"id": case.id, "category": case.category, "name": case.name, "source": case.source}
    optional = {
        "model": case.model,
        "arguments": {key: label(value) for key, value in case.choice},
        "tags": list(declaration.tags),
        "objectives": declaration.objectives_of(case.choice),
        "settings": {key: value for key, value in settings.items() if value is not None},
        "ignored": declaration.ignored(case.choice),
        "set_up": case.set_up,
    }
    listed.update((key, value) for key, value in optional.items() if value)
    return listed


def to_json(catalogue: Catalogue) -> str:
    """Returns the list as one line of JSON."""
    return json.dumps(listing(catalogue), separators=(",", ":"))
