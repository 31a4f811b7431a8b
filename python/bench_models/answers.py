"""Converts the return values of functions under load to the numbers from which `bench` computes figures."""

from __future__ import annotations

import io
import math
import numbers
import wave
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .failures import PlainError
from .pictures import header

Answer = tuple[dict[str, Any], list[str]]
"""Numbers by name, and what is odd about the answer."""


_MOST_KEYS = 5


class FailedError(PlainError):
    """The answer of a function reports that it has failed."""


def answer(field: str, output: Any, asked: Mapping[str, Any], streamed: Sequence[Any] = ()) -> Answer:
    """Returns the numbers in the output of a function of this field, and warnings; `asked` contains the settings of its
    request, and `streamed` the parts that a generator has yielded. Raises `FailedError` if the output reports a failure, or
    does not contain the values from which the metrics of its field are computed.
    """
    if isinstance(output, Mapping):
        _refuse_failure(output)
    if field not in _FIELDS:
        return {}, []
    warnings: list[str] = []
    make, needed, wanted = _FIELDS[field]
    carried = make(output, asked, streamed, warnings)
    # The parts that a generator has yielded are counted when they are marked.
    if not streamed and all(carried.get(name) is None for name in needed):
        found = "; ".join(warnings) or f"found {_described(output)}"
        raise FailedError(f"it did not return an answer of the field `{field}`: expected {wanted}; {found}")
    return carried, warnings


def _described(output: Any) -> str:
    if isinstance(output, Mapping):
        keys = ", ".join(f"`{key}`" for key in list(output)[:_MOST_KEYS])
        return f"a dictionary with {keys}" if keys else "an empty dictionary"
    return type(output).__name__


def holds(field: str, part: Any, asked: Mapping[str, Any]) -> int | None:
    """Returns how much of its answer a part of a stream contains: samples of speech, tokens of a text; `None` if that is not
    known."""
    if field == "speech":
        return _samples(part, asked)
    if field == "text" and isinstance(part, (list, tuple)):
        return len(part)
    return None


def _refuse_failure(output: Mapping[str, Any]) -> None:
    why = output.get("error") or output.get("error_message")
    if output.get("success") is False or (why and "success" not in output):
        raise FailedError(str(why or "it returned `success: False`"))


def _number(output: Mapping[str, Any], names: Sequence[str], warnings: list[str]) -> float | None:
    """Returns the first of these entries that exists; `None` if there is none, or, with a warning, if it is not a finite
    number."""
    for name in names:
        value = output.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            item = getattr(value, "item", None)
            try:
                value = item() if item is not None else float(value)
            except (TypeError, ValueError, RuntimeError):
                warnings.append(f"`{name}` is {type(value).__name__}, expected a number")
                return None
        number = float(value)
        if math.isfinite(number):
            return number
        warnings.append(f"`{name}` is {number}, expected a finite number")
        return None
    return None


def _speech(output: Any, asked: Mapping[str, Any], streamed: Sequence[Any], warnings: list[str]) -> dict[str, Any]:
    carried: dict[str, Any] = {"sample_rate": asked.get("sample_rate"), "bit_depth": asked.get("bit_depth")}
    said = output if isinstance(output, Mapping) else {}
    for name in ("sample_rate", "channels", "bit_depth"):
        if (value := _number(said, (name,), warnings)) is not None:
            carried[name] = round(value) if name != "sample_rate" else value
    carried["audio_duration"] = _number(said, ("audio_duration", "audio_duration_seconds", "duration"), warnings)
    if carried["audio_duration"] is not None:
        return carried
    audio = said.get("audio", said.get("audio_data", None if isinstance(output, Mapping) else output))
    if isinstance(audio, (bytes, bytearray)) and audio[:4] == b"RIFF":
        return carried | _wav(bytes(audio), warnings)
    parts = [audio] if audio is not None else list(streamed)
    samples = [_samples(part, carried) for part in parts]
    if samples and None not in samples:
        carried["samples"] = sum(filter(None, samples))
    return carried


