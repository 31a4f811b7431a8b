"""The tests of a suite that use the fixture `benchmark`, as cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .case_id import case_id
from .declaration import CATEGORIES
from .place import place_of

FIXTURE = "benchmark"


def uses_fixture(item: Any) -> bool:
    """Returns whether a test asks for the fixture."""
    return FIXTURE in getattr(item, "fixturenames", ())


def names_of(item: Any, root: Path) -> tuple[str, str]:
    """Returns the name of a test with the name of its file, and with its whole path: the second is used if the first is not
    unique."""
    path = Path(item.path)
    inside = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    function = getattr(item, "originalname", None) or item.name.partition("[")[0]
    classes = [node.name for node in item.listchain() if type(node).__name__ == "Class"]
    tail = [*classes, function]
    return ".".join([path.stem, *tail]), ".".join([*inside.with_suffix("").parts, *tail])


def arguments_of(item: Any) -> dict[str, str]:
    """Returns the parameters of a test as texts: their values if all are plain, otherwise the text of pytest for them."""
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return {}
    plain = all(value is None or isinstance(value, (str, int, float)) for value in callspec.params.values())
    if plain and all(key.isidentifier() for key in callspec.params):
        return {key: str(value) for key, value in callspec.params.items()}
    return {"parameters": callspec.id}


def marked(item: Any) -> dict[str, Any]:
    """Returns the settings of a test's markers `benchmark`; the nearest takes precedence."""
    found: dict[str, Any] = {}
    for marker in item.iter_markers(FIXTURE):
        found = {**marker.kwargs, **found}
    return found


def ids_of(item: Any, root: Path) -> tuple[str, str]:
    """Returns the id of a test by each of its names."""
    where, says = place_of(Path(item.path)), marked(item)
    category = says.get("category") or where.category or "unit"
    if category not in CATEGORIES:
        raise ValueError(f"expected category= one of {', '.join(CATEGORIES)}, found {category!r} at {item.nodeid}")
    arguments = list(arguments_of(item).items())
    short, long = (case_id(says.get("model") or where.model, category, name, arguments) for name in names_of(item, root))
    return short, long


def cases_of(items: Iterable[Any], root: Path) -> list[dict[str, Any]]:
    """Returns the cases of the tests that use the fixture, in the form of the list."""
    chosen = [item for item in items if uses_fixture(item)]
    often = Counter(ids_of(item, root)[0] for item in chosen)
    cases = []
    for item in chosen:
        short, long = ids_of(item, root)
        is_unique = often[short] == 1
        says, where = marked(item), place_of(Path(item.path))
        path, line, _ = item.location
        case = {
            "id": short if is_unique else long,
            "category": says.get("category") or where.category or "unit",
            "name": names_of(item, root)[0 if is_unique else 1],
            "model": says.get("model") or where.model,
            "arguments": arguments_of(item),
            "tags": [str(says["group"])] if says.get("group") else [],
            "source": f"{path}:{(line or 0) + 1}",
        }
        cases.append(case)
    return cases
