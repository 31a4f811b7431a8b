"""Waiting for devices, and noticing compilations."""

import importlib.util
import os
import unittest

from .stage import Stage
from .test_worker import notes, readings

# As much of torch as the worker looks at.
TORCH = """
class _Cuda:
    synchronized = resets = 0
    peaks = [5e9, 7e9]
    def is_initialized(self):
        return True
    def synchronize(self):
        _Cuda.synchronized += 1
    def device_count(self):
        return 2
    def reset_peak_memory_stats(self, device):
        _Cuda.resets += 1
        _Cuda.peaks[device] = 1e9
    def max_memory_allocated(self, device):
        return _Cuda.peaks[device]
    def max_memory_reserved(self, device):
        return 4e9
cuda = _Cuda()
def get_num_threads():
    return 3
"""

# The same of torch on other devices.
MPS = """
class mps:
    synchronized = 0
    def synchronize():
        mps.synchronized += 1
    def current_allocated_memory():
        return 3e9
    def driver_allocated_memory():
        return 4e9
class backends:
    class mps:
        def is_available():
            return True
"""
XPU = TORCH.replace("cuda = ", "xpu = ")

# As much of JAX as the worker looks at, on a device whose calls return at once.
JAX = """
PLATFORM = "cpu"
waits = [0]
class _Device:
    @property
    def platform(self):
        return PLATFORM
    def memory_stats(self):
        return None if PLATFORM == "cpu" else {"peak_bytes_in_use": 2e9, "peak_pool_bytes": 8e9}
class Array:
    def devices(self):
        return {_Device()}
class tree_util:
    def tree_leaves(tree):
        return [leaf for part in (tree if isinstance(tree, (list, tuple)) else [tree])
                for leaf in (tree_util.tree_leaves(part) if isinstance(part, (list, tuple)) else [part])]
def block_until_ready(output):
    waits[0] += 1
    return output
def local_devices():
    return [_Device()]
"""


class Torch(unittest.TestCase):
    def test_an_accelerator_is_waited_for_once_a_sample_and_its_threads_are_read(self):
        text = """
            import torch
            calls = [0]
            def call():
                calls[0] += 1
            def benchmark_f(b):
                before = torch.cuda.synchronized
                b.iter(call)
                # The first call, two batches of warm-up or more, and three samples.
                assert torch.cuda.synchronized - before < calls[0], (torch.cuda.synchronized, calls)
                assert torch.cuda.synchronized - before >= 5, torch.cuda.synchronized
            def benchmark_once(b):
                before = torch.cuda.synchronized
                b.iter(call)
                assert torch.cuda.synchronized == before + 1
            async def benchmark_once_async(b):
                async def call_async():
                    call()
                before = torch.cuda.synchronized
                await b.iter_async(call_async)
                assert torch.cuda.synchronized == before + 1
        """
        with Stage(torch=TORCH, speed=text) as stage:
            last = stage.measure("unit/f")[-1]
            self.assertEqual(last["type"], "finished", last)
            self.assertEqual(readings(last)["torch_threads"]["value"], 3)
            for case in ("unit/once", "unit/once_async"):
                self.assertEqual(stage.measure(case, "once")[-1]["type"], "finished", case)

    def test_the_memory_of_devices_is_that_of_the_samples(self):
        text = """
            import torch
            def benchmark_f():
                pass
        """
        with Stage(torch=TORCH, speed=text) as stage:
            found = readings(stage.measure("unit/f")[-1])
            # The peaks before the samples, 5 and 7 GB, are not theirs.
            self.assertEqual(found["device_memory_used"]["value"], 2e9)
            self.assertEqual(found["device_memory_used"]["over_rounds"], "max")
            self.assertEqual(found["device_memory_reserved"]["value"], 8e9)
            self.assertEqual(found["device_memory_unused"]["value"], 0.75)
            # Nothing was started that would have to be waited for.
            stage.write("torch.py", "def get_num_threads(): return 3")
            self.assertNotIn("device_memory_used", readings(stage.measure("unit/f")[-1]))

    def test_other_devices_are_waited_for_too(self):
        text = """
            import torch
            device = getattr(torch, "xpu", None) or torch.mps
            def benchmark_f(b):
                count = type(device) if hasattr(torch, "xpu") else device
                before = count.synchronized
                b.iter(int)
                assert count.synchronized - before >= 5, count.synchronized
        """
        for name, torch, used in (("mps", MPS, 3e9), ("xpu", XPU, 2e9)):
            with self.subTest(name), Stage(torch=torch, speed=text) as stage:
                last = stage.measure("unit/f")[-1]
                self.assertEqual(last["type"], "finished", last)
                self.assertEqual(readings(last)["device_memory_used"]["value"], used)

    def test_what_torch_compiles_is_read_and_compiling_in_samples_is_a_warning(self):
        text = """
            import torch, sys, types
            dynamo = sys.modules["torch._dynamo.utils"] = types.ModuleType("torch._dynamo.utils")
            dynamo.compilation_time_metrics = {"_compile.compile_inner": []}
            calls = [0]
            def once():
                calls[0] += 1
                if calls[0] == 1:
                    dynamo.compilation_time_metrics["_compile.compile_inner"].append(1.5)
            def always():
                dynamo.compilation_time_metrics["_compile.compile_inner"].append(0.5)
            def benchmark_once(b): b.iter(once)
            def benchmark_always(b): b.iter(always)
        """
        with Stage(torch=TORCH, speed=text) as stage:
            once, always = (stage.measure(f"unit/{name}")[-1] for name in ("once", "always"))
            self.assertEqual(readings(once)["compile_time"]["value"], 1.5)
            self.assertFalse(any("compiled" in note for note in notes(once)))
            self.assertTrue(any("were compiled while" in note for note in notes(always)), notes(always))


