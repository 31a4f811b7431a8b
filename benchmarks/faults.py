"""Fault trials: what is left when processes are killed at random moments. Used by `benchmarks/measure faults`."""

import json
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "crates/bench-cli/tests/fixtures/python_program.py"
QUICK = ["--rounds", "3", "--repeats", "4", "--warmup", "1", "--quiet"]

# Nothing that is tried here takes a tenth of this.
HANG_S = 120


class Trial:
    """What was found in a number of kills."""

    def __init__(self, what):
        self.what, self.kills, self.checked = what, 0, 0
        self.lost, self.panics, self.hangs, self.left = [], [], [], []

    def said(self, text):
        """Looks for panics in what a process has printed."""
        if "panicked at" in text:
            self.panics.append(text[-400:])

    def row(self):
        counts = [self.kills, self.checked, *(len(found) for found in (self.lost, self.panics, self.hangs, self.left))]
        return f"| {self.what} | " + " | ".join(map(str, counts)) + " |"

    def is_clean(self):
        return not (self.lost or self.panics or self.hangs or self.left)


def environment():
    """Without flags of the harness."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BENCH_")}


def start(command, folder):
    return subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(process, trial):
    """Its output; one that does not end is killed and counted."""
    try:
        said, _ = process.communicate(timeout=HANG_S)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
        trial.hangs.append(" ".join(map(str, process.args)))
    trial.said(said)
    return said


def ended(command, folder, trial):
    process = start(command, folder)
    return end(process, trial), process.returncode


def stage(folder):
    """A folder with a program of its own."""
    folder.mkdir(parents=True)
    (folder / "Cargo.lock").touch()
    program = folder / "speed.py"
    shutil.copy(PROGRAM, program)
    program.chmod(0o755)
    return folder


def run_command(bench):
    return [bench, "run", "./speed.py", *QUICK]


def rounds_of_journal(text):
    """How many rounds of each case have whole lines.

    >>> rounds_of_journal('{"type":"round","case":"unit/a"}\\n{"type":"round","case":"unit/a"}\\n{"type":"rou')
    {'unit/a': 2}
    """
    rounds = {}
    for line in text.splitlines(keepends=True):
        if line.endswith("\n") and '"type":"round"' in line:
            case = json.loads(line)["case"]
            rounds[case] = rounds.get(case, 0) + 1
    return rounds


def rounds_of_record(record):
    return {case["id"]: len(case["rounds"]) for case in record["cases"]}


def workers_below(folder, runner):
    """Processes that run the program of this folder, other than `bench` itself, whose id is `runner`."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == str(folder) and b"speed.py" in (entry / "cmdline").read_bytes():
                if int(entry.name) != runner:
                    found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_until(is_so, patience_s):
    until = time.monotonic() + patience_s
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    return is_so()


def kill_runners(bench, count, folder):
    """Kills the runner, and compares what its journal held with what is read of it."""
    trial, stage_folder = Trial("`kill -9` of the runner"), stage(folder / "runner")
    results = stage_folder / "benchmark_results"
    began = time.monotonic()
    ended(run_command(bench), stage_folder, trial)
    whole_s = time.monotonic() - began
    for _ in range(count):
        before = set(results.iterdir())
        process = start(run_command(bench), stage_folder)
        time.sleep(random.uniform(0, whole_s))
        process.kill()
        trial.kills += 1
        end(process, trial)
        if not wait_until(lambda: not workers_below(stage_folder, process.pid), 10):
            trial.left.append(str(workers_below(stage_folder, process.pid)))
        for run in (path for path in set(results.iterdir()) - before if path.is_dir() and not path.is_symlink()):
            journal = run / "journal.jsonl"
            known = rounds_of_journal(journal.read_text(errors="replace")) if journal.exists() else {}
            if not known and not (run / "run.json").exists():
                continue
            trial.checked += 1
            said, code = ended([bench, "store", "add", run.name], stage_folder, trial)
            shown, _ = ended([bench, "store", "show", run.name], stage_folder, trial)
            try:
                kept = rounds_of_record(json.loads(shown))
            except ValueError:
                kept = {}
            if code != 0 or not kept or any(kept.get(case, 0) < rounds for case, rounds in known.items()):
                trial.lost.append(f"{run.name}: {known} in the journal, {kept} in the store ({said.strip()})")
    said, _ = ended([bench, "store", "verify"], stage_folder, trial)
    if "no damage" not in said:
        trial.lost.append(said)
    return trial


