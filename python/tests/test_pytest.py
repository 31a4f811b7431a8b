"""The pytest plugin: suites written for pytest-benchmark, as programs of benchmarks."""

import importlib.util
import json
import os
import shlex
import subprocess
import sys
import unittest
from unittest import mock

from bench_models import command, pytest_options
from bench_models.pytest_stats import Metadata

from .stage import Stage, Worker

# What pytest-benchmark 5.3.1 says of 1, 2, 4, 8 and 100 s.
STATISTICS = {
    "min": 1.0, "max": 100.0, "mean": 23.0, "rounds": 5, "median": 4.0, "q1": 1.75, "q3": 31.0, "iqr": 29.25,
    "iqr_outliers": 1, "stddev_outliers": 1, "outliers": "1;1", "ld15iqr": 1.0, "hd15iqr": 8.0, "ops": 5 / 115, "total": 115.0,
}  # fmt: skip

SUITE = """
import pytest
@pytest.fixture(scope="module")
def data():
    return list(range(1000))
def test_sum(benchmark, data):
    assert benchmark(sum, data, start=1) == 499501
@pytest.mark.parametrize("n", [1, 2])
def test_parameter(benchmark, n):
    benchmark.extra_info["size_mb"] = 3
    benchmark(int, n)
@pytest.mark.parametrize("value", [object()], ids=["thing"])
def test_object(benchmark, value):
    benchmark(id, value)
def test_once(benchmark):
    calls = []
    benchmark.pedantic(calls.append, args=(1,))
    assert calls == [1]
def test_setup(benchmark):
    left = []
    benchmark.pedantic(lambda x: x.pop(), setup=lambda: (([1],), {}), teardown=lambda x: left.append(x), rounds=3)
    assert left and not any(left)
def test_setup_and_arguments(benchmark):
    assert benchmark.pedantic(sum, args=([1, 2],), setup=lambda: None, rounds=3) == 3
def test_setup_twice(benchmark):
    benchmark.pedantic(sum, args=([1, 2],), setup=lambda: (([],), {}), rounds=3)
@pytest.mark.benchmark(group="deco", disable_gc=True)
def test_decorated(benchmark):
    @benchmark
    def result():
        return 3
    assert result == 3
    assert benchmark.stats.stats.min > 0 and benchmark.stats["name"] == "test_decorated"
def test_dictionary(benchmark):
    assert benchmark(dict, latency_ms=3.0) == {"latency_ms": 3.0}
def test_statistics(benchmark):
    assert benchmark.stats is None
    benchmark(sum, range(1000))
    stats = benchmark.stats.stats
    assert 0 < stats.min <= stats.median <= stats.max < 1 and stats.rounds == len(stats.data)
    assert benchmark.stats["mean"] == stats.mean and benchmark.stats.get("none", 7) == 7
def test_wrong(benchmark):
    assert benchmark(int) == 7
def test_never(benchmark):
    pass
def test_twice(benchmark):
    benchmark(int)
    benchmark(int)
def test_skipped(benchmark):
    pytest.skip("no GPU")
def test_other():
    raise SystemExit
class TestClass:
    def test_in_class(self, benchmark):
        benchmark(int)
"""


