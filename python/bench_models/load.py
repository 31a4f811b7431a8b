"""The settings of `@benchmark` for requests: their field, when they arrive, and their content."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import arrivals
from .arrivals import several
from .values import DeclarationError, check_count, check_texts, either, nanoseconds

DOMAINS = ("speech", "images", "classification", "text", "requests")
SCENARIOS = ("closed", "open", "single_stream", "multi_stream", "offline")

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "speech": ("sample_rate", "bit_depth", "min_text_length", "max_text_length", "text_variations"),
    "images": (
        "width", "height", "num_images", "num_inference_steps", "guidance_scale", "seed", "prompt_variations",
    ),
    "classification": ("width", "height", "picture_variations"),
    "text": ("prompt_variations",),
    "requests": ("min_text_length", "max_text_length", "text_variations"),
}  # fmt: skip
"""What can be said of the requests of a field: attributes of `fields.Settings`."""


@dataclass(frozen=True)
class Load:
    """The requests of a load case. `None`, and an empty value, leaves the decision to `bench`."""

    domain: str = "requests"
    load: str | None = None
    concurrency: int | Sequence[int] = ()
    rate: float | Sequence[float] = ()
    ramp: int | Sequence[int] | None = None
    replay: str | Sequence[float] | None = None
    replay_speed: float | None = None
    find_rate: Sequence[str] = ()
    requests: int | None = None
    duration: float | str | None = None
    request_timeout: float | str | None = None
    slo: Sequence[str] = ()
    inputs: Sequence[Any] | Callable[[], Sequence[Any]] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, value, known in (("domain", self.domain, DOMAINS), ("load", self.load or "closed", SCENARIOS)):
            if value in arrivals.KEYWORDS:
                raise DeclarationError(f"expected {value}= in place of {key}={value!r}")
            if value not in known:
                raise DeclarationError(f"expected {key}= {either(known)}, found {value!r}")
        for clients in several(self.concurrency):
            check_count("concurrency", clients)
        for rate in several(self.rate):
            if not arrivals.is_positive(rate):
                raise DeclarationError(f"expected rate= requests per second, more than 0, found {rate!r}")
        check_count("requests", self.requests)
        check_texts("slo", self.slo)
        check_texts("find_rate", self.find_rate)
        self._check_scenario()
        self.plan()
        if not isinstance(self.settings, Mapping):
            raise DeclarationError(f"expected settings= a dictionary, found {self.settings!r}")
        settings = SETTINGS[self.domain]
        for name, value in self.settings.items():
            if name not in settings:
                raise DeclarationError(f"domain={self.domain!r} has no setting {name!r}: there are {', '.join(settings)}")
            kind, of = ((int, float), "number") if name == "guidance_scale" else (int, "whole number")
            if not isinstance(value, kind) or isinstance(value, bool) or not 0 <= value < math.inf:
                raise DeclarationError(f"expected the setting {name!r} to be a {of} of at least 0, found {value!r}")

    def _check_scenario(self) -> None:
        scenario = self.scenario
        if scenario in arrivals.KEYWORDS:
            # A search may be given the rate at which it begins.
            others = [*arrivals.KEYWORDS, "load", "concurrency", *(["rate"] if scenario != "find_rate" else [])]
            # A search has conditions for each rate, and a number of requests instead of a duration.
            others += ["slo", "duration"] if scenario == "find_rate" else []
            for other in others:
                if other != scenario and arrivals.is_given(getattr(self, other)):
                    raise DeclarationError(f"expected {scenario}= without {other}=")
        elif (scenario == "open") != bool(several(self.rate)):
            raise DeclarationError("expected rate= with load='open', and with it alone")
        elif several(self.concurrency) and scenario not in ("closed", "multi_stream"):
            raise DeclarationError(f"expected concurrency= with load='closed' or 'multi_stream', found {scenario!r}")

    @property
    def scenario(self) -> str:
        """The scenario of requests: that of `load`, or else by the keywords that are given."""
        own = [key for key in arrivals.KEYWORDS if arrivals.is_given(getattr(self, key))]
        return own[0] if own else self.load or ("open" if several(self.rate) else "closed")

    def plan(self) -> dict[str, Any]:
        """Returns the amount of load, in the form that `bench functions` reads. Raises `DeclarationError` if a value has no
        meaning."""
        scenario, rates = self.scenario, list(several(self.rate))
        streams = list(several(self.concurrency)) or ([1] if scenario in ("closed", "multi_stream") else [])
        return {
            "scenario": scenario if scenario in ("single_stream", "multi_stream", "offline") else None,
            "concurrency": streams,
            "rate": rates if scenario == "open" else [],
            "ramp": arrivals.ramp(self.ramp),
            "replay": arrivals.trace(self.replay, self.replay_speed),
            "find_rate": arrivals.search(self.find_rate, rates),
            "requests": self.requests,
            "duration_s": _seconds(self.duration, "duration"),
            "timeout_s": _seconds(self.request_timeout, "request_timeout"),
            "slo": list(self.slo),
        }


def _seconds(time: float | str | None, key: str) -> float | None:
    ns = nanoseconds(time, key)
    return None if ns is None else ns / 1e9