def kill_workers(bench, count, folder):
    """Kills a worker: its case fails and says so, and the others are measured."""
    trial, stage_folder = Trial("`kill -9` of a worker"), stage(folder / "worker")
    while trial.kills < count:
        process = start(run_command(bench) + ["--output-dir", f"results-{trial.kills}"], stage_folder)
        time.sleep(random.uniform(0.1, 0.6))
        killed = None
        for worker in workers_below(stage_folder, process.pid):
            try:
                os.kill(worker, signal.SIGKILL)
                killed = worker
                break
            except ProcessLookupError:
                continue
        end(process, trial)
        results = stage_folder / f"results-{trial.kills}"
        if killed is None:
            shutil.rmtree(results, ignore_errors=True)
            continue
        trial.kills += 1
        try:
            record = json.loads((results / "latest/run.json").read_text())
        except (OSError, ValueError) as error:
            # A program that is killed while it lists its cases has none.
            if process.returncode != 2:
                trial.lost.append(f"no record ({error}), exit code {process.returncode}")
            continue
        trial.checked += 1
        failed = [case["id"] for case in record["cases"] if case["status"] == "failed"]
        lost = [case["id"] for case in record["cases"] if case["status"] == "not_run"]
        if lost or len(failed) > 1 or (process.returncode == 1) != bool(failed):
            trial.lost.append(f"failed: {failed}, not run: {lost}, exit code {process.returncode}")
        shutil.rmtree(results, ignore_errors=True)
    return trial


class Server:
    """A PostgreSQL server in a folder of its own; as another user for root, whom it refuses."""

    def __init__(self, folder):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        self.programs = programs[-1].parent if programs else None
        self.folder = folder
        self.user = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        self.process = None

    def command(self, program, *arguments):
        options = {"user": self.user.pw_uid, "group": self.user.pw_gid} if self.user else {}
        return subprocess.Popen([str(self.programs / program), *arguments], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)

    def create(self):
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        if self.command("initdb", "-D", str(self.folder / "data"), "-U", "bench", "-A", "trust").wait() != 0:
            raise SystemExit("initdb failed")

    def start(self):
        self.process = self.command("postgres", "-D", str(self.folder / "data"), "-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}")

    def kill(self):
        """All of its processes, as the kernel would that has no memory left."""
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and f"\nPPid:\t{self.process.pid}\n" in (entry / "status").read_text():
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def url(self):
        return f"postgres://bench@{urllib.parse.quote(str(self.folder), safe='')}/postgres"


def kill_postgres(bench, count, writers, folder):
    """Kills the server while runs are added: what was said to be added is there, once."""
    trial, stage_folder = Trial(f"`kill -9` of PostgreSQL under {writers} writers"), stage(folder / "postgres")
    with tempfile.TemporaryDirectory(prefix="bench-pg", dir="/tmp") as place:
        server = Server(pathlib.Path(place))
        if server.programs is None:
            print("PostgreSQL is not installed (no /usr/lib/postgresql/*/bin): its trial is left out")
            return None
        server.create()
        server.start()
        ended(run_command(bench), stage_folder, trial)
        record = json.loads((stage_folder / "benchmark_results/latest/run.json").read_text())
        add = lambda name: [bench, "store", "add", f"./{name}.json", "--store", server.url()]
        added, waiting, number, due = set(), {}, 0, time.monotonic()
        while trial.kills < count or waiting:
            while trial.kills < count and len(waiting) < writers:
                name = f"run-{number:05}"
                number += 1
                (stage_folder / f"{name}.json").write_text(json.dumps({**record, "run": name}))
                waiting[name] = (start(add(name), stage_folder), time.monotonic())
            if trial.kills < count and time.monotonic() >= due:
                server.kill()
                trial.kills += 1
                server.start()
                due = time.monotonic() + random.uniform(0.5, 2.0)
            for name, (process, since) in list(waiting.items()):
                if process.poll() is None and time.monotonic() - since < HANG_S:
                    continue
                said = end(process, trial)
                del waiting[name]
                if process.returncode == 0:
                    added.add(name)
                elif not re.search(r"cannot be reached|is locked", said):
                    trial.lost.append(f"{name}: exit code {process.returncode}: {said.strip()}")
            time.sleep(0.01)
        listed, _ = ended([bench, "store", "list", "--store", server.url()], stage_folder, trial)
        there = re.findall(r"run-\d{5}", listed)
        trial.checked = len(added)
        trial.lost += [f"{name} was added and is not there" for name in added - set(there)]
        trial.lost += [f"{name} is there twice" for name in set(there) if there.count(name) > 1]
        said, _ = ended([bench, "store", "verify", "--store", server.url()], stage_folder, trial)
        if "no damage" not in said:
            trial.lost.append(said.strip())
        server.stop()
    return trial


def faults(bench, runners, workers, servers, writers):
    """All trials, as a table; whether nothing was lost, panicked, hung or was left."""
    with tempfile.TemporaryDirectory(prefix="bench-faults") as place:
        folder = pathlib.Path(place).resolve()
        trials = [
            kill_runners(bench, runners, folder) if runners else None,
            kill_workers(bench, workers, folder) if workers else None,
            kill_postgres(bench, servers, writers, folder) if servers else None,
        ]
    trials = [trial for trial in trials if trial is not None]
    print("| trial | kills | checked | lost | panics | hangs | processes left |\n|---|---|---|---|---|---|---|")
    for trial in trials:
        print(trial.row())
    for trial in trials:
        for found in (trial.lost + trial.panics + trial.hangs + trial.left)[:10]:
            print(f"\n{trial.what}: {found}")
    return all(trial.is_clean() for trial in trials)
