"""What is found in a folder, and that nothing of it is imported."""

import unittest

from .stage import Stage

NEVER_IMPORTED = "raise SystemExit('imported')\n"


class Discovery(unittest.TestCase):
    def test_functions_are_found_by_name_and_by_decorator_without_an_import(self):
        text = NEVER_IMPORTED + (
            "import bench_models as bm\n"
            "from bench_models import benchmark as measured\n"
            "SIZES = (1, 8)\n"
            "def benchmark_sum(): ...\n"
            "def benchmark_with_bencher(b): ...\n"
            "def benchmark_of_a_library(model, data): ...\n"
            "def run_elsewhere(): ...\n"
            "def test_it(benchmark): ...\n"
            "@measured(category='performance', model='zoo', args={'n': SIZES, 'm': range(2)})\n"
            "def forward(b, n, m): ...\n"
            "@bm.benchmark\n"
            "async def plain(): ...\n"
            "class Suite:\n    def benchmark_method(self): ...\n"
        )
        with Stage(speed=text) as stage:
            expected = ["unit/sum", "unit/with_bencher"]
            expected += [f"zoo/performance/forward[n={n},m={m}]" for n in (1, 8) for m in (0, 1)]
            self.assertEqual(list(stage.cases()), [*expected, "unit/plain"])

    def test_category_and_model_come_from_the_path(self):
        run = "def run_speed_benchmark(): ...\n"
        files = {
            "resnet__benchmarks__performance__a": run,
            "vit__benchmarks__integration": run,
            "benchmarks__unit__b": run,
            "other__c": run,
            "src__benchmarks__performance": run,
        }
        with Stage(**files) as stage:
            ids = ["resnet/performance/speed", "vit/integration/speed", "unit/speed", "performance/speed"]
            self.assertEqual(sorted(stage.cases()), sorted(ids))
            ended = stage.run(stage.path / "resnet", "--list", "--format", "json")
            self.assertIn('"resnet/performance/speed"', ended.stdout)

    def test_a_broken_file_fails_alone(self):
        with Stage(good="def benchmark_good(): ...", bad="def benchmark_bad(:") as stage:
            stage.write("nul.py", "def benchmark_nul(): ...\0")
            stage.write("deep.py", "def benchmark_deep(): return " + "(" * 5000)
            listing, said = stage.list()
            ids = [case["id"] for case in listing["cases"]]
            self.assertEqual(ids, ["unit/bad", "unit/deep", "unit/good", "unit/nul"])
            self.assertIn("bad.py:1: SyntaxError", said)
            self.assertEqual(stage.measure("unit/bad", "once")[-1]["type"], "failed")
            self.assertEqual(stage.measure("unit/good", "once")[-1]["type"], "finished")

    def test_wrong_declarations_fail_their_case_and_say_what_is_right(self):
        wrong = {
            "category='speed'": "expected category= 'unit', 'integration' or 'performance', found 'speed'",
            "categry='unit'": "did you mean `category`?",
            "max_time='10'": "expected max_time= a duration",
            "max_time='nan'": "expected max_time= a duration",
            "samples=0": "at least 1, found 0",
            "warmup=True": "expected warmup= a whole number",
            "args={'n': []}": "at least one value for `n`",
            "args={'n': [1, '1']}": "found `1` twice",
            "args={'n': 'abc'}": "expected args= a list",
            "objectives='median <= 1s'": "expected objectives= a list",
            "ignore={'m': [1]}": "expected ignore= names of args=",
            "name='a/b'": "expected name=",
            "": "expected args= values for the parameter `n`",
        }
        for keywords, message in wrong.items():
            text = f"from bench_models import benchmark\n@benchmark({keywords})\ndef f(b, n): ..."
            with self.subTest(keywords), Stage(speed=text) as stage:
                self.assertIn(message, stage.list()[1])

    def test_what_is_not_literal_is_read_by_importing_the_file_in_another_process(self):
        text = """
            from bench_models import benchmark
            print("chatter")
            @benchmark(args={"n": [10 ** k for k in range(3)], "kind": [int, str]}, ignore={"n": [10 ** 2]})
            def f(b, n, kind):
                b.iter(kind, n)
        """
        with Stage(speed=text) as stage:
            cases = stage.cases()
            self.assertEqual(len(cases), 6)
            self.assertIn("unit/f[n=10,kind=str]", cases)
            self.assertEqual(cases["unit/f[n=100,kind=int]"]["ignored"], "n=100 is marked `ignore`")
            self.assertEqual(stage.measure("unit/f[n=10,kind=str]", "once")[-1]["type"], "finished")
            stage.write("speed.py", NEVER_IMPORTED + text.replace("\n            ", "\n"))
            self.assertIn("unit/speed", stage.cases())

    def test_objectives_and_settings_are_those_of_the_case(self):
        text = """
            from bench_models import benchmark
            @benchmark(args={"n": [1, 2]}, objectives=["median <= 1s", "p95 <= 2s @ n=1", "mean <= 3s @ level=4"],
                       tags=["gpu"], warmup=0, samples=7, rounds=2, max_time="1.5s", timeout=60, ignore="slow")
            def f(b, n): ...
        """
        with Stage(speed=text) as stage:
            cases = stage.cases()
            self.assertEqual(len(cases["unit/f[n=1]"]["objectives"]), 3)
            self.assertEqual(cases["unit/f[n=2]"]["objectives"], ["median <= 1s", "mean <= 3s @ level=4"])
            settings = {
                "warmup": 0, "samples": 7, "rounds": 2, "max_time_ns": 1_500_000_000, "timeout_ns": 60_000_000_000,
            }  # fmt: skip
            self.assertEqual(cases["unit/f[n=1]"]["settings"], settings)
            self.assertEqual(cases["unit/f[n=1]"]["ignored"], "slow")

    def test_two_benchmarks_of_one_name_are_an_error_that_names_both(self):
        with Stage(a="def benchmark_x(): ...", b="def benchmark_x(): ...") as stage:
            ended = stage.run(stage.path, "--list", "--format", "json")
            self.assertEqual((ended.returncode, ended.stdout), (2, ""))
            self.assertIn("`unit/x`: a.py:1 and b.py:1", ended.stderr)

    def test_environments_and_hidden_folders_are_not_searched(self):
        text = "def benchmark_x(): ..."
        with Stage(own=text, venv__lib__a=text, build__b=text) as stage:
            (stage.path / "venv/pyvenv.cfg").touch()
            stage.write(".hidden/c.py", text)
            self.assertEqual(list(stage.cases()), ["unit/x"])

    def test_a_folder_without_benchmarks_is_an_error_that_says_what_is_one(self):
        with Stage(a="x = 1") as stage:
            ended = stage.run(stage.path, "--list", "--format", "json")
            self.assertEqual(ended.returncode, 2)
            self.assertIn("functions called `benchmark_*`", ended.stderr)
            ended = stage.run("nowhere", "--list", "--format", "json")
            self.assertIn("nowhere` does not exist", ended.stderr)

    def test_engines_are_those_that_the_code_of_the_project_imports(self):
        with Stage(bench_a="import net\ndef benchmark_a(): ...", net="import numpy, torch") as stage:
            stage.write("stub/numpy-9.8.7.dist-info/METADATA", "Metadata-Version: 2.1\nName: numpy\nVersion: 9.8.7\n")
            listed = stage.run(stage.path, "--list", "--format", "json", PYTHONPATH="")
            self.assertNotIn("9.8.7", listed.stdout)
            path = f"{stage.environment().get('PYTHONPATH', '')}:{stage.path / 'stub'}"
            listed = stage.run(stage.path, "--list", "--format", "json", PYTHONPATH=path)
            self.assertIn('"numpy":"9.8.7"', listed.stdout)
            # The import of torch takes so long that the cases of the file share a process.
            self.assertIn('"set_up":"bench_a.py"', listed.stdout)

    def test_paths_and_names_need_not_be_ascii(self):
        with Stage(größe__benchmarks__unit="def run_größe(): ...") as stage:
            self.assertEqual(list(stage.cases()), ["größe/unit/größe"])
            self.assertEqual(stage.measure("größe/unit/größe", "once")[-1]["type"], "finished")

    def test_ten_thousand_cases_are_listed(self):
        text = "from bench_models import benchmark\n@benchmark(args={'a': range(100), 'b': range(100)})\ndef f(a, b): ..."
        with Stage(many=text) as stage:
            self.assertEqual(len(stage.cases()), 10_000)
            self.assertEqual(stage.measure("unit/f[a=99,b=99]", "once")[-1]["type"], "finished")


if __name__ == "__main__":
    unittest.main()
