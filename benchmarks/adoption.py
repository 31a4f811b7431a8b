"""Other people's benchmarks, as they are. Used by `benchmarks/measure adoption`."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from common import CRITERION_CHANGED, CRITERION_SAME, ROOT, run

LIST = ["--list", "--format", "terse"]
COLUMNS = ["project", "bench target", "cases by its own list", "of these found", "measured", "compared with itself", "`same`"]
COLUMNS += ["called changed", "by criterion itself", "the facade compiles", "and lists of its own list"]


def executables(checkout):
    """Path, by name, of every bench target that cargo builds in a checkout, and the folder in which cargo would run it."""
    build = ["cargo", "bench", "--no-run", "--benches", "--message-format=json-render-diagnostics"]
    for which in (["--workspace"], []):  # members that need other tools stand in nobody's way
        done = subprocess.run([*build, *which], cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            break
    else:
        return {}, next((line for line in done.stderr.splitlines() if line.startswith("error")), "no word of why")
    found = {}
    for line in done.stdout.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("executable") and message["target"]["kind"] == ["bench"]:
            found[message["target"]["name"]] = (message["executable"], pathlib.Path(message["manifest_path"]).parent)
    return found, ""


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


def listed(bench, executable, folder):
    """What `bench run` lists, without the category: the names that the harness itself gives."""
    done = subprocess.run([bench, "run", executable, *LIST], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return {line.removeprefix("performance/") for line in names(done.stdout)}


def held(own, ours):
    """How many names of the executable's own list are in ours. In its list, criterion cuts names that are longer than 100 characters.

    >>> held({"a/b", "c/0123...", "d/9..."}, {"a/b", "c/012345", "e"})
    2
    """
    cut = [name.removesuffix("...") for name in own - ours if name.endswith("...")]
    return len(own & ours) + sum(any(name.startswith(head) for name in ours) for head in cut)


def renamed(manifest, crates):
    """A manifest in which `criterion` and `divan` are the facades in the folder `crates`, and nothing else has changed.

    >>> print(renamed('criterion = "0.5"', "F"))
    criterion = { package = "criterion-facade", path = "F/criterion-facade" }
    >>> print(renamed('divan = "0.1"', "F"))
    divan = { package = "divan-facade", path = "F/divan-facade" }
    >>> print(renamed('criterion = { version = ">=0.4, <0.9", package = "other", features = ["a", "b"] }', "F"))
    criterion = { package = "criterion-facade", path = "F/criterion-facade", features = ["a", "b"] }
    >>> print(renamed('[dev-dependencies.criterion]\\nversion = "0.5"\\noptional = true\\n', "F"))
    [dev-dependencies.criterion]
    package = "criterion-facade"
    path = "F/criterion-facade"
    optional = true
    <BLANKLINE>
    >>> print(renamed('criterion = { workspace = true }', "F"))
    criterion = { workspace = true }
    """
    for harness in ("criterion", "divan"):
        manifest = with_one_renamed(manifest, harness, f"{crates}/{harness}-facade")
    return manifest


def with_one_renamed(manifest, harness, path):
    """A manifest in which a harness is the facade in `path`."""
    facade = [f'package = "{harness}-facade"', f'path = "{path}"']

    def inline(found):
        kept = [entry.strip() for entry in re.findall(r'(?:"[^"]*"|\[[^\]]*\]|[^,])+', found[2])]
        if "workspace = true" in kept:
            return found[0]
        return found[1] + f"{{ {', '.join(facade + [entry for entry in kept if not re.match('version|package', entry)])} }}"

    def table(found):
        kept = [line for line in found[2].splitlines() if not re.match("version|package", line)]
        return "\n".join([found[1], *facade, *kept, ""])

    manifest = re.sub(rf'^({harness}\s*=\s*)"[^"]*"', rf"\1{{ {', '.join(facade)} }}", manifest, flags=re.M)
    manifest = re.sub(rf"^({harness}\s*=\s*)\{{(?!.*{harness}-facade)(.*)\}}", inline, manifest, flags=re.M)
    return re.sub(rf"^(\[.*dependencies\.{harness}\])\n((?:(?!\[).*\n)*)", table, manifest, flags=re.M)


def top_of(checkout):
    """The folder of the whole repository."""
    return pathlib.Path(run(["git", "rev-parse", "--show-toplevel"], cwd=checkout).strip())


def with_facade(checkout, folder):
    """Bench targets of a copy of the checkout in which one dependency is renamed; `None` if it has neither criterion nor divan."""
    top = top_of(checkout)
    copy = pathlib.Path(folder) / top.name  # of all of it: a workspace of benchmarks depends on what lies beside it
    shutil.copytree(top, copy, symlinks=True, ignore=shutil.ignore_patterns("target", ".git"))
    changed = False
    for manifest in (copy / checkout.relative_to(top)).rglob("Cargo.toml"):
        text = manifest.read_text()
        other = renamed(text, ROOT / "crates")
        if other != text:
            manifest.write_text(other)
            changed = True
    return executables(copy / checkout.relative_to(top)) if changed else (None, "")


def by_criterion(executable, folder, cases, seconds):
    """How many cases criterion calls changed between two runs of one executable, and of how many it says anything, in as much
    time as `bench compare` takes; of none where the executable is no criterion's."""
    pattern = f"^({'|'.join(map(re.escape, cases))})$"
    with tempfile.TemporaryDirectory() as home:
        run_for = [executable, "--bench", "--warm-up-time", str(seconds / 6), "--measurement-time", str(seconds / 3), "--noplot", pattern]
        environment = dict(os.environ, CRITERION_HOME=home)
        run([*run_for, "--save-baseline", "before"], accept=range(256), cwd=folder, env=environment)
        return criterion_says(run([*run_for, "--baseline", "before"], accept=range(256), cwd=folder, env=environment))