class WaitingForJax(unittest.TestCase):
    TEXT = """
        import jax
        array = jax.Array()
        def on(platform, b, output):
            jax.PLATFORM = platform
            b.iter(lambda: output)
            print(jax.waits[0], file=__import__("sys").stderr)
        def benchmark_cpu(b): on("cpu", b, array)
        def benchmark_tree(b): on("cpu", b, {"logits": [array]}.get("logits"))
        def benchmark_gpu(b): on("gpu", b, array)
        def benchmark_other(b): on("cpu", b, 3)
    """

    def test_each_iteration_on_processors_and_each_sample_on_accelerators(self):
        with Stage(jax=JAX, speed=self.TEXT) as stage:

            def waits(case, batches=(10, 20)):
                with stage.worker() as worker:
                    worker.send(
                        type="measure", case=f"unit/{case}", round=0, mode="step", slice_ns=0, hard_stop=False, probes=[]
                    )
                    self.assertEqual([worker.frame()["type"] for _ in range(2)], ["start_up", "first_call"])
                    for iterations in batches:
                        worker.send(type="batch", iterations=iterations)
                        self.assertEqual(worker.frame()["type"], "samples")
                    worker.send(type="stop")
                    self.assertEqual(worker.frame()["type"], "finished")
                    return int(worker.close()[1])

            self.assertEqual({case: waits(case) for case in ("cpu", "tree", "gpu", "other")}, {
                "cpu": 31, "tree": 31, "gpu": 3, "other": 0,
            })  # fmt: skip

    def test_the_memory_of_devices_is_read_where_they_count_it(self):
        with Stage(jax=JAX, speed=self.TEXT) as stage:
            found = readings(stage.measure("unit/gpu")[-1])
            self.assertEqual((found["device_memory_used"]["value"], found["device_memory_reserved"]["value"]), (2e9, 8e9))
            self.assertNotIn("device_memory_used", readings(stage.measure("unit/cpu")[-1]))


# Where everything is checked, a missing tool is a failure.
@unittest.skipUnless(importlib.util.find_spec("jax") or "CI" in os.environ, "jax is not installed")
class Jax(unittest.TestCase):
    def test_what_is_compiled_is_read_and_compiling_in_samples_is_a_warning(self):
        text = """
            import jax, jax.numpy as jnp
            f = jax.jit(lambda x: (x * 2).sum())
            sizes = iter(range(10, 10_000_000))
            def benchmark_steady(b):
                b.iter(f, jnp.ones(8))
            def benchmark_shapes(b):
                b.iter(lambda: f(jnp.ones(next(sizes))))
        """
        with Stage(speed=text) as stage:
            steady = stage.measure("unit/steady")[-1]
            self.assertGreater(readings(steady)["compile_time"]["value"], 0)
            self.assertIn(readings(steady)["jax_cpu_async_dispatch"]["value"], (0, 1))
            self.assertFalse(any("compiled" in note for note in notes(steady)))
            # A new process: what the first has compiled is not found on disk.
            again = stage.measure("unit/steady")[-1]
            self.assertIn("compile_time", readings(again))
            shapes = stage.measure("unit/shapes")[-1]
            self.assertTrue(any("were compiled while" in note for note in notes(shapes)), notes(shapes))
            self.assertIn("jaxlib", stage.list()[0]["build"]["engines"])

    def test_an_engine_may_be_imported_by_the_benchmark_itself(self):
        text = """
            def benchmark_late(b):
                import jax
                b.iter(jax.jit(lambda x: x * 2), 1.0)
        """
        with Stage(speed=text) as stage:
            self.assertGreater(readings(stage.measure("unit/late")[-1])["compile_time"]["value"], 0)


if __name__ == "__main__":
    unittest.main()
