"""Eight kernels of Python for `verdicts.py`: what benchmarks of Python are made of, in 100 turns each.

`TURNS` is the only thing that a copy with more work changes.
"""

import asyncio
import json
import re

from bench_models import benchmark

TURNS = 100

RECORD = {"id": 17, "name": "a name", "scores": [1.5, 2.5, 3.5], "nested": {"left": None, "right": True}}
LINE = "2026-11-30 06:00:01 worker-7 GET /models/resnet50/forward?batch=8 200 51.3ms"
FIELDS = re.compile(r"(\S+) (\S+) (\S+) (\w+) (/\S*) (\d+) ([\d.]+)ms")
WORDS = [f"word{number % 37}" for number in range(60)]


def benchmark_pure_python():
    total = 0
    for _ in range(TURNS):
        for value in range(30):
            total += value * value % 7
    return total


def benchmark_json():
    for _ in range(TURNS):
        json.loads(json.dumps(RECORD))


def benchmark_regex():
    for _ in range(TURNS):
        FIELDS.match(LINE).groups()


def benchmark_dict():
    for _ in range(TURNS):
        counts = {}
        for word in WORDS:
            counts[word] = counts.get(word, 0) + 1


def benchmark_allocation():
    for _ in range(TURNS):
        [[number] for number in range(40)]


async def benchmark_async():
    for _ in range(TURNS):
        await asyncio.sleep(0)


def benchmark_numpy(b):
    import numpy

    values = numpy.linspace(0.0, 1.0, 2_000)

    def normalize():
        for _ in range(TURNS):
            (values - values.mean()) / values.std()

    b.iter(normalize)


# Kept out of a shared process: what JAX starts runs beside all that follows.
@benchmark(share=False)
def jax(b):
    import jax
    from jax import numpy

    @jax.jit
    def layers(values):
        return jax.lax.fori_loop(0, TURNS, lambda _, held: numpy.tanh(held @ held) + 0.1, values)

    b.iter(layers, numpy.full((24, 24), 0.01))
