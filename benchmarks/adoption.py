"""Other people's benchmarks, as they are. Used by `benchmarks/measure adoption`."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from common import run

LIST = ["--list", "--format", "terse"]


def executables(checkout):
    """Name and path of every bench target that cargo builds in a checkout, and the folder in which cargo would run it."""
    command = ["cargo", "bench", "--no-run", "--message-format=json-render-diagnostics"]
    done = subprocess.run(command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1:]
    found = []
    for line in done.stdout.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("executable") and message["target"]["kind"] == ["bench"]:
            folder = pathlib.Path(message["manifest_path"]).parent
            found.append((message["target"]["name"], message["executable"], folder))
    return found, []


def own_list(executable, folder):
    """What the executable itself lists: criterion, divan (for cargo-nextest only) and libtest write a name a line.

    Before 0.5 criterion took no format, and wrote `name: bench`.
    """
    environment = dict(os.environ, NEXTEST="1")
    for arguments in (["--bench", *LIST], ["--bench", "--list"]):
        done = subprocess.run([executable, *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if done.returncode == 0:
            return names(done.stdout)
    return set()


def names(listed):
    """
    >>> sorted(names("said by the benchmark\\na/b: benchmark\\nc d: bench\\ne: test\\n"))
    ['a/b', 'c d']
    """
    return set(re.findall(r"^(.*): bench(?:mark)?$", listed, re.M))


def adopt(checkout, bench, seconds):
    """One row for each bench target of a project."""
    found, wrong = executables(checkout)
    if found is None:
        return [[checkout.name, "does not build: " + " ".join(wrong), *[""] * 6]]
    rows = []
    for name, executable, folder in found:
        own = own_list(executable, folder)
        listed = subprocess.run([bench, "run", executable, *LIST], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ours = {line.removeprefix("performance/") for line in names(listed.stdout)}
        if not own and not ours:
            continue
        with tempfile.TemporaryDirectory() as results:
            command = [bench, "run", executable, "--rounds", "1", "--quiet", "--output-dir", results]
            run(command, accept=(0, 1), cwd=folder)
            record = json.loads((pathlib.Path(results) / "latest/run.json").read_text())
            states = [case["status"] for case in record["cases"]]
            command = [bench, "compare", executable, executable, "--max-time", f"{seconds}s", "--quiet", "--output-dir", f"{results}/pairs"]
            run(command, accept=(0, 1, 3), cwd=folder)
            (document,) = pathlib.Path(results, "pairs").glob("*/comparison.json")
            verdicts = [case["verdict"] for case in json.loads(document.read_text())["cases"]]
        count = lambda *words: sum(verdicts.count(word) for word in words)
        row = [len(own), len(own & ours), states.count("ok"), len(verdicts), count("same"), count("faster", "slower")]
        rows.append([checkout.name, name, *map(str, row)])
        print(f"{checkout.name} {name}: {row}", file=sys.stderr)
    return rows


def adoption(checkouts, bench, seconds):
    """Prints the table."""
    print("| project | bench target | own list | of these found | measured | compared with itself | `same` | called changed |\n|---|---|---|---|---|---|---|---|")
    rows = [row for checkout in checkouts for row in adopt(checkout.resolve(), bench, seconds)]
    for row in rows:
        print(f"| {' | '.join(row)} |")
    total = lambda column: sum(int(row[column]) for row in rows if row[column])
    print(f"| together | {len(rows)} | {' | '.join(str(total(column)) for column in range(2, 8))} |")
