"""Rounds of a worker, and benchmarks that misbehave."""

import unittest

from .stage import Stage


def types(frames):
    """Returns the types of frames, those in a row together."""
    found = []
    for frame in frames:
        if frame["type"] not in found[-1:]:
            found.append(frame["type"])
    return found


def readings(frame):
    """Returns the readings of a last frame by metric."""
    return {reading["metric"]: reading for probe in frame["probes"] for reading in probe["readings"]}


def notes(frame):
    return [note for probe in frame["probes"] for note in probe.get("notes", ())]


COUNTING = """
    calls = [0]
    def benchmark_count(b):
        def call():
            calls[0] += 1
        b.iter(call)
        print(calls[0], file=__import__("sys").stderr)
"""
"""A benchmark that prints how often its function was called."""


class Rounds(unittest.TestCase):
    def test_a_round_is_told_in_order_and_counts_its_iterations(self):
        with Stage(speed="def benchmark_sum():\n    return sum(range(1000))") as stage:
            frames = stage.measure("unit/sum")
            order = ["start_up", "first_call", "warmed_up", "samples", "finished"]
            self.assertEqual(types(frames), order)
            samples = [frame for frame in frames if frame["type"] == "samples"]
            self.assertEqual(sum(len(frame["ns"]) for frame in samples), 3)
            self.assertEqual(frames[-1]["iterations"], 3 * samples[0]["iterations"])
            metrics = readings(frames[-1])
            for metric in ("peak_memory", "cpu_time", "gc_time", "gc_collections"):
                self.assertIn(metric, metrics)
            self.assertEqual(types(stage.measure("unit/sum", "once"))[-2:], ["first_call", "finished"])

    def test_the_function_is_called_as_often_as_is_told(self):
        with Stage(speed=COUNTING) as stage, stage.worker() as worker:
            worker.send(type="measure", case="unit/count", round=0, mode="step", slice_ns=0, hard_stop=False, probes=[])
            self.assertEqual([worker.frame()["type"] for _ in range(2)], ["start_up", "first_call"])
            for iterations in (1, 7, 8, 21):
                worker.send(type="batch", iterations=iterations)
                frame = worker.frame()
                self.assertEqual((frame["iterations"], len(frame["ns"])), (iterations, 1))
            worker.send(type="stop")
            self.assertEqual(worker.frame()["iterations"], 37)
            self.assertEqual(worker.close(), (0, "38\n"))

    def test_the_lead_of_a_batch_runs_before_it_and_counts_for_nothing(self):
        with Stage(speed=COUNTING) as stage, stage.worker() as worker:
            self.assertTrue(worker.ready["leads"])
            worker.send(type="measure", case="unit/count", round=0, mode="step", slice_ns=0, hard_stop=False, probes=[])
            self.assertEqual([worker.frame()["type"] for _ in range(2)], ["start_up", "first_call"])
            for iterations, lead in ((1, 5), (7, 0), (8, 20)):
                worker.send(type="batch", iterations=iterations, lead=lead)
                frame = worker.frame()
                self.assertEqual((frame["type"], frame["iterations"], len(frame["ns"])), ("samples", iterations, 1))
            worker.send(type="stop")
            self.assertEqual(worker.frame()["iterations"], 16)
            self.assertEqual(worker.close(), (0, "42\n"))

    def test_cases_of_a_file_can_share_a_worker_which_imports_once(self):
        text = "from bench_models import benchmark\n@benchmark(share=True)\ndef a(): ...\ndef benchmark_b(): ..."
        with Stage(speed=text) as stage, stage.worker() as worker:
            self.assertTrue(worker.ready["shared"])
            self.assertEqual(stage.cases()["unit/a"]["set_up"], "speed.py")
            self.assertEqual(types(worker.measure("unit/a", "once")), ["start_up", "first_call", "finished"])
            self.assertEqual(types(worker.measure("unit/b", "once")), ["first_call", "finished"])

    def test_small_objects_lie_elsewhere_in_each_process(self):
        text = """
            numbers = [float(number) for number in range(10)]
            def benchmark_place(b):
                b.iter(lambda: None)
                print(id(numbers[-1]) % 4096, file=__import__("sys").stderr)
        """
        places = set()
        with Stage(speed=text) as stage:
            for _ in range(12):
                # What else differs from process to process.
                with stage.worker(PYTHONHASHSEED="1") as worker:
                    worker.measure("unit/place", "once")
                    places.add(worker.close()[1])
        self.assertGreater(len(places), 6, places)

    def test_arguments_loads_and_counts_are_told(self):
        text = """
            from bench_models import benchmark
            @benchmark(args={"n": [3, 4]})
            def f(b, n):
                data = b.load(lambda: list(range(n)))
                b.count(images=n)
                b.bytes(8 * n)
                assert b.iter(sum, data, start=1) == sum(range(n)) + 1
        """
        with Stage(speed=text) as stage:
            frames = stage.measure("unit/f[n=4]")
            self.assertIn("loaded", types(frames))
            counters = [{"unit": "images", "per_iteration": 4}, {"unit": "bytes", "per_iteration": 32}]
            self.assertEqual(frames[-1]["counters"], counters)

    def test_inputs_are_made_for_each_iteration(self):
        text = """
            def benchmark_sort(b):
                def check(values):
                    assert values.pop() == 1
                b.iter_batched(lambda: [1], check)
        """
        with Stage(speed=text) as stage:
            last = stage.measure("unit/sort")[-1]
            self.assertEqual((last["type"], last["inputs_alive"]), ("finished", 64))
            self.assertEqual(stage.measure("unit/sort", inputs_alive=5)[-1]["inputs_alive"], 5)

    def test_coroutines_are_timed_within_a_loop(self):
        text = """
            import asyncio
            async def work():
                await asyncio.sleep(0)
            async def benchmark_plain():
                await work()
            async def benchmark_inside(b):
                await b.iter_async(work)
            def benchmark_outside(b):
                b.iter(work)
        """
        with Stage(speed=text) as stage:
            for name in ("plain", "inside", "outside"):
                self.assertEqual(stage.measure(f"unit/{name}")[-1]["type"], "finished", name)

    def test_batches_begin_at_different_turns_of_the_loop(self):
        text = """
            import asyncio
            async def benchmark_turns(b):
                turn, begun = 0, []
                async def count():
                    nonlocal turn
                    while True:
                        turn += 1
                        await asyncio.sleep(0)
                counting = asyncio.ensure_future(count())
                async def work():
                    begun.append(turn)
                await b.iter_async(work)
                counting.cancel()
                assert len({later - earlier for earlier, later in zip(begun, begun[1:])}) > 1, begun
        """
        with Stage(speed=text) as stage:
            self.assertEqual(stage.measure("unit/turns", samples=40)[-1]["type"], "finished")

    def test_numbers_in_a_returned_dictionary_become_readings(self):
        text = """
            import math
            def benchmark_returned():
                return {"latency_ms": 2.0, "memory_used_mb": 45.6, "execution_time": 9.0, "throughput": 7,
                        "nested": {"deep": {"share_percent": 3}}, "flag": True, "text": "x", "list": [1],
                        "nan": math.nan, "inf": math.inf, "huge": 10 ** 400, "success": True, "none": None}
        """
        with Stage(speed=text) as stage:
            last = stage.measure("unit/returned")[-1]
            found = {key: (value["value"], value["unit"]) for key, value in readings(last).items()}
            self.assertEqual(found["latency"], (0.002, "s"))
            self.assertEqual(found["memory_used"], (45.6e6, "bytes"))
            self.assertEqual(found["nested.deep.share"], (3.0, "%"))
            self.assertEqual(readings(last)["throughput"]["better"], "higher")
            self.assertTrue({"flag", "text", "list", "nan", "inf", "huge", "none"}.isdisjoint(found))
            self.assertTrue(any("`nan` was nan" in note for note in notes(last)), notes(last))
            self.assertTrue(any("execution_time" in note for note in notes(last)), notes(last))
            stage.write("speed.py", "def benchmark_returned():\n    return {'success': False, 'error': 'no weights'}")
            self.assertIn("no weights", stage.measure("unit/returned")[-1]["message"])

    def test_garbage_is_collected_and_told(self):
        text = """
            def benchmark_cycles():
                for _ in range(100):
                    cycle = []
                    cycle.append(cycle)
        """
        with Stage(speed=text) as stage:
            last = stage.measure("unit/cycles", samples=20)[-1]
            self.assertGreater(readings(last)["gc_collections"]["value"], 0)
            self.assertTrue(any("garbage collector" in note for note in notes(last)))
            text = "from bench_models import benchmark\n@benchmark(gc=False)\ndef benchmark_cycles():\n    a = []; a.append(a)"
            stage.write("speed.py", text)
            self.assertEqual(readings(stage.measure("unit/cycles")[-1])["gc_collections"]["value"], 0)

    def test_a_file_may_be_called_like_another_module(self):
        files = {"json": "def benchmark_a(): ...", "random": "import json\ndef benchmark_b(): json.dumps({})"}
        with Stage(**files) as stage:
            self.assertEqual(stage.measure("unit/a", "once")[-1]["type"], "finished")
            self.assertEqual(stage.measure("unit/b", "once")[-1]["type"], "finished")

    def test_code_of_the_project_is_found_from_packages_and_src(self):
        files = {
            "src__mine__net": "def net(): ...",
            "src__mine____init__": "",
            "benchmarks__unit__a": "from mine.net import net\nfrom beside import x\ndef run_a(): net()",
            "benchmarks__unit__beside": "x = 1",
        }
        with Stage(**files) as stage:
            self.assertEqual(stage.measure("unit/a", "once")[-1]["type"], "finished")


