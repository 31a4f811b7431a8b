"""JAX: the network is compiled by XLA, with the weights as an argument."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from networks import BATCH_NORM_EPSILON, LAYER_NORM_EPSILON, logits

# By default a GPU multiplies in TF32, with which logits would not agree.
_PRECISION = lax.Precision.HIGHEST
_LAYOUT = ("NCHW", "OIHW", "NCHW")


class JaxOperations:
    """Operations of `jax.lax`."""

    def convolution(self, x: Any, weight: Any, bias: Any, stride: int, padding: int) -> Any:
        sides = [(padding, padding)] * 2
        y = lax.conv_general_dilated(x, weight, (stride, stride), sides, dimension_numbers=_LAYOUT, precision=_PRECISION)
        return y if bias is None else y + bias[:, None, None]

    def batch_norm(self, x: Any, scale: Any, shift: Any, mean: Any, variance: Any) -> Any:
        mean, variance, scale, shift = (part[:, None, None] for part in (mean, variance, scale, shift))
        return (x - mean) / jnp.sqrt(variance + BATCH_NORM_EPSILON) * scale + shift

    def relu(self, x: Any) -> Any:
        return jnp.maximum(x, 0)

    def add(self, x: Any, y: Any) -> Any:
        return x + y

    def max_pool(self, x: Any) -> Any:
        sides = [(0, 0), (0, 0), (1, 1), (1, 1)]
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 3, 3), (1, 1, 2, 2), sides)

    def mean(self, x: Any) -> Any:
        return x.mean((2, 3))

    def linear(self, x: Any, weight: Any, bias: Any) -> Any:
        return jnp.matmul(x, weight.T, precision=_PRECISION) + bias

    def layer_norm(self, x: Any, scale: Any, shift: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        variance = (centred * centred).mean(-1, keepdims=True)
        return centred / jnp.sqrt(variance + LAYER_NORM_EPSILON) * scale + shift

    def gelu(self, x: Any) -> Any:
        return jax.nn.gelu(x, approximate=False)

    def tokens(self, patches: Any, class_token: Any, positions: Any) -> Any:
        batch, width = patches.shape[:2]
        flat = patches.reshape(batch, width, -1).swapaxes(1, 2)
        return jnp.concatenate([jnp.broadcast_to(class_token, (batch, 1, width)), flat], 1) + positions

    def attention(self, query: Any, key: Any, value: Any, heads: int) -> Any:
        batch, count, width = query.shape
        q, k, v = (part.reshape(batch, count, heads, -1).swapaxes(1, 2) for part in (query, key, value))
        scores = jnp.matmul(q, k.swapaxes(2, 3), precision=_PRECISION) / (width // heads) ** 0.5
        mixed = jnp.matmul(jax.nn.softmax(scores, -1), v, precision=_PRECISION)
        return mixed.swapaxes(1, 2).reshape(batch, count, width)

    def first(self, tokens: Any) -> Any:
        return tokens[:, 0]


def load(model: str, weights: dict[str, Any], images: Any) -> Callable[[], Any]:
    """Returns a function that computes the logits of `images`, which are on the device already."""
    held, given = jax.device_put(weights), jax.device_put(images)
    network = jax.jit(functools.partial(logits, model, JaxOperations()))
    return lambda: network(held, given)


def device() -> tuple[str, str]:
    """Returns where the network runs: the device, and its type."""
    found = jax.devices()[0]
    return str(found), found.platform
