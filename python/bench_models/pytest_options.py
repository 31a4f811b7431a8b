"""The options of pytest-benchmark under `--bench`, with the flags that replace them."""

from __future__ import annotations

import importlib.util
import os
from typing import Any, NamedTuple


class Option(NamedTuple):
    """An option of pytest-benchmark."""

    name: str
    takes: str
    """`nothing`, `value`, or `maybe` a value."""
    becomes: str | None = None
    """The flag of `bench run`, with `{}` for the value in seconds; `""` if it needs none."""
    instead: str | None = None
    """What to use in its place, if it is refused."""


_SHOWN = "the report of bench has one form: `bench export`, `bench report` and the CSV files have other forms"
OPTIONS = (
    Option("--benchmark-max-time", "value", becomes="--max-time={}s"),
    # The runner decides how often a function is called.
    Option("--benchmark-min-time", "value", becomes=""),
    Option("--benchmark-min-rounds", "value", becomes=""),
    Option("--benchmark-calibration-precision", "value", becomes=""),
    Option("--benchmark-warmup", "maybe", becomes=""),
    Option("--benchmark-warmup-iterations", "value", becomes=""),
    Option("--benchmark-disable-gc", "nothing", becomes=""),
    Option("--benchmark-only", "nothing", becomes=""),
    Option("--benchmark-enable", "nothing", becomes=""),
    Option("--benchmark-verbose", "nothing", becomes=""),
    Option("--benchmark-quiet", "nothing", becomes="--quiet"),
    # Options for the look of the table.
    Option("--benchmark-sort", "value", becomes=""),
    Option("--benchmark-group-by", "value", becomes=""),
    Option("--benchmark-columns", "value", becomes=""),
    Option("--benchmark-name", "value", becomes=""),
    Option("--benchmark-time-unit", "value", becomes=""),
    Option("--benchmark-skip", "nothing", instead="leave `--bench` out"),
    Option("--benchmark-disable", "nothing", instead="leave `--bench` out"),
    Option("--benchmark-timer", "value", instead="bench reads the monotonic clock, and the probe `cpu` processor time"),
    Option("--benchmark-save", "value", instead="each run is kept: `bench baseline set NAME RUN` names one"),
    Option("--benchmark-autosave", "nothing", instead="each run is kept below benchmark_results/"),
    Option("--benchmark-save-data", "nothing", instead="samples.csv of each run holds all samples"),
    Option("--benchmark-json", "value", instead="run.json of each run holds everything"),
    Option(
        "--benchmark-compare", "maybe", instead="`--bench-args='--against=REVISION'`, or `--compare=latest` for an earlier run"
    ),
    Option(
        "--benchmark-compare-fail",
        "value",
        instead="`--bench-args='--compare=latest --fail-on-regression=5%'`, or `bench gate`",
    ),
    Option("--benchmark-storage", "value", instead="`--bench-args='--output-dir=DIR'`"),
    Option("--benchmark-netrc", "value", instead="`bench store` shares a history"),
    Option("--benchmark-histogram", "maybe", instead=_SHOWN),
    Option("--benchmark-csv", "maybe", instead="summary.csv of each run"),
    Option("--benchmark-cprofile", "value", instead="a profiler, such as `py-spy record -- python -m bench_models …`"),
    Option("--benchmark-cprofile-loops", "value", instead="a profiler"),
    Option("--benchmark-cprofile-top", "value", instead="a profiler"),
    Option("--benchmark-cprofile-dump", "maybe", instead="a profiler"),
)
_BY_NAME = {option.name: option for option in OPTIONS}


class RefusedError(Exception):
    """An option that has no meaning under `--bench`."""


# Other plugins are turned off in a process: they distribute tests over processes, or trace each line.
_OF_OTHERS = (("xdist", "--numprocesses=0"), ("pytest_cov", "--no-cov"))


def of_process(arguments: list[str]) -> list[str]:
    """Returns the arguments of pytest in a process that lists tests or measures one, for those that the user has given."""
    found = [*arguments, "-q", "--no-header"]
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        return found
    for module, argument in _OF_OTHERS:
        is_off = any(given in ("no:" + module, "-pno:" + module) for given in arguments)
        if not is_off and importlib.util.find_spec(module) is not None:
            found.append(argument)
    return found


def register(group: Any) -> None:
    """Registers the options with pytest, as pytest-benchmark does if it is installed."""
    for option in OPTIONS:
        how: dict[str, Any] = {"action": "store_true"} if option.takes == "nothing" else {"default": None}
        if option.takes == "maybe":
            how.update(nargs="?", const=True)
        group.addoption(option.name, help="of pytest-benchmark; see `--bench`", **how)


def flags(arguments: list[str], of_suite: list[str] | None = None) -> tuple[list[str], list[str]]:
    """Returns the flags of `bench run` for the options of pytest, and the ignored options of the suite's own `addopts`.
    Raises `RefusedError` if the user has given an option without an equivalent flag, with the option to use instead.
    """
    found, left_out = [], []
    of_suite = of_suite or []
    given = [*of_suite, *arguments]
    for position, argument in enumerate(given):
        name, equals, value = argument.partition("=")
        option = _BY_NAME.get(name)
        if option is None:
            continue
        if option.instead is not None:
            if position >= len(of_suite):
                raise RefusedError(f"{name} has no meaning under --bench: {option.instead}")
            # `--benchmark-disable` is common in `addopts`, and the user overrides it with `--bench`.
            left_out.append(name)
        elif option.becomes:
            following = given[position + 1] if position + 1 < len(given) else ""
            found.append(option.becomes.format(value if equals else following))
    return found, left_out