FAILURES = {
    "raise ValueError('why')": "ValueError: why",
    "import sys; sys.exit(0)": "it called sys.exit(0)",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "return (x for x in 'ab')": "a generator, which was never run",
    "async def f(): ...\n    return f()": "a coroutine, which was never awaited",
    "class E(Exception):\n        def __str__(self): raise ValueError\n    raise E": "E: its text cannot be shown",
}


class Misbehaviour(unittest.TestCase):
    def test_what_a_benchmark_raises_is_the_failure_of_its_case(self):
        for body, message in FAILURES.items():
            for where in ("once", "sample"):
                with self.subTest(body), Stage(speed=f"def benchmark_f():\n    {body}") as stage:
                    last = stage.measure("unit/f", where)[-1]
                    self.assertEqual(last["type"], "failed")
                    self.assertIn(message, last["message"])

    def test_an_import_that_fails_is_the_failure_of_its_cases(self):
        for text, message in {
            "raise RuntimeError('why')": "RuntimeError: why",
            "import sys; sys.exit(0)": "it called sys.exit(0)",
            "import no_such_module": "ModuleNotFoundError",
        }.items():
            with self.subTest(text), Stage(speed=f"{text}\ndef benchmark_f(): ...") as stage, stage.worker() as worker:
                last = worker.measure("unit/f", "once")[-1]
                self.assertIn(message, last["message"])
                self.assertIn("Traceback" if "exit" not in text else "", worker.close()[1])

    def test_skips_say_why(self):
        for body, reason in {
            "from bench_models import Skip; raise Skip('no GPU')": "no GPU",
            "import unittest; raise unittest.SkipTest('not today')": "not today",
        }.items():
            with self.subTest(body), Stage(speed=f"def benchmark_f():\n    {body}") as stage:
                last = stage.measure("unit/f", "once")[-1]
                self.assertEqual((last["type"], last["reason"]), ("skipped", reason))

    def test_a_missing_engine_is_a_skip_with_the_command_that_brings_it(self):
        with Stage(speed="import tensorflow.x\ndef benchmark_f(): ...") as stage:
            last = stage.measure("unit/f", "once")[-1]
            self.assertEqual(last["type"], "skipped")
            self.assertIn("-m pip install tensorflow", last["reason"])

    def test_a_forked_child_that_returns_neither_measures_nor_speaks(self):
        before = "import os\ndef benchmark_f(b):\n    os.fork()\n    b.iter(int)"
        inside = "import os\ndef benchmark_f(b):\n    b.iter(os.fork)"
        raising = "import os\ndef benchmark_f():\n    if os.fork() == 0: raise ValueError"
        for text in (before, inside, raising):
            with self.subTest(text), Stage(speed=text) as stage:
                frames = stage.measure("unit/f", "once")
                self.assertEqual(types(frames), ["start_up", "first_call", "finished"])

    def test_threads_finalizers_and_children_that_are_left_do_not_hold_the_worker(self):
        for text in (
            "import threading, time\ndef benchmark_f(): threading.Thread(target=time.sleep, args=(600,)).start()",
            "class D:\n    def __del__(self): raise ValueError\nkept = D()\ndef benchmark_f(): D()",
            "import subprocess\ndef benchmark_f(): subprocess.Popen(['sleep', '0.1'])",
            "print('x' * 10_000_000)\ndef benchmark_f(): print('y' * 100_000)",
            "import time\ntime.perf_counter_ns = lambda: 0\ntime.perf_counter = lambda: 0\ndef benchmark_f(): ...",
            "import sys, os\nsys.stdout.close()\nsys.stderr.close()\ndef benchmark_f(): ...",
        ):
            with self.subTest(text), Stage(speed=text) as stage, stage.worker() as worker:
                frames = worker.measure("unit/f", "once")
                self.assertEqual(frames[-1]["type"], "finished", frames)
                self.assertGreater(frames[1]["ns"], 0)
                self.assertEqual(worker.close()[0], 0)

    def test_multiprocessing_by_spawn_works(self):
        text = """
            import multiprocessing
            def double(x):
                return 2 * x
            def benchmark_pool():
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    assert pool.map(double, [1]) == [2]
        """
        with Stage(speed=text) as stage:
            frames = stage.measure("unit/pool", "once")
            self.assertEqual(frames[-1]["type"], "finished", frames)

    def test_closed_descriptors_end_the_worker_and_no_more(self):
        with Stage(speed="import os\ndef benchmark_f(): os.closerange(3, 256)") as stage, stage.worker() as worker:
            self.assertNotIn("finished", types(worker.measure("unit/f", "once")))
            self.assertNotEqual(worker.close()[0], 0)

    def test_misuse_of_the_bencher_is_explained(self):
        for body, message in {
            "pass": "never calls `b.iter`",
            "b.iter(int); b.iter(int)": "`b.iter` or `b.serve` was called twice",
            "b.iter_custom(lambda n: 'x')": "a routine that returns seconds",
            "b.count(images=-1)": "a whole number of at least 0",
        }.items():
            with self.subTest(body), Stage(speed=f"def benchmark_f(b):\n    {body}") as stage:
                self.assertIn(message, stage.measure("unit/f", "once")[-1]["message"])

    def test_instructions_are_not_counted(self):
        with Stage(speed="def benchmark_f(): ...") as stage:
            last = stage.measure("unit/f", "count")[-1]
            self.assertEqual(last["type"], "failed")
            self.assertIn("valgrind", last["message"])


if __name__ == "__main__":
    unittest.main()
