"""PyTorch, JAX, ONNX Runtime and candle side by side, on the same weights and images.

    python python/benchmarks/table.py                        # every framework that is installed, batch 1 and 8
    python python/benchmarks/table.py --batch 1 --no-candle  # further arguments go to `bench run`: --max-time 20s
    python python/benchmarks/table.py --threads 1            # by default, every framework takes all processors

Prints a row for each framework, model and batch, and writes the same, with where and when it was measured, as CSV.
Logits have to agree within 1e-4 for a time to count. candle's figures come from `cargo bench` in this repository.
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench_models import command

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
ENGINES = {"torch": "torch_engine", "torch_compile": "torch_engine", "jax": "jax_engine", "onnxruntime": "onnx_engine"}
MODELS = ("resnet50", "vit_b_16")
# Figures in milliseconds, and then those in units of their own.
TIMES = ("p50", "p95", "p99", "mean", "std", "min", "max")
COLUMNS = (
    "framework", "model", "batch", *(f"latency_{name}_ms" for name in TIMES), "throughput_images_per_s", "memory_mb",
    "compile_time_s", "first_call_ms", "load_s", "samples", "p95_supported", "p99_supported", "status",
    "device", "device_type", "threads", "dtype", "input_shape", "version", "git_commit", "timestamp",
)  # fmt: skip


def measure_python(batches, arguments, folder):
    """Measures the frameworks of this interpreter; returns the record."""
    bench = command.find()
    if bench is None:
        sys.exit(command.MISSING)
    chosen = [f"--args=batch={batch}" for batch in batches]
    line = [bench, "run", str(HERE), "--interpreter", sys.executable, *chosen, "--output-dir", folder]
    # Those that are left out unless asked for are asked for by their batch.
    further = [*arguments] if set(batches) <= {1, 8} else ["--include-ignored", "--skip", "torch_compile", *arguments]
    return record_of(line + further, folder)


def measure_candle(batches, arguments, folder):
    """Measures candle's models in this repository; returns the record."""
    common = "dtype=f32,device=cpu,threads=all"
    ids = [f"resnet/performance/forward[depth=50,batch={batch},{common}]" for batch in batches]
    ids += [f"vit_b_16/performance/forward[batch={batch},{common}]" for batch in batches]
    line = ["cargo", "bench", "--locked", "-p", "benchmarks", "--", *ids, "--exact", "--include-ignored"]
    return record_of([*line, "--output-dir", folder, *arguments], folder)


def record_of(line, folder):
    """Runs a command in the repository; returns the record that it leaves."""
    subprocess.run(line, cwd=REPOSITORY, stdout=sys.stderr, check=False)
    record = Path(folder, "latest", "run.json")
    return json.loads(record.read_bytes()) if record.exists() else None


def device(framework):
    """Returns where a framework computes: the device, and its type."""
    if framework == "candle":
        return "cpu", "cpu"
    code = f"import json, {ENGINES[framework]} as engine; print(json.dumps(engine.device()))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=HERE, stdout=subprocess.PIPE, text=True, check=True)
    return tuple(json.loads(ended.stdout.strip().rpartition("\n")[2]))


def row(record, case, devices):
    """Returns a row of the table; figures that there are none of are empty."""
    framework, model = case["arguments"].get("framework", "candle"), case["model"]
    model = {"resnet": "resnet50"}.get(model, model)
    batch = int(case["arguments"]["batch"])
    made = {
        "framework": framework,
        "model": model,
        "batch": batch,
        "status": case["status"],
        "dtype": "float32",
        "input_shape": f"{batch}x3x224x224",
        "version": version(record, case, framework),
        "git_commit": record["environment"].get("commit") or "",
        "timestamp": record["timestamp"],
    }
    time = case.get("time")
    if case["status"] != "ok" or time is None:
        failure = (case.get("failure") or {}).get("message")
        return made | {"status": f"{case['status']}: {failure or case.get('skip_reason')}"}
    seconds = {
        "p50": time["median_s"], "p95": time["p95"]["value_s"], "p99": time["p99"]["value_s"], "mean": time["mean_s"],
        "std": time["standard_deviation_s"], "min": time["min_s"], "max": time["max_s"],
    }  # fmt: skip
    made |= {f"latency_{name}_ms": 1e3 * value for name, value in seconds.items() if value is not None}
    made |= {f"{name}_supported": time[name]["supported"] for name in ("p95", "p99")}
    if framework not in devices:
        devices[framework] = device(framework)
    made["device"], made["device_type"] = devices[framework]
    made["threads"] = len(processors())
    made["throughput_images_per_s"] = batch / time["median_s"]
    made["samples"] = time["samples"]
    if case.get("peak_memory_bytes") is not None:
        made["memory_mb"] = case["peak_memory_bytes"] / 1e6
    if case.get("first_call_s") is not None:
        made["first_call_ms"] = 1e3 * case["first_call_s"]
    if case.get("load_s") is not None:
        made["load_s"] = case["load_s"]
    compiled = [metric["value"] for metric in case.get("observed", ()) if metric["name"] == "compile_time"]
    return made | ({"compile_time_s": compiled[0]} if compiled else {})


