"""Benchmarks that are found and run from code."""

import unittest

from bench_models import command
from bench_models.discovery import BenchmarkDiscovery

from .stage import Stage

BENCHMARKS = """
def run_latency_benchmark():
    return {"latency_ms": 2.0}
def benchmark_broken():
    raise ValueError("no luck")
"""

QUICK = ["--rounds=1", "--warmup=1", "--repeats=2", "--quiet"]


class Discovery(unittest.TestCase):
    def test_nothing_is_imported_to_find_benchmarks(self):
        with Stage(zoo__benchmarks__performance="raise SystemExit\n" + BENCHMARKS, plain="def benchmark_x(): pass") as stage:
            discovery = BenchmarkDiscovery([stage.path])
            found = {benchmark["full_name"] for benchmark in discovery.discover_benchmarks()}
            self.assertEqual(found, {"zoo/performance/latency", "zoo/performance/broken", "unit/x"})
            (of_unit,) = discovery.get_benchmarks_by_category("unit")
            self.assertEqual(of_unit["name"], "benchmark_x")
            self.assertEqual(len(discovery.get_benchmarks_by_model("zoo")), 2)

    @unittest.skipUnless(command.find(), command.MISSING)
    def test_a_run_is_the_documented_dictionary(self):
        with Stage(zoo__benchmarks__performance=BENCHMARKS, plain="def benchmark_x(): pass") as stage:
            discovery = BenchmarkDiscovery([stage.path], stage.path / "results", QUICK)
            results = discovery.run_model_benchmarks("zoo")
            self.assertEqual({*results}, {"timestamp", "model", "results", "summary"})
            self.assertEqual(results["model"], "zoo")
            self.assertIn("ValueError: no luck", results["results"]["zoo/performance/broken"]["error"])
            self.assertAlmostEqual(results["results"]["zoo/performance/latency"]["metrics"]["latency"], 0.002)
            summary = results["summary"]
            self.assertEqual((summary["total_benchmarks"], summary["failed_runs"], summary["success_rate"]), (2, 1, 0.5))
            self.assertEqual({*discovery.run_all_benchmarks(include_categories=["unit"])["results"]}, {"unit/x"})


if __name__ == "__main__":
    unittest.main()
