"""PyTorch, eager or compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from networks import BATCH_NORM_EPSILON, LAYER_NORM_EPSILON, logits


class TorchOperations:
    """Operations of `torch.nn.functional`."""

    def convolution(self, x: Any, weight: Any, bias: Any, stride: int, padding: int) -> Any:
        return F.conv2d(x, weight, bias, stride, padding)

    def batch_norm(self, x: Any, scale: Any, shift: Any, mean: Any, variance: Any) -> Any:
        return F.batch_norm(x, mean, variance, scale, shift, training=False, eps=BATCH_NORM_EPSILON)

    def relu(self, x: Any) -> Any:
        return F.relu(x)

    def add(self, x: Any, y: Any) -> Any:
        return x + y

    def max_pool(self, x: Any) -> Any:
        return F.max_pool2d(x, 3, 2, 1)

    def mean(self, x: Any) -> Any:
        return x.mean((2, 3))

    def linear(self, x: Any, weight: Any, bias: Any) -> Any:
        return F.linear(x, weight, bias)

    def layer_norm(self, x: Any, scale: Any, shift: Any) -> Any:
        return F.layer_norm(x, x.shape[-1:], scale, shift, LAYER_NORM_EPSILON)

    def gelu(self, x: Any) -> Any:
        return F.gelu(x, approximate="none")

    def tokens(self, patches: Any, class_token: Any, positions: Any) -> Any:
        flat = patches.flatten(2).transpose(1, 2)
        return torch.cat([class_token.expand(flat.shape[0], -1, -1), flat], 1) + positions

    def attention(self, query: Any, key: Any, value: Any, heads: int) -> Any:
        q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (query, key, value))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    def first(self, tokens: Any) -> Any:
        return tokens[:, 0]


def load(model: str, weights: dict[str, Any], images: Any, compiles: bool = False) -> Callable[[], Any]:
    """Returns a function that computes the logits of `images`, which are on the device already."""
    # By default a GPU convolves in TF32, with which logits would not agree; a setting may let it multiply so, too.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    place = torch.device(device()[0])
    held = {name: torch.from_numpy(value).to(place) for name, value in weights.items()}
    given = torch.from_numpy(images).to(place)

    def network(weights: dict[str, Any], images: Any) -> Any:
        return logits(model, TorchOperations(), weights, images)

    run = torch.compile(network) if compiles else network

    def forward() -> Any:
        with torch.inference_mode():
            return run(held, given)

    return forward


def device() -> tuple[str, str]:
    """Returns where the network runs: the device, and its type."""
    return ("cuda:0", "cuda") if torch.cuda.is_available() else ("cpu", "cpu")