def processors():
    """Returns the processors that this process, and all that it starts, may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def use_only(count):
    """Leaves so many processors to this process, and to all that it starts: frameworks start a thread for each."""
    free = sorted(processors())
    if not 1 <= count <= len(free):
        sys.exit(f"expected --threads 1 to {len(free)}, the processors that may be used here, found {count}")
    if not hasattr(os, "sched_setaffinity"):
        sys.exit("--threads needs Linux: frameworks have no common setting for it")
    os.sched_setaffinity(0, free[:count])


def version(record, case, framework):
    """Returns the version of the engine."""
    if framework == "candle":
        locked = re.search(r'name = "candle-core"\nversion = "([^"]+)"', (REPOSITORY / "Cargo.lock").read_text())
        return locked[1] if locked else ""
    engines = {**record["environment"].get("engines", {}), **case.get("build", {}).get("engines", {})}
    return engines.get("torch" if framework == "torch_compile" else framework, "")


def text(rows):
    """Returns the table as text: `~` marks percentiles with too few samples."""
    shown = [("framework", "model", "batch", *TIMES, "images/s", "memory", "compile")]
    for made in rows:
        name = (made["framework"], made["model"], str(made["batch"]))
        if "samples" not in made:
            shown.append((*name, made["status"]))
            continue
        mark = {p: "" if made[f"{p}_supported"] else "~" for p in ("p95", "p99")}
        times = [f"{mark.get(p, '')}{made[f'latency_{p}_ms']:.1f} ms" if f"latency_{p}_ms" in made else "" for p in TIMES]
        rest = (f"{made['throughput_images_per_s']:.2f}", unit(made, "memory_mb", "MB"), unit(made, "compile_time_s", "s"))
        shown.append((*name, *times, *rest))
    full = [line for line in shown if len(line) == len(shown[0])]
    widths = [max(len(line[at]) for line in full) for at in range(len(shown[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths)))
        if len(line) == len(widths)
        else "  ".join(line)
        for line in shown
    )


def unit(made, column, name):
    """Returns a figure with its unit, or nothing."""
    value = made.get(column)
    if value is None:
        return ""
    return f"{value:.0f} {name}" if value >= 100 else f"{value:.2f} {name}"


def main():
    """Measures, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", default="1,8", help="images of a batch (%(default)s)")
    parser.add_argument("--no-candle", action="store_true", help="leave out candle, which cargo has to build")
    parser.add_argument("--threads", type=int, help="processors, and so threads, that a framework may use (all)")
    parser.add_argument("--csv", default="frameworks.csv", help="where to write the rows (%(default)s)")
    chosen, arguments = parser.parse_known_args()
    batches = [int(batch) for batch in chosen.batch.split(",")]
    if chosen.threads is not None:
        use_only(chosen.threads)
    rows, devices = [], {}
    measured = [measure_python]
    if chosen.no_candle or shutil.which("cargo") is None:
        why = "" if chosen.no_candle else ": cargo was not found, see https://rustup.rs"
        print(f"candle is left out{why}", file=sys.stderr)
    else:
        measured.append(measure_candle)
    for measure in measured:
        with tempfile.TemporaryDirectory() as folder:
            record = measure(batches, arguments, folder)
            if record is None:
                sys.exit("nothing was measured: the reason stands above")
            rows += [row(record, case, devices) for case in record["cases"] if case["status"] != "not_run"]
    rows.sort(key=lambda made: (MODELS.index(made["model"]), made["batch"], made["framework"]))
    print(text(rows))
    with open(chosen.csv, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    print(f"\nrows: {chosen.csv}")
    return 0 if all(made["status"] == "ok" or made["status"].startswith("skipped") for made in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