class Suite(Stage):
    """A suite of pytest as a program."""

    def program(self, *arguments):
        given = shlex.join(["-p", "bench_models.pytest_plugin", *arguments])
        return [sys.executable, "-m", "bench_models.pytest_program", given, str(self.path)]

    def run(self, *arguments, **variables):
        return subprocess.run(
            [*self.program(*arguments), "--list", "--format", "json"],
            cwd=self.path,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def worker(self, **variables):
        return Worker(self, variables, self.program())


# Where everything is checked, a missing tool is a failure.
@unittest.skipUnless(importlib.util.find_spec("pytest") or "CI" in os.environ, "pytest is not installed")
class Plugin(unittest.TestCase):
    def test_tests_that_use_the_fixture_are_cases(self):
        with Suite(test_speed=SUITE) as suite:
            suite.write("deep/test_speed.py", "def test_sum(benchmark): benchmark(int)")
            suite.write("deep/__init__.py", "")
            ended = suite.run()
            self.assertEqual(ended.returncode, 0, ended.stderr)
            cases = {case["id"]: case for case in json.loads(ended.stdout)["cases"]}
            self.assertNotIn("unit/test_speed.test_other", cases)
            for id in (
                "unit/test_speed.test_sum", "unit/test_speed.test_parameter[n=2]", "unit/test_speed.TestClass.test_in_class",
                "unit/test_speed.test_object[parameters=thing]", "unit/deep.test_speed.test_sum",
            ):  # fmt: skip
                if id != "unit/test_speed.test_sum":
                    self.assertIn(id, cases)
            self.assertEqual(cases["unit/test_speed.test_decorated"]["tags"], ["deco"])
            frames = suite.measure("unit/deep.test_speed.test_sum", "once")
            self.assertEqual(frames[-1]["type"], "finished", frames)

    @unittest.skipIf(importlib.util.find_spec("xdist") or importlib.util.find_spec("pytest_cov"), "stands in for both")
    def test_other_plugins_neither_share_the_tests_nor_observe_them(self):
        conftest = """
            def pytest_addoption(parser):
                for option in ("--numprocesses", "--cov"):
                    parser.addoption(option, default="unset")
                parser.addoption("--no-cov", action="store_true")
            def pytest_collection(session):
                asked = session.config.getoption
                assert (asked("numprocesses"), asked("no_cov")) == ("0", True), "others have their way"
        """
        with Suite(test_speed="def test_x(benchmark): benchmark(int)", conftest=conftest, xdist="", pytest_cov="") as suite:
            suite.write("pytest.ini", "[pytest]\naddopts = --numprocesses=auto --cov=src\n")
            ended = suite.run()
            self.assertEqual(ended.returncode, 0, ended.stderr)
            frames = suite.measure("unit/test_speed.test_x", "once")
            self.assertEqual(frames[-1]["type"], "finished", frames)
        self.assertNotIn("--numprocesses=0", pytest_options.of_process(["-p", "no:xdist"]))
        with mock.patch.dict(os.environ, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"):
            self.assertEqual(pytest_options.of_process(["-x"]), ["-x", "-q", "--no-header"])

    def test_rounds_end_as_their_tests_do(self):
        ends = {
            "test_sum": "finished", "test_parameter[n=2]": "finished", "test_object[parameters=thing]": "finished",
            "test_once": "finished", "test_setup": "finished", "test_statistics": "finished",
            "test_decorated": "finished", "test_wrong": "failed",
            "test_never": "failed", "test_twice": "failed", "test_skipped": "skipped", "TestClass.test_in_class": "finished",
            "test_other": "failed",
        }  # fmt: skip
        with Suite(test_speed=SUITE) as suite:
            for name, end in ends.items():
                with self.subTest(name):
                    frames = suite.measure(f"unit/test_speed.{name}")
                    self.assertEqual(frames[-1]["type"], end, frames)
                    if end == "finished":
                        order = [frame["type"] for frame in frames if frame["type"] != "samples"]
                        self.assertEqual(order, ["start_up", "first_call", "warmed_up", "finished"])
            reports = suite.measure("unit/test_speed.test_parameter[n=1]")[-1]["probes"]
            self.assertIn("size", [reading["metric"] for report in reports for reading in report["readings"]])

    def test_statistics_are_those_of_the_process_in_every_mode(self):
        with Suite(test_speed=SUITE) as suite:
            self.assertEqual(suite.measure("unit/test_speed.test_statistics", "once")[-1]["type"], "finished")

    def test_what_is_done_once_cannot_be_stepped(self):
        with Suite(test_speed=SUITE) as suite:
            last = suite.measure("unit/test_speed.test_once", "step")[-1]
            self.assertIn("allows one call in a process", last["message"])

    def test_a_suite_that_cannot_be_collected_is_refused(self):
        with Suite(test_speed="def test_x(:") as suite:
            ended = suite.run()
            self.assertEqual((ended.returncode, ended.stdout), (2, ""))
            self.assertIn("SyntaxError", ended.stderr)

    def test_arguments_come_from_one_place(self):
        with Suite(test_speed=SUITE) as suite:
            self.assertEqual(suite.measure("unit/test_speed.test_setup_and_arguments")[-1]["type"], "finished")
            twice = suite.measure("unit/test_speed.test_setup_twice")[-1]
            self.assertEqual(twice["type"], "failed")
            self.assertIn("neither args nor kwargs", twice["message"])

    def test_what_a_test_returns_is_no_figure(self):
        with Suite(test_speed=SUITE) as suite:
            last = suite.measure("unit/test_speed.test_dictionary")[-1]
            self.assertEqual(last["type"], "finished", last)
            self.assertNotIn("latency", json.dumps(last))

    def test_what_cannot_be_collected_is_told_first(self):
        with Suite(test_speed="import no_such_module") as suite:
            ended = suite.run()
            self.assertEqual(ended.returncode, 2)
            first = ended.stderr.splitlines()[0]
            self.assertIn("test_speed.py: ModuleNotFoundError: No module named 'no_such_module'", first)

    def test_arguments_that_a_shell_would_not_read_are_named(self):
        with Suite(test_speed=SUITE) as suite:
            program = [*suite.program()[:-2], "-k 'decode", str(suite.path), "--list", "--format", "json"]
            ended = subprocess.run(program, env=suite.environment(), capture_output=True, text=True)
            self.assertEqual((ended.returncode, ended.stdout), (2, ""))
            self.assertIn("--pytest=-k 'decode cannot be read as a shell does: No closing quotation", ended.stderr)

    @unittest.skipUnless(command.find(), command.MISSING)
    def test_revisions_of_a_suite_are_compared(self):
        with Suite(
            test_speed="import subject\ndef test_x(benchmark): benchmark(subject.work)\ndef test_y(benchmark): benchmark(int)"
        ) as suite:
            suite.write("installed/subject.py", "def work(): raise RuntimeError('hides the revision')")
            suite.write("src/subject.py", "def work(): return sum(range(20_000))")
            suite.write(".gitignore", "benchmark_results")
            git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
            for line in ([*git, "init", "-q"], [*git, "add", "."], [*git, "commit", "-qm", "quick"]):
                subprocess.run(line, cwd=suite.path, check=True)
            suite.write("src/subject.py", "def work(): return sum(range(40_000))")
            given = shlex.join(["-p", "bench_models.pytest_plugin", "-k", "test_x"])
            kept = suite.environment().get("PYTHONPATH", "")
            environment = suite.environment(PYTHONPATH=os.pathsep.join([str(suite.path / "installed"), kept]))
            own = [f"--interpreter={sys.executable}", f"--pytest={given}", "--json=result.json", "--quiet"]
            ended = subprocess.run(
                [command.find(), "compare", "HEAD", ".", *own, "--max-time=20s"],
                cwd=suite.path, env=environment, capture_output=True, text=True,
            )  # fmt: skip
            self.assertEqual(ended.returncode, 3, ended)
            (case,) = json.loads((suite.path / "result.json").read_text())["cases"]
            self.assertEqual((case["id"], case["verdict"]), ("unit/test_speed.test_x", "slower"), ended)

    def test_without_the_flag_nothing_changes(self):
        with Suite(test_speed="def test_x(): assert True") as suite:
            command = [sys.executable, "-m", "pytest", "-p", "bench_models.pytest_plugin", "-q", "--benchmark-sort=name"]
            ended = subprocess.run(command, cwd=suite.path, env=suite.environment(), capture_output=True, text=True)
            self.assertIn("1 passed", ended.stdout, ended)


class Statistics(unittest.TestCase):
    def test_they_are_those_of_pytest_benchmark(self):
        stats = Metadata([4.0, 1.0, 100.0, 2.0, 8.0], 3, {"name": "n"})
        found = stats.as_dict()
        self.assertAlmostEqual(found.pop("stddev"), 43.1277173)
        self.assertEqual(found, STATISTICS)
        even = Metadata([1.0, 2.0, 3.0, 10.0], 1, {}).stats
        self.assertEqual((even.q1, even.median, even.q3), (1.5, 2.5, 6.5))
        seven = Metadata([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 1, {}).stats
        self.assertEqual((seven.q1, seven.q3), (2.25, 5.75))
        self.assertEqual((stats["name"], stats["iterations"], stats.get("cprofile")), ("n", 3, None))
        one = Metadata([2.0], 1, {}).stats
        self.assertEqual((one.q1, one.stddev, one.ld15iqr, one.outliers), (2.0, 0.0, 2.0, "0;0"))


class Options(unittest.TestCase):
    def test_options_of_pytest_benchmark_are_taken_or_refused_with_what_to_use(self):
        given = ["-x", "--benchmark-max-time=2.5", "--benchmark-sort", "name", "--benchmark-quiet"]
        self.assertEqual(pytest_options.flags(given), (["--max-time=2.5s", "--quiet"], []))
        self.assertEqual(pytest_options.flags(["--benchmark-max-time", "1"]), (["--max-time=1s"], []))
        # Of a suite's own configuration nothing is refused: it would have to be changed.
        suite = ["--benchmark-disable", "--benchmark-max-time=3"]
        self.assertEqual(pytest_options.flags(["-x"], suite), (["--max-time=3s"], ["--benchmark-disable"]))
        for name in ("--benchmark-compare-fail=mean:5%", "--benchmark-save=x", "--benchmark-disable"):
            with self.subTest(name), self.assertRaises(pytest_options.RefusedError) as raised:
                pytest_options.flags([name])
            self.assertIn(name.partition("=")[0], str(raised.exception))
        for option in pytest_options.OPTIONS:
            self.assertNotEqual(option.becomes is None, option.instead is None, option.name)


if __name__ == "__main__":
    unittest.main()
