"""Waiting for devices, and noticing compilations."""

import importlib.util
import os
import unittest

from .stage import Stage
from .test_worker import notes, readings

# As much of torch as the worker looks at.
TORCH = """
class _Cuda:
    synchronized = 0
    def is_initialized(self):
        return True
    def synchronize(self):
        _Cuda.synchronized += 1
cuda = _Cuda()
def get_num_threads():
    return 3
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
