"""ONNX Runtime: the network as a graph of ONNX, with the weights in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from networks import BATCH_NORM_EPSILON, LAYER_NORM_EPSILON, logits

# The first operator set with Gelu.
_OPERATOR_SET = 20


class OnnxOperations:
    """Operations as nodes of a graph; values are their names."""

    def __init__(self, batch: int) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._batch = batch

    def _node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        output = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, value: Any) -> str:
        """Adds an array to the graph; returns its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def convolution(self, x: str, weight: str, bias: str | None, stride: int, padding: int) -> str:
        inputs = (x, weight) if bias is None else (x, weight, bias)
        return self._node("Conv", *inputs, strides=[stride] * 2, pads=[padding] * 4)

    def batch_norm(self, x: str, scale: str, shift: str, mean: str, variance: str) -> str:
        return self._node("BatchNormalization", x, scale, shift, mean, variance, epsilon=BATCH_NORM_EPSILON)

    def relu(self, x: str) -> str:
        return self._node("Relu", x)

    def add(self, x: str, y: str) -> str:
        return self._node("Add", x, y)

    def max_pool(self, x: str) -> str:
        return self._node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)

    def mean(self, x: str) -> str:
        return self._node("Flatten", self._node("GlobalAveragePool", x))

    def linear(self, x: str, weight: str, bias: str) -> str:
        return self.add(self._node("MatMul", x, self._node("Transpose", weight, perm=[1, 0])), bias)

    def layer_norm(self, x: str, scale: str, shift: str) -> str:
        return self._node("LayerNormalization", x, scale, shift, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def gelu(self, x: str) -> str:
        return self._node("Gelu", x, approximate="none")

    def tokens(self, patches: str, class_token: str, positions: str) -> str:
        flat = self._node("Reshape", patches, self.constant(np.array([0, 0, -1], np.int64)))
        flat = self._node("Transpose", flat, perm=[0, 2, 1])
        token = self._node("Expand", class_token, self.constant(np.array([self._batch, 1, 1], np.int64)))
        return self.add(self._node("Concat", token, flat, axis=1), positions)

    def attention(self, query: str, key: str, value: str, heads: int) -> str:
        def split(part: str, perm: list[int]) -> str:
            shape = self.constant(np.array([0, 0, heads, -1], np.int64))
            return self._node("Transpose", self._node("Reshape", part, shape), perm=perm)

        scores = self._node("MatMul", split(query, [0, 2, 1, 3]), split(key, [0, 2, 3, 1]))
        shares = self._node("Softmax", self._node("Mul", scores, self.constant(np.float32(64**-0.5))), axis=-1)
        mixed = self._node("Transpose", self._node("MatMul", shares, split(value, [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        return self._node("Reshape", mixed, self.constant(np.array([0, 0, -1], np.int64)))

    def first(self, tokens: str) -> str:
        return self._node("Gather", tokens, self.constant(np.int64(0)), axis=1)


def graph(model: str, weights: dict[str, Any], batch: int, side: int = 224) -> bytes:
    """Returns the network as a file of ONNX."""
    ops = OnnxOperations(batch)
    output = logits(model, ops, {name: name for name in weights}, "images")
    made = helper.make_graph(
        ops.nodes,
        model,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, side, side])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, 1000])],
        [*(numpy_helper.from_array(value, name) for name, value in weights.items()), *ops.constants],
    )
    # The version of the format that came with that operator set.
    file = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPERATOR_SET)], ir_version=9)
    return bytes(file.SerializeToString())


def load(model: str, weights: dict[str, Any], images: Any) -> Callable[[], Any]:
    """Returns a function that computes the logits of `images`."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    providers = onnxruntime.get_available_providers()
    session = onnxruntime.InferenceSession(graph(model, weights, len(images)), options, providers)
    return lambda: session.run(None, {"images": images})[0]


def device() -> tuple[str, str]:
    """Returns where the network runs: the device, and its type."""
    is_gpu = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    return ("cuda:0", "cuda") if is_gpu else ("cpu", "cpu")
