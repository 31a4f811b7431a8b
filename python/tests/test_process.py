"""The process of a round: what it inherits, what it sets up before the benchmark, and what it keeps away from it."""

import asyncio
import importlib.util
import itertools
import os
import sys
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from bench_models import devices, loop, round
from bench_models.bencher import Bencher
from bench_models.probes import Probes
from bench_models.sampling import FIRST_CALL, SAMPLE, Batch

from .stage import Stage
from .test_worker import readings


class Process(unittest.TestCase):
    def test_the_channel_is_neither_seen_nor_inherited_by_what_a_benchmark_starts(self):
        text = """
            import os, subprocess, sys
            LIST = (
                "import os; print(sorted(os.environ)); held = [f'/proc/self/fd/{d}' for d in range(3, 64)];"
                "print([os.readlink(path) for path in held if os.path.lexists(path)])"
            )
            def benchmark_child():
                assert "BENCH_WORKER_CHANNEL" not in os.environ
                said = subprocess.run([sys.executable, "-c", LIST], close_fds=False, capture_output=True, text=True).stdout
                assert "BENCH_WORKER_CHANNEL" not in said and "socket:" not in said, said
        """
        with Stage(speed=text) as stage:
            last = stage.measure("unit/child", "once")[-1]
            self.assertEqual(last["type"], "finished", last)

    @unittest.skipUnless(sys.platform.startswith("linux"), "needs /proc")
    def test_it_dies_with_its_runner_leaves_no_core_file_and_goes_first_when_memory_is_short(self):
        text = """
            import ctypes, resource, signal
            def benchmark_limits():
                wanted = ctypes.c_int()
                ctypes.CDLL(None).prctl(2, ctypes.byref(wanted))  # PR_GET_PDEATHSIG
                assert wanted.value == signal.SIGKILL, wanted
                assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
                assert open("/proc/self/oom_score_adj").read().strip() == "1000"
        """
        # What it inherits must not be what it sets.
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, (soft, hard))
        with Stage(speed=text) as stage:
            last = stage.measure("unit/limits", "once")[-1]
            self.assertEqual(last["type"], "finished", last)

    def test_little_is_imported_before_the_benchmark(self):
        text = """
            import sys
            BEFORE = set(sys.modules)
            def benchmark_modules():
                heavy = {"asyncio", "ctypes.util", "subprocess", "tempfile", "unittest", "numpy", "ast", "inspect"} & BEFORE
                assert len(BEFORE) < 200, len(BEFORE)
                assert not heavy - {"ast", "inspect", "subprocess"}, heavy
        """
        with Stage(speed=text) as stage:
            last = stage.measure("unit/modules", "once")[-1]
            self.assertEqual(last["type"], "finished", last)

    def test_what_exists_before_the_first_call_is_set_aside_from_collections(self):
        text = """
            import gc
            kept = [[number] for number in range(1000)]
            def benchmark_frozen():
                assert gc.isenabled() and gc.get_freeze_count() > 1000, gc.get_freeze_count()
            def benchmark_afterwards(b):
                b.iter(int)
                assert gc.get_freeze_count() == 0
        """
        with Stage(speed=text) as stage:
            for name in ("frozen", "afterwards"):
                last = stage.measure(f"unit/{name}", "once")[-1]
                self.assertEqual(last["type"], "finished", last)

    def test_compilers_start_with_empty_caches_unless_asked_otherwise(self):
        text = """
            import os
            from bench_models import benchmark
            NAMES = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "JAX_COMPILATION_CACHE_DIR")
            def never():
                import torch
            def told(b):
                b.iter(int)
                print([os.environ.get(name) for name in NAMES], file=__import__("sys").stderr)
            @benchmark
            def cold(b): told(b)
            @benchmark(compile_cache="warm")
            def warm(b): told(b)
        """
        ours = {name: f"/tmp/{name}" for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "JAX_COMPILATION_CACHE_DIR")}
        with Stage(speed=text) as stage:

            def places(case):
                with stage.worker(**ours) as worker:
                    self.assertEqual(worker.measure(f"unit/{case}", "once")[-1]["type"], "finished")
                    code, said = worker.close()
                    self.assertEqual(code, 0, said)
                    return eval(said)

            self.assertEqual(places("warm"), list(ours.values()))
            one, other = places("cold"), places("cold")
            self.assertEqual((one[2], other[2]), (None, None))
            self.assertEqual(len({*one[:2], *other[:2], *ours.values()}), 7, (one, other))
            # What was compiled in a process is of no use to another.
            self.assertFalse(any(Path(place).parent.exists() for place in (*one[:2], *other[:2])))

    def test_observers_of_the_interpreter_pause_while_it_is_timed(self):
        text = """
            import sys
            seen = []
            def observe(frame, event, argument):
                seen.append(frame.f_code.co_name)
                return None
            def work(): pass
            def benchmark_traced(b):
                sys.settrace(observe)
                sys.setprofile(observe)
                b.iter(work)
                assert sys.gettrace() is observe and sys.getprofile() is observe
                sys.settrace(None)
                sys.setprofile(None)
                assert "work" not in seen and seen, seen
            def benchmark_monitored(b):
                monitoring = sys.monitoring
                tool, event = monitoring.PROFILER_ID, monitoring.events.PY_START
                def started(code, offset):
                    seen.append(code.co_name)
                monitoring.use_tool_id(tool, "test")
                monitoring.register_callback(tool, event, started)
                # One that is set for all functions, and one for a single function, as coverage does.
                monitoring.set_events(tool, event)
                monitoring.set_local_events(tool, work.__code__, event)
                asked = []
                def measured():
                    work()
                    asked.append(monitoring.get_events(tool))
                b.iter(measured)
                assert set(asked) == {0} and monitoring.get_events(tool) == event
                assert "work" not in seen, seen
                work()
                assert "work" in seen
                monitoring.free_tool_id(tool)
        """
        with Stage(speed=text) as stage:
            for case in ("traced", *(["monitored"] if sys.version_info >= (3, 12) else [])):
                last = stage.measure(f"unit/{case}", samples=2)[-1]
                self.assertEqual(last["type"], "finished", last)

    def test_a_folder_may_have_any_name(self):
        with Stage() as stage:
            stage.write(
                "mit Leerzeichen/Grüße测试/benchmarks/unit/模型 one.py", "def run_ünit():\n    return {'größe_mb': 2}\n"
            )
            (case,) = stage.cases().values()
            self.assertEqual((case["id"], case["model"]), ("Grüße测试/unit/ünit", "Grüße测试"))
            last = stage.measure(case["id"])[-1]
            self.assertEqual(last["type"], "finished", last)
            self.assertEqual(readings(last)["größe"]["value"], 2e6)