def _wav(audio: bytes, warnings: list[str]) -> dict[str, Any]:
    try:
        with wave.open(io.BytesIO(audio)) as file:
            return {
                # The header of a streamed file does not contain the true length.
                "samples": min(file.getnframes(), (len(audio) - audio.find(b"data") - 8) // _frame(file)),
                "sample_rate": file.getframerate(),
                "channels": file.getnchannels(),
                "bit_depth": 8 * file.getsampwidth(),
            }
    except (wave.Error, EOFError) as error:
        warnings.append(f"audio that is not WAV: {error}")
        return {}


def _frame(file: wave.Wave_read) -> int:
    """Returns the bytes of one sample of all channels."""
    return max(1, file.getnchannels() * file.getsampwidth())


def _samples(part: Any, asked: Mapping[str, Any]) -> int | None:
    """Returns the samples per channel of a part of speech; `None` if it is not speech."""
    if isinstance(part, (bytes, bytearray, memoryview)):
        frame = (asked.get("bit_depth") or 16) // 8 * (asked.get("channels") or 1)
        return len(part) // max(1, frame)
    shape = getattr(part, "shape", None)
    if shape is not None and len(shape) > 0:
        # Arrays have channels first, or only samples.
        return int(shape[-1])
    return len(part) if isinstance(part, list) else None


def _images(output: Any, asked: Mapping[str, Any], streamed: Sequence[Any], warnings: list[str]) -> dict[str, Any]:
    said = output if isinstance(output, Mapping) else {}
    carried: dict[str, Any] = {}
    for name, known_as in _OF_IMAGES.items():
        value = _number(said, known_as, warnings)
        carried[name] = value if value is not None else asked.get(name)
    pictures = said.get("images", said.get("image", None if isinstance(output, Mapping) else output))
    if pictures is None and not isinstance(output, Mapping):
        pictures = list(streamed) or None
    if isinstance(pictures, (bytes, bytearray)):
        pictures = [pictures]
    if isinstance(pictures, (list, tuple)):
        carried["images"] = len(pictures)
        carried |= _encoded([bytes(p) for p in pictures if isinstance(p, (bytes, bytearray))], warnings)
    else:
        count = _number(said, ("images", "num_images"), []) if isinstance(pictures, (int, type(None))) else None
        # A dictionary or an object with pixels counts as the requested pictures; `None`, a number or a text does not.
        is_answer = bool(said) or not isinstance(pictures, (str, int, float, type(None)))
        carried["images"] = count if count is not None else asked.get("num_images") if is_answer else None
    if carried.get("seed") is not None:
        carried["seed"] = max(0, round(carried["seed"]))
    if isinstance(said.get("format"), str):
        carried["format"] = said["format"].lower().replace("jpg", "jpeg")
    return carried


def _encoded(pictures: Sequence[bytes], warnings: list[str]) -> dict[str, Any]:
    """Returns the properties in the headers of encoded pictures."""
    if not pictures:
        return {}
    headers = {header(picture) for picture in pictures}
    told: dict[str, Any] = {"bytes": sum(map(len, pictures))}
    if None in headers:
        warnings.append("bytes that are not a picture: expected PNG, JPEG or WebP")
        return told
    (first, *others) = headers
    if others:
        warnings.append("images of different sizes or formats")
    elif first is not None:
        told["format"], told["width"], told["height"] = first
    return told


def _classes(output: Any, asked: Mapping[str, Any], streamed: Sequence[Any], warnings: list[str]) -> dict[str, Any]:
    said = output if isinstance(output, Mapping) else {}
    predictions = said.get("predictions", None if isinstance(output, Mapping) else output)
    if predictions is None and "success" not in said:
        return {}
    carried: dict[str, Any] = {"images": _number(said, ("num_images", "batch_size"), warnings) or 1}
    top = predictions[0] if isinstance(predictions, (list, tuple)) and predictions else None
    if isinstance(top, Mapping):
        number = _number(top, ("class_id", "class_index", "index", "id"), [])
        confidence = _number(top, ("confidence", "probability", "score"), warnings)
        if number is not None and number >= 0 and confidence is not None:
            carried |= {"class": round(number), "confidence": confidence}
    return carried


def _text(output: Any, asked: Mapping[str, Any], streamed: Sequence[Any], warnings: list[str]) -> dict[str, Any]:
    said = output if isinstance(output, Mapping) else {}
    tokens = _number(said, ("output_tokens", "tokens", "completion_tokens", "generated_tokens"), warnings)
    if tokens is None and streamed and all(isinstance(part, (list, tuple)) for part in streamed):
        tokens = sum(map(len, streamed))
    return {
        "output_tokens": tokens,
        "input_tokens": _number(said, ("input_tokens", "prompt_tokens"), warnings),
    }


_OF_IMAGES = {
    "width": ("width",),
    "height": ("height",),
    "num_inference_steps": ("num_inference_steps", "steps"),
    "guidance_scale": ("guidance_scale",),
    "seed": ("seed",),
}

# For each field: how answers are read, the numbers of which one must be there, and what a function has to return for that.
_FIELDS: dict[str, tuple[Callable[..., dict[str, Any]], Sequence[str], str]] = {
    "speech": (
        _speech, ("audio_duration", "samples"), "`audio_duration` in a dictionary, samples, or the bytes of a WAV file",
    ),
    "images": (_images, ("images",), "`images` in a dictionary, or encoded pictures"),
    "classification": (_classes, ("images",), "a dictionary with `predictions`, or a list of them"),
    "text": (_text, ("output_tokens",), "`output_tokens` in a dictionary, or a generator of tokens"),
}  # fmt: skip
