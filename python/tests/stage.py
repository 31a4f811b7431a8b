"""A folder of benchmarks, listed and measured as a runner does it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

# The tests of an installed package are copied out of the repository, so that they cannot import what lies beside them.
REPOSITORY = Path(os.environ.get("BENCH_MODELS_TABLES") or Path(__file__).parents[2])
PACKAGE = Path(__file__).parents[1]


class Stage:
    """A folder of its own for a test, without the marks of a project around it."""

    def __init__(self, **files):
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name).resolve()
        (self.path / "pyproject.toml").touch()
        for name, text in files.items():
            self.write(name, text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def write(self, name, text):
        """Writes a file; `__` in a bare name stands for a slash, and `.py` is added."""
        path = self.path / (name if "." in name else name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def environment(self, **variables):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("BENCH_")}
        # Installed packages are tested where they are installed.
        if "BENCH_MODELS_INSTALLED" not in os.environ:
            kept["PYTHONPATH"] = str(PACKAGE)
        return {**kept, **variables}

    def run(self, *arguments, **variables):
        command = [sys.executable, "-m", "bench_models", *map(str, arguments)]
        return subprocess.run(
            command, cwd=self.path, env=self.environment(**variables), capture_output=True, text=True, timeout=60
        )

    def list(self):
        """Returns the list of the folder, and what was said on stderr."""
        ended = self.run(self.path, "--list", "--format", "json")
        assert ended.returncode == 0, ended
        return json.loads(ended.stdout), ended.stderr

    def cases(self):
        """Returns the listed cases by id."""
        return {case["id"]: case for case in self.list()[0]["cases"]}

    def worker(self, **variables):
        return Worker(self, variables)

    def measure(self, case, mode="sample", **wanted):
        """Measures a case in a worker of its own; returns its frames."""
        with self.worker() as worker:
            return worker.measure(case, mode, **wanted)


class Worker:
    """A worker process and the runner's end of its channel."""

    def __init__(self, stage, variables, program=None):
        ours, theirs = socket.socketpair()
        # A file, which takes whatever is said.
        self.errors = tempfile.TemporaryFile()
        address = f"unix:{theirs.fileno():010}:{os.getpid():010}"
        self.process = subprocess.Popen(
            program or [sys.executable, "-m", "bench_models", str(stage.path)],
            env=stage.environment(BENCH_WORKER_CHANNEL=address, **variables),
            cwd=stage.path, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self.errors,
        )  # fmt: skip
        theirs.close()
        ours.settimeout(60)
        self.socket, self.reader = ours, ours.makefile("rb")
        self.ready = self.frame()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def frame(self):
        line = self.reader.readline()
        return json.loads(line) if line else None

    def send(self, **command):
        self.socket.sendall(json.dumps(command).encode() + b"\n")

    def measure(self, case, mode="sample", **wanted):
        """Sends `measure`, and returns the frames to the last one."""
        self.send(**{
            "type": "measure", "case": case, "round": 0, "mode": mode, "warmup": 2, "samples": 3,
            "slice_ns": 20_000_000, "hard_stop": False, "probes": None, **wanted,
        })  # fmt: skip
        frames = []
        while (frame := self.frame()) is not None:
            frames.append(frame)
            if frame["type"] in ("finished", "failed", "skipped"):
                break
        return frames

    def close(self):
        """Closes the channel; returns the exit code, and what was said on stderr."""
        if self.process.returncode is None:
            self.reader.close()
            self.socket.close()
            self.process.wait(timeout=60)
            self.errors.seek(0)
            self.said = self.errors.read().decode("utf-8", "replace")
            self.errors.close()
        return self.process.returncode, self.said