class Command(unittest.TestCase):
    def test_the_module_starts_the_command_whatever_else_is_called_bench(self):
        with Stage() as stage:
            for name in ("ours.sh", "other/bench.sh"):
                path = stage.write(name, f'#!/bin/sh\necho "{name}: $*"\n')
                path.chmod(0o755)
            path.rename(path.with_suffix(""))
            before = {"BENCH_RUNNER": str(stage.path / "ours.sh"), "PATH": f"{path.parent}:{os.environ['PATH']}"}
            ended = stage.run("run", ".", "--max-time", "2 s", **before)
            self.assertEqual((ended.returncode, ended.stdout), (0, "ours.sh: run . --max-time 2 s\n"), ended)
            for arguments, code in (((), 2), (("--help",), 0), (("--unknown",), 2)):
                ended = stage.run(*arguments)
                self.assertEqual(ended.returncode, code)
                self.assertIn("usage: python -m bench_models", ended.stderr)


class Batches:
    """A schedule of a first call and two samples, which keeps what they took."""

    def __init__(self):
        self.left = [Batch(FIRST_CALL, 1), Batch(SAMPLE, 4), Batch(SAMPLE, 90)]
        self.took = []

    def next(self):
        return self.left.pop(0) if self.left else None

    def record(self, batch, elapsed):
        self.took.append(elapsed)


class CostOfCalls(unittest.TestCase):
    """On a clock that moves by a microsecond whenever it is read, and so by one for each batch."""

    def setUp(self):
        clock = itertools.count(0, 1000)
        for name, value in (("perf_counter_ns", lambda: next(clock)), ("_EMPTY_ITERATIONS", 50)):
            patched = mock.patch.object(loop, name, value)
            patched.start()
            self.addCleanup(patched.stop)

    def measured(self, measure, **options):
        """Returns what each batch took, and the bencher."""
        batches = Batches()
        bencher = Bencher(batches, lambda *_, **__: None, Probes([]), **options)
        measure(bencher)
        return batches.took, bencher

    def test_it_is_subtracted_if_asked(self):
        def pair(b):
            b.iter(lambda one, two: None, 1, two=2)

        def single(b):
            async def later():
                pass

            asyncio.run(b.iter_async(later))

        for measure in (pair, single):
            # An empty call takes 20 ns. What takes no longer than its calls takes a nanosecond.
            took, bencher = self.measured(measure, subtracts_call=True)
            self.assertEqual((took, bencher.call_ns, bencher.sampled_ns), ([1000, 920, 1], 20.0, 921))
            took, bencher = self.measured(measure)
            self.assertEqual((took, bencher.call_ns, bencher.sampled_ns), ([1000, 1000, 1000], 0.0, 2000))
            self.assertEqual(bencher.iterations, 94)

    def test_an_iteration_that_is_mostly_its_call_has_a_warning_unless_that_is_subtracted(self):
        def told(iteration_ns, call_ns=0.0):
            bencher = SimpleNamespace(notes=[], call_ns=call_ns, sampled_ns=10 * iteration_ns, iterations=10)
            report = round._python(bencher, devices.compilations(), 50.0)
            subtracted = [reading["value"] for reading in report["readings"] if reading["metric"] == "subtracted_call"]
            return any("much of it is the call" in note for note in report["notes"]), subtracted

        self.assertEqual(told(999), (True, []))
        self.assertEqual(told(1001), (False, []))
        self.assertEqual(told(999, call_ns=50.0), (False, [5e-8]))

    def test_the_declaration_decides(self):
        text = """
            from bench_models import benchmark
            @benchmark(subtract_call=True)
            def f(b): b.iter(int)
            def benchmark_g(b): b.iter(int)
        """
        with Stage(speed=text) as stage:
            found = {case: "subtracted_call" in readings(stage.measure(f"unit/{case}")[-1]) for case in "fg"}
            self.assertEqual(found, {"f": True, "g": False})


@unittest.skipUnless(importlib.util.find_spec("pytest") or "CI" in os.environ, "pytest is not installed")
class PytestSkips(unittest.TestCase):
    def test_a_skip_of_pytest_is_one(self):
        with Stage(speed="import pytest\ndef benchmark_f(): pytest.skip('not on this machine')") as stage:
            last = stage.measure("unit/f", "once")[-1]
            self.assertEqual((last["type"], last["reason"]), ("skipped", "not on this machine"))


if __name__ == "__main__":
    unittest.main()
