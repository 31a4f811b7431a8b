"""How often `bench compare` errs and how often it decides, by `bench calibrate`. Used by `benchmarks/measure power`."""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from common import run

SPIN = [sys.executable, "-c", "while True: pass"]


def calibrated(bench, executable, repeats, *arguments):
    """All comparisons, by case, of a program against itself."""
    with tempfile.TemporaryDirectory() as folder:
        document = pathlib.Path(folder) / "calibration.json"
        run([bench, "calibrate", executable, "--repeats", str(repeats), "--quiet", "--json", document, *arguments], cwd=folder)
        by_case = {}
        for comparison in json.loads(document.read_text())["comparisons"]:
            for case in comparison["cases"]:
                by_case.setdefault(case["id"].rpartition("/")[2], []).append(case)
        return by_case


def beside_a_spinning_process(measure):
    """What `measure` returns while another process keeps a processor busy."""
    spinning = subprocess.Popen(SPIN)
    try:
        return measure()
    finally:
        spinning.kill()
        spinning.wait()


def share(cases, *verdicts):
    """
    >>> share([{"verdict": "slower"}, {"verdict": "unsure"}], "slower")
    '1 of 2'
    """
    return f"{sum(case['verdict'] in verdicts for case in cases)} of {len(cases)}"


def power(bench, executable, repeats, seconds):
    """Prints the table: a row a case, and one of all together."""
    time = ["--max-time", f"{seconds}s"]
    same = calibrated(bench, executable, repeats, *time)
    injected = lambda *arguments: calibrated(bench, executable, max(1, repeats // 2), *time, "--inject", *arguments)
    slower = injected("2%")
    busy = beside_a_spinning_process(lambda: injected("2%"))
    fine = injected("1%", "--threshold", "0.3%")
    columns = ["case", "against itself: called changed", "`same`", "seconds each", "2 % more work: slower", "seconds each"]
    columns += ["2 %, one processor kept busy: slower", "1 %, `--threshold 0.3%`: slower", "wrong sign", "intervals that hold the truth"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name in sorted(same):
        print(row(name, *(found.get(name, []) for found in (same, slower, busy, fine))))
    everything = [[case for cases in found.values() for case in cases] for found in (same, slower, busy, fine)]
    print(row("all", *everything))


def row(name, same, slower, busy, fine):
    """One row of the table."""
    seconds = lambda cases: f"{statistics.median(case['seconds'] for case in cases):.1f}" if cases else ""
    wrong = sum(case["verdict"] == "faster" for case in slower + busy + fine)
    held = lambda cases, truth: [case["interval"]["low"] <= truth <= case["interval"]["high"] for case in cases if case["interval"]]
    holds = held(same, 0.0) + held(slower, 0.02) + held(busy, 0.02) + held(fine, 0.01)
    cells = [name, share(same, "faster", "slower"), share(same, "same"), seconds(same), share(slower, "slower"), seconds(slower)]
    cells += [share(busy, "slower"), share(fine, "slower"), str(wrong), f"{sum(holds)} of {len(holds)}"]
    return f"| {' | '.join(cells)} |"
