"""Functions that sleep known delays: are their figures what they must be, and what does a request cost?

    python python/benchmarks/serving_accuracy.py

Exits with 1 if a figure is more than 2 % from what follows from the delays, or serving adds 100 µs
or more to the median latency of a request, or from one request of a client to its next.
"""

import asyncio
import sys
import tempfile
import time

from bench_models.harness import BenchmarkConfig, ImageBenchmarkHarness, TextBenchmarkHarness, TTSBenchmarkHarness
from bench_models.serving import mark_output, mark_step

ALLOWED = 0.02
ALLOWED_OVERHEAD_S = 100e-6
CLIENTS = (1, 4)

# Speech: 120 ms until the first of four equal parts, then 40 ms for each; 1 s of audio. A loop of asyncio
# wakes up to 1 ms late.
FIRST_S, PART_S, PARTS, AUDIO_S, RATE = 0.12, 0.04, 4, 1.0, 24_000
TOTAL_S = FIRST_S + PART_S * (PARTS - 1)
# Images: eight steps of 20 ms for two images.
STEP_S, STEPS, IMAGES = 0.02, 8, 2


def moments():
    """Returns when the parts of a request that begins now are due: lateness does not add up."""
    began = time.monotonic()
    return [began + FIRST_S + PART_S * part for part in range(PARTS)]


def speak(text):
    for at in moments():
        time.sleep(max(0.0, at - time.monotonic()))
        yield bytes(2 * int(RATE * AUDIO_S / PARTS))


async def speak_async(text):
    for at in moments():
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        yield bytes(2 * int(RATE * AUDIO_S / PARTS))


def paint(prompt, width, height, num_images, num_inference_steps):
    began = time.monotonic()
    for step in range(num_inference_steps):
        time.sleep(max(0.0, began + STEP_S * (step + 1) - time.monotonic()))
        mark_step()
    mark_output()
    return {"images": num_images, "width": width, "height": height, "num_inference_steps": num_inference_steps}


def nothing(text):
    return {"output_tokens": 1}


async def nothing_async(text):
    return {"output_tokens": 1}


def expected(clients):
    """Returns what figures of a level must be."""
    speech = {"rtf_mean": TOTAL_S / AUDIO_S, "asps": clients * AUDIO_S / TOTAL_S, "ttfa_p50": FIRST_S}
    total = STEP_S * STEPS
    images = {"ips": clients * IMAGES / total, "sps": clients * STEPS / total, "ttfi_p50": total, "step_time_p50": STEP_S}
    return speech, images


def main():
    """Measures, prints a row for each figure, and says whether all are right."""
    is_right = True
    with tempfile.TemporaryDirectory() as folder:
        config = BenchmarkConfig(
            concurrency_levels=CLIENTS, iterations_per_level=20, output_dir=folder, quiet=True, sample_rate=RATE,
            min_text_length=5, max_text_length=9, num_inference_steps=STEPS, num_images=IMAGES, timeout_seconds=10,
        )  # fmt: skip
        measured = {
            "threads": (TTSBenchmarkHarness(config).run_benchmark(speak), 0),
            "one loop": (TTSBenchmarkHarness(config).run_benchmark(speak_async, benchmark_name="async"), 0),
            "pictures": (ImageBenchmarkHarness(config).run_benchmark(paint), 1),
        }
        print(f"{'function':10} {'clients':>7} {'figure':14} {'expected':>9} {'found':>9} {'apart':>7}")
        for name, (results, kind) in measured.items():
            for clients in CLIENTS:
                for figure, value in expected(clients)[kind].items():
                    found = getattr(results[clients].metrics, figure)
                    apart = found / value - 1
                    is_right &= abs(apart) <= ALLOWED
                    print(f"{name:10} {clients:7} {figure:14} {value:9.4g} {found:9.4g} {apart:7.2%}")
        config.concurrency_levels, config.iterations_per_level, config.warmup_requests = [1], 3000, 200
        for name, function in (("threads", nothing), ("one loop", nothing_async)):
            metrics = TextBenchmarkHarness(config).run_benchmark(function)[1].metrics
            between = 1 / metrics.rps
            is_right &= metrics.latency_p50 < ALLOWED_OVERHEAD_S and between < ALLOWED_OVERHEAD_S
            shown = [f"{1e6 * value:.1f} µs" for value in (metrics.latency_p50, metrics.latency_p99, between)]
            print(f"{name}: a request of nothing has a latency of {shown[0]} (p99 {shown[1]}), and takes {shown[2]} in all")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
