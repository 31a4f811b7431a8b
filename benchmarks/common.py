"""What the measurements of `benchmarks/measure` have in common."""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What criterion says of a benchmark that it has compared.
CRITERION_CHANGED = r"Performance has (?:improved|regressed)\."
CRITERION_SAME = r"No change in performance detected\.|Change within noise threshold\."


def run(command, accept=(0,), **options):
    """Runs a command to its end; its output is shown only if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode not in accept:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}")
    return done.stdout


def wall(command, **options):
    """Seconds a command takes."""
    began = time.perf_counter()
    run(command, **options)
    return time.perf_counter() - began


def machine():
    """One line on what this was measured on."""
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    toolchain = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True).stdout.strip()
    load = os.getloadavg()[0]
    return f"{model.group(1) if model else 'unknown processor'}, {os.cpu_count()} cores, {toolchain}, load {load:.2f}"


def spread(values, unit, scale=1.0):
    """Median and range of repeated measurements."""
    values = [value * scale for value in values]
    if len(values) == 1:
        return f"{values[0]:.1f} {unit}"
    return f"{statistics.median(values):.1f} {unit} ({min(values):.1f} to {max(values):.1f}, {len(values)} times)"
