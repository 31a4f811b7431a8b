"""The table of frameworks: weights that are candle's bit by bit, and the traps in which engines would quietly differ."""

import importlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import unittest
from unittest import mock

from .stage import REPOSITORY

HAS_NUMPY = importlib.util.find_spec("numpy") is not None
if HAS_NUMPY:
    import numpy as np

    sys.path.insert(0, str(REPOSITORY / "python" / "benchmarks"))
    import forward
    import table

    import networks
    import weights

ENGINES = {"jax": ("jax_engine", "JaxOperations"), "torch": ("torch_engine", "TorchOperations")}


def operations():
    """Returns the operations of each engine that is installed, and how it takes an array."""
    for name, (module, operations) in ENGINES.items():
        if importlib.util.find_spec(name) is not None:
            engine = importlib.import_module(module)
            take = importlib.import_module("jax.numpy" if name == "jax" else "torch")
            yield name, getattr(engine, operations)(), take.asarray
    if importlib.util.find_spec("onnxruntime") is not None and importlib.util.find_spec("onnx") is not None:
        ops = importlib.import_module("onnx_engine").OnnxOperations(batch=2)
        yield "onnxruntime", ops, ops.constant


def evaluated(ops, output):
    """Returns what an engine has computed; of the graph of ONNX, what it computes."""
    if not isinstance(output, str):
        return np.asarray(output)
    import onnxruntime
    from onnx import TensorProto, helper

    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
    graph = helper.make_graph(ops.nodes, "trap", [], outputs, ops.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {})[0]


def small_parameters():
    """Returns the names and shapes of the weights of ResNet-50."""
    return [(parameter.name, parameter.shape) for parameter in weights.parameters("resnet50")]


def noise(*shape, seed=3):
    return weights.uniform(seed, "noise", shape, -1.0, 1.0)


@unittest.skipUnless(HAS_NUMPY, "needs numpy: pip install numpy")
class Weights(unittest.TestCase):
    def test_values_have_the_bits_that_candle_has(self):
        # As in `values_are_the_same_on_every_machine` of models/src/seeded.rs.
        bits = weights.uniform(0, "x", (3,), -1.0, 1.0).view(np.uint32)
        self.assertEqual(bits.tolist(), [1_024_375_680, 3_197_172_812, 1_037_137_904])

    def test_networks_have_their_published_sizes(self):
        def size(model, left_out=()):
            found = weights.parameters(model)
            return sum(math.prod(p.shape) for p in found if not p.name.endswith(left_out))

        self.assertEqual(size("resnet50", ("running_mean", "running_var")), 25_557_032)
        self.assertEqual(size("vit_b_16"), 86_567_656)

    def test_batches_begin_with_the_same_images(self):
        self.assertTrue(np.array_equal(weights.images(2, 8), weights.images(3, 8)[:2]))

    def test_logits_that_differ_fail(self):
        reference = np.fromfile(REPOSITORY / "python/benchmarks/logits/resnet50.f32", "<f4").reshape(2, 1000)
        forward.expect_agreement("resnet50", reference[:1] + 5e-5)
        for wrong in (2e-4, np.nan):
            changed = reference.copy()
            changed[1, 7] += wrong
            with self.assertRaisesRegex(AssertionError, "candle"):
                forward.expect_agreement("resnet50", changed)


