"""Fields of work: the inputs of their requests, and the default properties of their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import pictures

_OF_IMAGES = ("width", "height", "num_images", "num_inference_steps", "guidance_scale", "seed")


@dataclass(kw_only=True)
class Settings:
    """The settings of requests; each field of work reads its own."""

    seed: int = 0

    sample_rate: int = 22050
    bit_depth: int = 16
    min_text_length: int = 50
    max_text_length: int = 200
    text_variations: int = 20

    width: int = 512
    height: int = 512
    num_images: int = 1
    num_inference_steps: int = 50
    guidance_scale: float = 7.5
    prompt_variations: int = 20
    picture_variations: int = 20


def defaults(field: str, settings: Settings) -> dict[str, Any]:
    """Returns the properties that answers of a field have if they do not state them."""
    return {"sample_rate": settings.sample_rate, "bit_depth": settings.bit_depth} if field == "speech" else {}


def requests(field: str, settings: Settings, given: Sequence[Any] | None = None) -> tuple[list[Any], dict[str, Any]]:
    """Returns the inputs that this process has, and the description of the requests of a field for `bench functions`.

    `bench` makes the inputs if none are `given`; pictures are made here.
    """
    if given is None and field == "classification":
        given = pictures.synthetic(settings.picture_variations, settings.width, settings.height)
    if given is not None:
        made: dict[str, Any] = {"given": described(given)}
    elif field in ("images", "text"):
        made = {"prompts": {"count": settings.prompt_variations}}
    else:
        lengths = {"shortest": settings.min_text_length, "longest": settings.max_text_length}
        made = {"texts": {"count": settings.text_variations, **lengths}}
    told: dict[str, Any] = {"field": field, "inputs": made}
    if field == "images":
        # `bench` adds the settings of a request to each prompt, also to given ones, and passes all prompts back.
        return [], {**told, "images": {name: getattr(settings, name) for name in _OF_IMAGES}}
    return list(given or ()), told


def described(inputs: Sequence[Any]) -> list[dict[str, Any]]:
    """Returns the description of inputs for reports: texts, and the sizes of all others."""
    return [{"text": given} if isinstance(given, str) else {"bytes": _size(given)} for given in inputs]


def _size(given: Any) -> int:
    try:
        return len(given)
    except TypeError:
        return 0