def criterion_says(out):
    """
    >>> criterion_says("Performance has regressed.\\nNo change in performance detected.\\nChange within noise threshold.\\n")
    (1, 3)
    >>> criterion_says("error: Unrecognized option: 'warm-up-time'")
    (0, 0)
    """
    changed = len(re.findall(CRITERION_CHANGED, out))
    return changed, changed + len(re.findall(CRITERION_SAME, out))


def adopt(checkout, bench, seconds, limit, judged):
    """One row for each bench target of a project."""
    found, wrong = executables(checkout)
    project = top_of(checkout).name
    if wrong:
        return [[project, f"does not build: {wrong}", *[""] * (len(COLUMNS) - 2)]]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        facade, refused = with_facade(checkout, folder)
        for name, (executable, where) in sorted(found.items()):
            own = own_list(executable, where)
            ours = listed(bench, executable, where)
            if not own and not ours:
                continue
            row = [len(own), held(own, ours), *itself(bench, executable, where, seconds, limit, judged)]
            if facade is None:
                row += ["", ""]
            else:
                row += ["no: " + refused if refused else "yes" if name in facade else "no"]
                row += [held(own, listed(bench, *facade[name])) if name in facade else 0]
            rows.append([project, name, *map(str, row)])
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    return rows


def itself(bench, executable, folder, seconds, limit, judged):
    """Cases measured in a run; then, of about `limit` of them at most, comparisons, `same` and changed; and of the
    first `judged` of these, how many criterion calls changed."""
    with tempfile.TemporaryDirectory() as results:
        command = [bench, "run", executable, "--rounds", "1", "--max-time", "300ms", "--quiet", "--output-dir", results]
        run(command, accept=(0, 1), cwd=folder)
        record = json.loads((pathlib.Path(results) / "latest/run.json").read_text())
        states = [case["status"] for case in record["cases"]]
        parts = -(-len(states) // limit)
        command = [bench, "compare", executable, executable, "--partition", f"1/{parts}", "--max-time", f"{seconds}s", "--quiet"]
        run([*command, "--output-dir", f"{results}/pairs"], accept=(0, 1, 2, 3), cwd=folder)
        cases = [case for document in pathlib.Path(results, "pairs").glob("*/comparison.json") for case in json.loads(document.read_text())["cases"]]
    verdicts = [case["verdict"] for case in cases]
    named = {case["id"].removeprefix("performance/") for case in cases}
    count = lambda *words: sum(verdicts.count(word) for word in words)
    asked = sorted(named)[:judged]
    changed, told = by_criterion(executable, folder, asked, seconds) if asked else (0, 0)
    theirs = f"{changed} of {told}" if told else ""
    return states.count("ok"), len(verdicts), count("same"), count("faster", "slower"), theirs


def adoption(checkouts, bench, seconds, limit, judged):
    """Prints the table."""
    rows = [row for checkout in checkouts for row in adopt(checkout.resolve(), bench, seconds, limit, judged)]
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    total = lambda column: sum(int(row[column]) for row in rows if row[column].isdigit())
    compile_well = sum(row[9] == "yes" for row in rows)
    judged = [list(map(int, row[8].split(" of "))) for row in rows if row[8]]
    theirs = f"{sum(changed for changed, _ in judged)} of {sum(asked for _, asked in judged)}"
    totals = [*map(total, range(2, 8)), theirs, f"{compile_well} of {sum(bool(row[9]) for row in rows)}", total(10)]
    print(f"| together | {len(rows)} | {' | '.join(map(str, totals))} |")