@unittest.skipUnless(HAS_NUMPY, "needs numpy: pip install numpy")
class Traps(unittest.TestCase):
    """Each of these holds for every engine that is installed."""

    def check(self, compute, expected, tolerance=1e-5):
        for name, ops, take in operations():
            with self.subTest(name):
                found = evaluated(ops, compute(ops, take))
                self.assertEqual(found.shape, expected.shape)
                self.assertLess(np.abs(found - expected).max(), tolerance)

    def test_a_convolution_of_stride_2_pads_all_sides_alike(self):
        # `SAME` would pad (2, 3), and see other pixels.
        x, kernel = noise(1, 2, 8, 8), noise(3, 2, 7, 7)
        padded = np.pad(x, ((0, 0), (0, 0), (3, 3), (3, 3)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7), (2, 3))[:, :, ::2, ::2]
        expected = np.einsum("bcyxij,ocij->boyx", windows, kernel)
        self.check(lambda ops, take: ops.convolution(take(x), take(kernel), None, 2, 3), expected, 1e-4)

    def test_a_maximum_is_none_of_the_padding(self):
        x = noise(1, 1, 4, 4) - 2
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
        expected = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::2, ::2].max((4, 5))
        self.assertLess(expected.max(), 0)
        self.check(lambda ops, take: ops.max_pool(take(x)), expected)

    def test_gelu_has_the_error_function(self):
        x = np.linspace(-3, 3, 41, dtype=np.float32)
        expected = np.array([value * (1 + math.erf(value / math.sqrt(2))) / 2 for value in x])
        tanh = x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
        self.assertGreater(np.abs(expected - tanh).max(), 1e-4)
        self.check(lambda ops, take: ops.gelu(take(x)), expected)

    def test_normalisations_add_what_candle_adds(self):
        x, scale, shift = noise(2, 3, 5) * 1e-3, noise(5), noise(5, seed=4)
        wide = x.astype(np.float64)
        centred = wide - wide.mean(-1, keepdims=True)

        def of_layers(epsilon):
            return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon) * scale + shift

        # Other libraries add 1e-6, which is seen where variances are small.
        self.assertGreater(np.abs(of_layers(1e-6) - of_layers(1e-12)).max(), 1e-2)
        self.check(lambda ops, take: ops.layer_norm(*map(take, (x, scale, shift))), of_layers(1e-12), 1e-4)
        pictures, mean, variance = noise(2, 5, 3, 3), noise(5, seed=5), np.abs(noise(5, seed=6)) * 1e-3
        parts = (part[:, None, None] for part in (mean, variance, scale, shift))
        m, v, s, b = parts
        expected = (pictures - m) / np.sqrt(v + networks.BATCH_NORM_EPSILON) * s + b
        self.check(lambda ops, take: ops.batch_norm(*map(take, (pictures, scale, shift, mean, variance))), expected, 1e-2)

    def test_heads_of_attention_are_neighbours(self):
        q, k, v = (noise(2, 5, 768, seed=seed) for seed in (1, 2, 3))

        def split(x):
            return x.reshape(2, 5, 12, 64).transpose(0, 2, 1, 3)

        scores = split(q) @ split(k).transpose(0, 1, 3, 2) / math.sqrt(64)
        shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        expected = (shares @ split(v)).transpose(0, 2, 1, 3).reshape(2, 5, 768)
        self.check(lambda ops, take: ops.attention(take(q), take(k), take(v), 12), expected)

    def test_the_class_comes_before_the_patches_row_by_row(self):
        patches, token, positions = noise(2, 4, 3, 3), noise(1, 1, 4), noise(1, 10, 4)
        flat = patches.reshape(2, 4, 9).transpose(0, 2, 1)
        expected = np.concatenate([np.repeat(token, 2, 0), flat], 1) + positions
        self.check(lambda ops, take: ops.tokens(take(patches), take(token), take(positions)), expected)

    @unittest.skipUnless(importlib.util.find_spec("torch"), "needs torch: pip install torch")
    def test_torch_computes_in_full_precision_and_keeps_nothing_for_gradients(self):
        import torch

        import torch_engine

        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
        first = {name: weights.uniform(0, name, shape, -0.01, 0.01) for name, shape in small_parameters()}
        run = torch_engine.load("resnet50", first, noise(1, 3, 32, 32))
        self.assertFalse(torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32)
        self.assertTrue(run().is_inference())

    @unittest.skipUnless(importlib.util.find_spec("jax"), "needs jax: pip install jax")
    def test_jax_multiplies_in_full_precision(self):
        import jax

        from jax_engine import JaxOperations

        ops = JaxOperations()
        x, w = noise(1, 2, 4, 4), noise(2, 2, 3, 3)
        told = str(jax.make_jaxpr(lambda x, w: ops.linear(ops.convolution(x, w, None, 1, 1), w[0, 0], 0))(x[..., :3], w))
        self.assertEqual(told.count("HIGHEST"), 4, told)


