"""Weights and images made from a seed, bit by bit those of `models/src/seeded.rs`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

# Half the width of what is added to constants.
_JITTER = 0.1
# The upper 24 bits of a word are what an f32 in [0, 1) can tell apart.
_ULP = np.float32(1 / (1 << 24))

# Seeds of the weights of each model, and that of the images.
SEEDS = {"resnet50": 0x05E5_0E75, "vit_b_16": 0x0071_0B16}
IMAGES_SEED = 1
SIDE = 224
CLASSES = 1000

_BLOCKS, _WIDTH, _PATCH = 12, 768, 16


@dataclass(frozen=True)
class Parameter:
    """A tensor: its name, its shape, and from where to where its values lie."""

    name: str
    shape: tuple[int, ...]
    low: float
    high: float


def parameters(model: str) -> Iterator[Parameter]:
    """Returns what the weights of a model consist of, as candle's layers ask for them."""
    return {"resnet50": _resnet50, "vit_b_16": _vit_b_16}[model]()


def weights(model: str) -> dict[str, Array]:
    """Returns the weights of a model by name."""
    seed = SEEDS[model]
    return {p.name: uniform(seed, p.name, p.shape, p.low, p.high) for p in parameters(model)}


def images(batch: int, side: int = SIDE) -> Array:
    """Returns normalised pictures of noise; the first ones are the same in every batch."""
    return uniform(IMAGES_SEED, "images", (batch, 3, side, side), -2.0, 2.0)


def uniform(seed: int, name: str, shape: tuple[int, ...], low: float, high: float) -> Array:
    """Returns values uniform in [low, high] that follow from seed and name alone."""
    count = math.prod(shape)
    steps = np.arange(1, (count + 1) // 2 + 1, dtype=np.uint64)
    bits = _mix(np.uint64(_key(seed, name)) + steps * np.uint64(0x9E37_79B9_7F4A_7C15))
    # The lower half of each word comes first.
    words = bits.astype("<u8").view("<u4")[:count]
    first = np.float32(low)
    width = np.float32(high) - first
    return (first + (words >> np.uint32(8)).astype(np.float32) * _ULP * width).reshape(shape)


def _key(seed: int, name: str) -> int:
    value = 0xCBF2_9CE4_8422_2325
    for byte in name.encode():
        value = (value ^ byte) * 0x0000_0100_0000_01B3 & (1 << 64) - 1
    return int(_mix(np.uint64(value) ^ _mix(np.array([seed], np.uint64)))[0])


def _mix(z: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of SplitMix64; arithmetic of arrays wraps."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return z ^ (z >> np.uint64(31))


def _around(name: str, shape: tuple[int, ...], constant: float) -> Parameter:
    return Parameter(name, shape, constant - _JITTER, constant + _JITTER)


def _kaiming(name: str, shape: tuple[int, ...]) -> Parameter:
    half = math.sqrt(3 / math.prod(shape[1:]))
    return Parameter(name, shape, -half, half)


def _linear(name: str, from_: int, to: int) -> Iterator[Parameter]:
    yield _kaiming(f"{name}.weight", (to, from_))
    bound = 1 / math.sqrt(from_)
    yield Parameter(f"{name}.bias", (to,), -bound, bound)


def _normalisation(name: str, width: int) -> Iterator[Parameter]:
    yield _around(f"{name}.weight", (width,), 1)
    yield _around(f"{name}.bias", (width,), 0)


def _convolution(conv: str, norm: str, from_: int, to: int, kernel: int) -> Iterator[Parameter]:
    yield _kaiming(f"{conv}.weight", (to, from_, kernel, kernel))
    yield from _normalisation(norm, to)
    yield _around(f"{norm}.running_mean", (to,), 0)
    yield _around(f"{norm}.running_var", (to,), 1)


def _resnet50() -> Iterator[Parameter]:
    yield from _convolution("conv1", "bn1", 3, 64, 7)
    from_ = 64
    for stage, (width, count) in enumerate(zip((64, 128, 256, 512), (3, 4, 6, 3)), 1):
        for number in range(count):
            block = f"layer{stage}.{number}"
            sizes = ((from_, width, 1), (width, width, 3), (width, 4 * width, 1))
            for at, size in enumerate(sizes, 1):
                yield from _convolution(f"{block}.conv{at}", f"{block}.bn{at}", *size)
            if number == 0:
                yield from _convolution(f"{block}.downsample.0", f"{block}.downsample.1", from_, 4 * width, 1)
            from_ = 4 * width
    yield from _linear("fc", from_, CLASSES)


def _vit_b_16() -> Iterator[Parameter]:
    projection = "vit.embeddings.patch_embeddings.projection"
    yield _kaiming(f"{projection}.weight", (_WIDTH, 3, _PATCH, _PATCH))
    bound = 1 / math.sqrt(3)
    yield Parameter(f"{projection}.bias", (_WIDTH,), -bound, bound)
    yield _around("vit.embeddings.cls_token", (1, 1, _WIDTH), 0)
    yield _around("vit.embeddings.position_embeddings", (1, (SIDE // _PATCH) ** 2 + 1, _WIDTH), 0)
    for number in range(_BLOCKS):
        block = f"vit.encoder.layer.{number}"
        for name in ("layernorm_before", "layernorm_after"):
            yield from _normalisation(f"{block}.{name}", _WIDTH)
        for name in ("attention.query", "attention.key", "attention.value", "output.dense"):
            yield from _linear(f"{block}.attention.{name}", _WIDTH, _WIDTH)
        yield from _linear(f"{block}.intermediate.dense", _WIDTH, 4 * _WIDTH)
        yield from _linear(f"{block}.output.dense", 4 * _WIDTH, _WIDTH)
    yield from _normalisation("vit.layernorm", _WIDTH)
    yield from _linear("classifier", _WIDTH, CLASSES)
