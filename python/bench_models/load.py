"""The settings of `@benchmark` for requests: their field, when they arrive, and their content."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    requests: int | None = None
    duration: float | str | None = None
    request_timeout: float | str | None = None
    slo: Sequence[str] = ()
    inputs: Sequence[Any] | Callable[[], Sequence[Any]] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, value, known in (("domain", self.domain, DOMAINS), ("load", self.scenario, SCENARIOS)):
            if value not in known:
                raise DeclarationError(f"expected {key}= {either(known)}, found {value!r}")
        for clients in _several(self.concurrency):
            check_count("concurrency", clients)
        for rate in _several(self.rate):
            if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not 0 < rate < math.inf:
                raise DeclarationError(f"expected rate= requests per second, more than 0, found {rate!r}")
        if (self.scenario == "open") != bool(_several(self.rate)):
            raise DeclarationError("expected rate= with load='open', and with it alone")
        if _several(self.concurrency) and self.scenario not in ("closed", "multi_stream"):
            raise DeclarationError(f"expected concurrency= with load='closed' or 'multi_stream', found {self.scenario!r}")
        check_count("requests", self.requests)
        nanoseconds(self.duration, "duration")
        nanoseconds(self.request_timeout, "request_timeout")
        check_texts("slo", self.slo)
        if not isinstance(self.settings, Mapping):
            raise DeclarationError(f"expected settings= a dictionary, found {self.settings!r}")
        settings = SETTINGS[self.domain]
        for name, value in self.settings.items():
            if name not in settings:
                raise DeclarationError(f"domain={self.domain!r} has no setting {name!r}: there are {', '.join(settings)}")
            kind, of = ((int, float), "number") if name == "guidance_scale" else (int, "whole number")
            if not isinstance(value, kind) or isinstance(value, bool) or not 0 <= value < math.inf:
                raise DeclarationError(f"expected the setting {name!r} to be a {of} of at least 0, found {value!r}")

    @property
    def scenario(self) -> str:
        """The scenario of requests: that of `load`, or else by `rate` and `concurrency`."""
        return self.load or ("open" if _several(self.rate) else "closed")

    def plan(self) -> dict[str, Any]:
        """Returns how much is asked, as `bench functions` reads it."""
        scenario = self.scenario
        streams = list(_several(self.concurrency)) or ([1] if scenario in ("closed", "multi_stream") else [])
        return {
            "scenario": scenario if scenario not in ("closed", "open") else None,
            "concurrency": streams,
            "rate": list(_several(self.rate)),
            "requests": self.requests,
            "duration_s": _seconds(self.duration, "duration"),
            "timeout_s": _seconds(self.request_timeout, "request_timeout"),
            "slo": list(self.slo),
        }


def _several(values: Any) -> Sequence[Any]:
    is_list = isinstance(values, Sequence) and not isinstance(values, (str, bytes))
    return values if is_list else (values,)


def _seconds(time: float | str | None, key: str) -> float | None:
    ns = nanoseconds(time, key)
    return None if ns is None else ns / 1e9