@unittest.skipUnless(HAS_NUMPY, "needs numpy: pip install numpy")
class Table(unittest.TestCase):
    TIME = {
        "median_s": 0.5, "mean_s": 0.6, "standard_deviation_s": None, "min_s": 0.4, "max_s": 0.9, "samples": 9,
        "p95": {"value_s": 0.8, "supported": False}, "p99": {"value_s": 0.9, "supported": True},
    }  # fmt: skip

    def row(self, **changed):
        record = {"environment": {"commit": "abc", "engines": {"jax": "0.10.2"}}, "timestamp": "2026-11-30T00:00:00Z"}
        case = {
            "model": "resnet", "arguments": {"batch": "8"}, "status": "ok", "time": self.TIME,
            "peak_memory_bytes": 2_000_000, "observed": [{"name": "compile_time", "value": 1.25}], **changed,
        }  # fmt: skip
        return table.row(record, case, {})

    def test_a_row_has_every_column(self):
        row = self.row()
        self.assertLessEqual({*row}, {*table.COLUMNS})
        self.assertEqual((row["model"], row["framework"]), ("resnet50", "candle"))
        self.assertRegex(row["version"], r"^\d+\.\d+")
        self.assertEqual((row["throughput_images_per_s"], row["compile_time_s"], row["git_commit"]), (16.0, 1.25, "abc"))
        self.assertEqual((row["device"], row["input_shape"]), ("cpu", "8x3x224x224"))
        self.assertEqual(row["threads"], len(table.processors()))
        shown = table.text([row]).splitlines()
        self.assertIn("~800.0 ms", shown[1])
        self.assertNotIn("~900.0 ms", shown[1])

    @unittest.skipUnless(sys.platform.startswith("linux"), "needs processors that can be chosen")
    def test_threads_are_those_of_the_processors_that_are_left(self):
        before = table.processors()
        self.addCleanup(os.sched_setaffinity, 0, before)
        with self.assertRaisesRegex(SystemExit, f"1 to {len(before)}, .* found 0"):
            table.use_only(0)
        table.use_only(1)
        self.assertEqual(len(os.sched_getaffinity(0)), 1)
        self.assertEqual(self.row()["threads"], 1)

    def test_large_batches_are_left_out_unless_they_are_asked_for(self):
        file = str(REPOSITORY / "python/benchmarks/forward.py")
        line = [sys.executable, "-m", "bench_models", file, "--list", "--format", "json"]
        listing = subprocess.run(line, capture_output=True, text=True, check=True)
        ignored = {}
        for case in json.loads(listing.stdout)["cases"]:
            if case["arguments"]["framework"] != "torch_compile":
                ignored.setdefault(int(case["arguments"]["batch"]), set()).add("ignored" in case)
        self.assertEqual(ignored, {1: {False}, 8: {False}, 32: {True}, 128: {True}})

        asked = []
        self.addCleanup(setattr, table, "record_of", table.record_of)
        table.record_of = lambda line, folder: asked.append(line)
        with mock.patch("table.command.find", return_value="bench"):
            for batches in ([1, 8], [32, 128]):
                table.measure_python(batches, ["--max-time", "2s"], "folder")
        few, many = asked
        self.assertNotIn("--include-ignored", few)
        self.assertEqual(many[-5:], ["--include-ignored", "--skip", "torch_compile", "--max-time", "2s"])
        self.assertLessEqual({"--args=batch=32", "--args=batch=128"}, set(many))

    def test_a_framework_that_is_missing_says_how_to_get_it(self):
        row = self.row(status="skipped", time=None, skip_reason="needs torch: pip install torch")
        self.assertIn("pip install torch", table.text([row]))


if __name__ == "__main__":
    unittest.main()
