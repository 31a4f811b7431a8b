"""The two networks, once for all engines: an engine says how each operation is done.

Layers are in the order of `models/src/resnet/layers.rs` and `models/src/vit_b_16/layers.rs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

# What normalisations add to variances. Other libraries take 1e-6 for transformers.
BATCH_NORM_EPSILON = 1e-5
LAYER_NORM_EPSILON = 1e-12
HEADS = 12


class Operations(Protocol):
    """How an engine does what the networks consist of; pictures are NCHW everywhere."""

    def convolution(self, x: Any, weight: Any, bias: Any, stride: int, padding: int) -> Any:
        """Pads the same on all sides: `SAME` of XLA pads (2, 3) where stride 2 wants (3, 3)."""

    def batch_norm(self, x: Any, scale: Any, shift: Any, mean: Any, variance: Any) -> Any:
        """With running statistics."""

    def relu(self, x: Any) -> Any: ...

    def add(self, x: Any, y: Any) -> Any: ...

    def max_pool(self, x: Any) -> Any:
        """3 × 3, stride 2, padded by 1 with what is never the largest."""

    def mean(self, x: Any) -> Any:
        """Over height and width: (batch, channels)."""

    def linear(self, x: Any, weight: Any, bias: Any) -> Any: ...

    def layer_norm(self, x: Any, scale: Any, shift: Any) -> Any: ...

    def gelu(self, x: Any) -> Any:
        """With the error function, not with tanh."""

    def tokens(self, patches: Any, class_token: Any, positions: Any) -> Any:
        """(batch, width, rows, columns) to (batch, 1 + rows · columns, width)."""

    def attention(self, query: Any, key: Any, value: Any, heads: int) -> Any: ...

    def first(self, tokens: Any) -> Any:
        """The first token of each picture."""


def logits(model: str, ops: Operations, weights: Mapping[str, Any], images: Any) -> Any:
    """Returns the logits, (batch, 1000), of images, (batch, 3, 224, 224)."""
    return {"resnet50": resnet50, "vit_b_16": vit_b_16}[model](ops, weights, images)


def resnet50(ops: Operations, w: Mapping[str, Any], x: Any) -> Any:
    """ResNet-50 v1.5: the stride is that of the 3 × 3 convolution."""

    def convolved(x: Any, conv: str, norm: str, stride: int, padding: int) -> Any:
        x = ops.convolution(x, w[f"{conv}.weight"], None, stride, padding)
        return ops.batch_norm(x, *(w[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")))

    x = ops.max_pool(ops.relu(convolved(x, "conv1", "bn1", 2, 3)))
    for stage, count in enumerate((3, 4, 6, 3), 1):
        for number in range(count):
            block = f"layer{stage}.{number}"
            stride = 2 if stage > 1 and number == 0 else 1
            y = ops.relu(convolved(x, f"{block}.conv1", f"{block}.bn1", 1, 0))
            y = ops.relu(convolved(y, f"{block}.conv2", f"{block}.bn2", stride, 1))
            y = convolved(y, f"{block}.conv3", f"{block}.bn3", 1, 0)
            if number == 0:
                x = convolved(x, f"{block}.downsample.0", f"{block}.downsample.1", stride, 0)
            x = ops.relu(ops.add(x, y))
    return ops.linear(ops.mean(x), w["fc.weight"], w["fc.bias"])


def vit_b_16(ops: Operations, w: Mapping[str, Any], x: Any, blocks: int = 12) -> Any:
    """ViT-B/16: normalisation before attention and feed-forward."""

    def linear(x: Any, name: str) -> Any:
        return ops.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    def norm(x: Any, name: str) -> Any:
        return ops.layer_norm(x, w[f"{name}.weight"], w[f"{name}.bias"])

    embeddings = "vit.embeddings"
    projection = f"{embeddings}.patch_embeddings.projection"
    patches = ops.convolution(x, w[f"{projection}.weight"], w[f"{projection}.bias"], 16, 0)
    x = ops.tokens(patches, w[f"{embeddings}.cls_token"], w[f"{embeddings}.position_embeddings"])
    for number in range(blocks):
        block = f"vit.encoder.layer.{number}"
        y = norm(x, f"{block}.layernorm_before")
        attention = f"{block}.attention"
        parts = (linear(y, f"{attention}.attention.{part}") for part in ("query", "key", "value"))
        y = linear(ops.attention(*parts, HEADS), f"{attention}.output.dense")
        x = ops.add(y, x)
        y = ops.gelu(linear(norm(x, f"{block}.layernorm_after"), f"{block}.intermediate.dense"))
        x = ops.add(linear(y, f"{block}.output.dense"), x)
    return linear(norm(ops.first(x), "vit.layernorm"), "classifier")
