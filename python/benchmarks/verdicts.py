"""How often `bench compare` errs on Python, and how often it decides: eight kernels, and two equal virtual environments.

    python python/benchmarks/verdicts.py [--repeats 50] [--more 3%] [--environments FOLDER]

Same against same: the kernels under one virtual environment and under its twin at another path. More work: the kernels
with 100 turns and with 103, under one of them. Both environments are made with `python -m venv` and pip, once.
With `--kept FILE` the comparisons of earlier runs count, too: 400 of them need not be made in one go.
Exits with 1 if an equal kernel was called changed, or less than 95 % of the work that was added was found.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench_models import command

PYTHON = Path(__file__).resolve().parents[1]
KERNELS = PYTHON.parent / "benchmarks" / "python_kernels"
PACKAGES = ["numpy", "jax"]
FOUND = 0.95


def environments(folder: Path) -> list[Path]:
    """Returns the interpreters of two equal environments, whose paths differ in length, too."""
    interpreters = []
    for name in ("one", "the-other-one"):
        interpreter = folder / name / "bin" / "python"
        if not interpreter.exists():
            print(f"making {interpreter.parent.parent} with {', '.join(PACKAGES)}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
            subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        interpreters.append(interpreter)
    return interpreters


def compared(bench: str, arguments: list[object], max_time: str) -> list[dict]:
    """Returns the cases of one comparison."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder, "comparison.json")
        line = [bench, "compare", *arguments, "--max-time", max_time, "--quiet", "--json", document]
        # An installed package is compiled, too.
        environment = {**os.environ, "PYTHONPATH": str(PYTHON), "PYTHONDONTWRITEBYTECODE": ""}
        ended = subprocess.run([str(part) for part in line], cwd=folder, env=environment, capture_output=True, text=True)
        if not document.exists():
            sys.exit(f"{line} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
        return json.loads(document.read_text())["cases"]


def kernels(folder: Path, name: str, turns: int) -> Path:
    """Returns the path of a copy of the kernels with so many turns."""
    copy = folder / name
    shutil.copytree(KERNELS, copy, ignore=shutil.ignore_patterns("__pycache__", "benchmark_results"))
    file = copy / "kernels.py"
    file.write_text(file.read_text().replace("TURNS = 100\n", f"TURNS = {turns}\n"))
    (copy / "pyproject.toml").touch()
    return copy


def by_kernel(comparisons: list[list[dict]]) -> dict[str, list[dict]]:
    """Returns the cases of all comparisons by kernel."""
    found: dict[str, list[dict]] = {}
    for case in (case for cases in comparisons for case in cases):
        found.setdefault(case["id"].rpartition("/")[2], []).append(case)
    return found


def count(cases: list[dict], *verdicts: str) -> int:
    return sum(case["verdict"] in verdicts for case in cases)


def interval(hits: int, of: int) -> str:
    """Returns the 95 % interval of a share (Wilson) in percent; for 0 hits the exact upper end."""
    if of == 0:
        return "unknown"
    if hits == 0:
        return f"0 to {100 * (1 - 0.025 ** (1 / of)):.1f} %"
    z, share = 1.96, hits / of
    middle, spread = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low, high = ((middle + side * spread) / (1 + z * z / of) for side in (-1, 1))
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def seconds(cases: list[dict]) -> str:
    taken = [case["seconds"] for case in cases if case.get("seconds") is not None]
    return f"{statistics.median(taken):.1f}" if taken else ""


def row(name: str, same: list[dict], more: list[dict], added: float) -> str:
    """Returns one row of the table."""
    held = [
        case["interval"]["low"] <= truth <= case["interval"]["high"]
        for cases, truth in ((same, 0.0), (more, added)) for case in cases if case.get("interval")
    ]  # fmt: skip
    cells = [
        name, f"{count(same, 'slower', 'faster')} of {len(same)}", str(count(same, "same")), seconds(same),
        f"{count(more, 'slower')} of {len(more)}", seconds(more), f"{sum(held)} of {len(held)}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Measures, prints the table, and says whether both aims are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=50, help="comparisons of each kernel with itself")
    parser.add_argument("--more-repeats", type=int, default=None, help="comparisons with more work; as many if not given")
    parser.add_argument("--more", default="3%", help="how much more work the changed kernels do")
    parser.add_argument("--max-time", default="10s", help="of each case")
    parser.add_argument("--kept", type=Path, help="a file to which comparisons are added, and whose earlier ones count")
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir(), "bench-models-environments"))
    asked = parser.parse_args()
    bench = command.find()
    if bench is None:
        sys.exit(command.MISSING)
    added = float(asked.more.rstrip("%")) / 100
    pair = environments(asked.environments)
    kept = json.loads(asked.kept.read_text()) if asked.kept and asked.kept.exists() else {"same": [], "more": []}
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text).resolve()
        base, slower = kernels(folder, "kernels", 100), kernels(folder / "more", "kernels", round(100 * (1 + added)))
        twins = [base, "--interpreter", pair[0], "--interpreter", pair[1]]
        changed = [base, slower, "--interpreter", pair[0]]
        more_repeats = asked.repeats if asked.more_repeats is None else asked.more_repeats
        for kind, sides, repeats in (("same", twins, asked.repeats), ("more", changed, more_repeats)):
            for _ in range(repeats):
                kept[kind].append(compared(bench, sides, asked.max_time))
                if asked.kept:
                    asked.kept.write_text(json.dumps(kept))
    same, more = by_kernel(kept["same"]), by_kernel(kept["more"])
    columns = ["kernel", "against itself: called changed", "`same`", "seconds each", f"{asked.more} more work: slower"]
    columns += ["seconds each", "intervals that hold the truth"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for name in sorted(same | more):
        print(row(name, same.get(name, []), more.get(name, []), added))
    all_same, all_more = ([case for cases in found.values() for case in cases] for found in (same, more))
    print(row("all", all_same, all_more, added))
    wrong, found = count(all_same, "slower", "faster"), count(all_more, "slower")
    print(f"\ncalled changed: {wrong} of {len(all_same)} (95 % interval {interval(wrong, len(all_same))})")
    print(f"found: {found} of {len(all_more)} (95 % interval {interval(found, len(all_more))})")
    return 0 if wrong == 0 and found >= FOUND * len(all_more) else 1


if __name__ == "__main__":
    sys.exit(main())
