"""Load cases: what decorators say of requests, and rounds in which `bench` sends them."""

import json
import textwrap
import unittest

from bench_models import command
from bench_models.declaration import Declaration, DeclarationError

from .stage import Stage

FUNCTIONS = """
    import asyncio, sys, threading, time
    from bench_models import benchmark

    RATE = 24_000
    LOCK = threading.Lock()

    @benchmark(domain="speech", concurrency=[1, 2], requests=4, model="joe", request_timeout="5s")
    def speak(text):
        for _ in range(2):
            yield bytes(RATE)
        return {"sample_rate": RATE}

    @benchmark(domain="text", rate=200, requests=6, args={"length": [2, 3]})
    async def answer(prompt, length):
        for token in range(length):
            await asyncio.sleep(0)
            yield "a"

    @benchmark(domain="images", requests=3, settings={"width": 8, "height": 4, "num_inference_steps": 2})
    def paint(b):
        model = b.load(dict)
        def one(prompt, width, height):
            return {"images": 1, "width": width, "height": height}
        b.serve(one)

    @benchmark(domain="classification", load="offline", requests=5, inputs=lambda: [b"one", b"two"])
    def classify(picture, top=1):
        return {"success": picture in (b"one", b"two"), "predictions": [{"class_id": top, "confidence": 0.5}]}

    @benchmark(domain="speech", requests=12, request_timeout="200ms", inputs=["f", "a", "b", "c", "d", "e"])
    def unwell(text):
        if text == "a":
            raise ValueError("no luck")
        if text == "b":
            return {"length": 1.0}
        if text == "c":
            return {"audio_duration": float("nan")}
        if text == "d":
            sys.exit(0)
        if text == "e":
            time.sleep(1)
        return {"audio_duration": 1.0}

    @benchmark(domain="text", ramp=[1, 3], requests=4)
    def ramped(prompt):
        return {"output_tokens": 1}

    @benchmark(domain="text", replay=[0, 0.01, 0.03], replay_speed=2)
    def replayed(prompt):
        return {"output_tokens": 1}

    @benchmark(domain="text", find_rate=["latency_p90 <= 30ms"], rate=100, requests=50)
    def searched(prompt):
        with LOCK:
            time.sleep(0.004)
        return {"output_tokens": 1}

    @benchmark(domain="speech", requests=3)
    def broken(text):
        raise ValueError("no luck")
"""


class Declarations(unittest.TestCase):
    def test_load_cases_are_listed_from_the_syntax_tree(self):
        with Stage(speed="raise SystemExit('imported')\n" + textwrap.dedent(FUNCTIONS)) as stage:
            cases = stage.cases()
            expected = ["joe/performance/speak", *(f"performance/answer[length={n}]" for n in (2, 3))]
            expected += [f"performance/{name}" for name in (
                "paint", "classify", "unwell", "ramped", "replayed", "searched", "broken",
            )]  # fmt: skip
            self.assertEqual(list(cases), expected)

    def test_what_has_no_meaning_is_refused_with_what_has(self):
        for keywords, said in (
            ({"domain": "song"}, "expected domain= 'speech', 'images'.* found 'song'"),
            ({"load": "often"}, "expected load= 'closed', 'open'"),
            ({"load": "open"}, "expected rate= with load='open'"),
            ({"load": "closed", "rate": 3}, "expected rate= with load='open', and with it alone"),
            ({"rate": [1, 0]}, "more than 0, found 0"),
            ({"rate": "fast"}, "found 'fast'"),
            ({"concurrency": [1, 0]}, "expected concurrency= a whole number of at least 1, found 0"),
            ({"concurrency": 2, "load": "offline"}, "expected concurrency= with load='closed' or 'multi_stream'"),
            ({"load": "ramp"}, "expected ramp= in place of load='ramp'"),
            ({"ramp": 4, "concurrency": 2}, "expected ramp= without concurrency="),
            ({"ramp": 4, "replay": "t.csv"}, "expected ramp= without replay="),
            ({"ramp": [4, 2]}, r"the least and the most, found \[4, 2\]"),
            ({"ramp": True}, "found True"),
            ({"ramp": "ab"}, "found 'ab'"),
            ({"replay": [1, 0.5]}, "a list of seconds in ascending order"),
            ({"replay": []}, r"in ascending order, found \[\]"),
            ({"replay": "t.csv", "rate": 3}, "expected replay= without rate="),
            ({"replay": "t.csv", "replay_speed": 0}, "a factor of more than 0, found 0"),
            ({"replay_speed": 2}, "expected replay_speed= with replay="),
            ({"find_rate": "latency_p99 <= 1s"}, "expected find_rate= a list of texts"),
            ({"find_rate": ["latency_p99 <= 1s"], "rate": [1, 2]}, "a single rate, at which find_rate= begins"),
            ({"find_rate": ["latency_p99 <= 1s"], "slo": ["latency <= 1s"]}, "expected find_rate= without slo="),
            ({"find_rate": ["latency_p99 <= 1s"], "duration": 3}, "expected find_rate= without duration="),
            ({"requests": 0}, "expected requests= a whole number of at least 1"),
            ({"duration": "soon"}, "expected duration= a duration"),
            ({"request_timeout": -1}, "expected request_timeout= a duration"),
            ({"slo": "ttfa <= 1s"}, "expected slo= a list of texts"),
            ({"domain": "speech", "settings": {"width": 8}}, "domain='speech' has no setting 'width': there are sample_rate"),
            ({"domain": "images", "settings": {"width": 8.5}}, "'width' to be a whole number"),
            ({"settings": 3}, "expected settings= a dictionary"),
            ({"concurency": [1]}, "did you mean `concurrency`"),
        ):
            with self.subTest(keywords), self.assertRaisesRegex(DeclarationError, said):
                Declaration.of(keywords)
        self.assertIsNone(Declaration.of({"tags": ["a"]}).serves)

    def test_what_decides_when_requests_arrive_is_told_alone(self):
        def plan(**keywords):
            serves = Declaration.of(keywords).serves
            told = {key: value for key, value in serves.plan().items() if value not in (None, [])}
            # What is not literal is known only by a message of JSON.
            self.assertEqual(
                Declaration.of(json.loads(json.dumps(Declaration.of(keywords).keywords()))).serves.plan(), serves.plan()
            )
            return told

        self.assertEqual(plan(ramp=8), {"ramp": [1, 8]})
        self.assertEqual(plan(ramp=(2, 8), requests=5), {"ramp": [2, 8], "requests": 5})
        self.assertEqual(plan(replay="trace.csv"), {"replay": {"times": "trace.csv", "speed": 1.0}})
        self.assertEqual(plan(replay=[0, 1.5], replay_speed=2), {"replay": {"times": [0, 1.5], "speed": 2}})
        conditions = ["latency_p99 <= 1s"]
        self.assertEqual(plan(find_rate=conditions), {"find_rate": {"conditions": conditions, "from": None}})
        self.assertEqual(plan(find_rate=conditions, rate=4), {"find_rate": {"conditions": conditions, "from": 4}})
        self.assertEqual(plan(rate=4), {"rate": [4]})
        self.assertEqual(plan(domain="text"), {"concurrency": [1]})

    def test_a_function_takes_the_input_and_the_arguments_of_its_case(self):
        text = """
            from bench_models import benchmark
            @benchmark(domain="text")
            def wants_more(prompt, length): ...
            @benchmark(domain="images")
            def has_what_requests_have(prompt, width, seed): ...
        """
        with Stage(speed=text) as stage:
            _, said = stage.list()
            self.assertIn("expected args= values for the parameter `length`", said)
            self.assertNotIn("width", said)


@unittest.skipUnless(command.find(), command.MISSING)
class Rounds(unittest.TestCase):
    def of(self, stage, case, **wanted):
        """Measures a round; returns the frame of what was served, and the last one."""
        frames = stage.measure(case, samples=None, **wanted)
        served = next((frame for frame in frames if frame["type"] == "served"), None)
        return served, frames[-1]

    def test_each_field_has_its_metrics_at_each_level(self):
        with Stage(speed=FUNCTIONS) as stage:
            for case, scenarios, metric, requests in (
                ("joe/performance/speak", ["closed_loop", "closed_loop"], "ASPS", 8),
                ("performance/answer[length=3]", ["open_loop"], "TTFT p50", 6),
                ("performance/paint", ["closed_loop"], "PPS", 3),
                ("performance/classify", ["offline"], "IPS", 5),
                ("performance/ramped", ["ramp"] * 3, "output tokens/s", 12),
                ("performance/replayed", ["replay"], "output tokens/s", 3),
            ):
                with self.subTest(case):
                    served, last = self.of(stage, case)
                    self.assertEqual(last["type"], "finished", last)
                    self.assertEqual([level["scenario"] for level in served["levels"]], scenarios)
                    self.assertIn(metric, [metric["name"] for metric in served["levels"][0]["metrics"]])
                    self.assertEqual((last["iterations"], served["levels"][0]["failed"]), (requests, 0))
                    probes = [probe["probe"] for probe in last["probes"]]
                    self.assertEqual([name for name in ("memory", "cpu", "gc") if name not in probes], [])

    def test_the_highest_rate_is_searched(self):
        with Stage(speed=FUNCTIONS) as stage:
            served, last = self.of(stage, "performance/searched", slice_ns=20_000_000_000)
            self.assertEqual(last["type"], "finished", last)
            self.assertEqual({level["scenario"] for level in served["levels"]}, {"find_rate"})
            rates = [level["rate"] for level in served["levels"]]
            # On a very busy machine the first rate may miss the condition, and the search goes down.
            self.assertEqual((rates[0], next(rate for rate in rates if rate != 100) in (50, 200)), (100, True), rates)
            # One request at a time takes 4 ms, so that 250 are served in a second at most.
            for found in served.get("found", ()):
                self.assertEqual(found["name"], "latency-bounded throughput")
                self.assertLess(found["value"], 275)

    def test_steps_are_served_as_they_are_asked_for_and_a_worker_goes_on(self):
        with Stage(speed=FUNCTIONS) as stage, stage.worker() as worker:
            for _ in range(2):
                frames = iter(worker.frame, None)
                worker.send(
                    type="measure", case="joe/performance/speak", round=0, mode="step", slice_ns=0, hard_stop=False, probes=[]
                )
                self.assertEqual(next(frame for frame in frames if frame["type"] != "start_up")["type"], "first_call")
                for iterations in (1, 5):
                    worker.send(type="batch", iterations=iterations)
                    frame = worker.frame()
                    self.assertEqual((frame["type"], frame["iterations"], len(frame["ns"])), ("samples", iterations, 1))
                worker.send(type="stop")
                self.assertEqual(worker.frame()["type"], "finished")

    def test_requests_fail_in_words_and_the_others_go_on(self):
        with Stage(speed=FUNCTIONS) as stage:
            served, last = self.of(stage, "performance/unwell")
            (level,) = served["levels"]
            self.assertEqual((last["type"], level["requests"], level["succeeded"]), ("finished", 12, 2))
            words = {told["message"]: told["count"] for told in level["errors"]}
            self.assertEqual(sorted(words.values()), [2] * 5)
            expected = ["ValueError: no luck", "with `length`", "`audio_duration` is nan", "it called sys.exit(0)"]
            for said in (*expected, "timed out: no answer after 0.2 s"):
                self.assertEqual(len([message for message in words if said in message]), 1, words)

    def test_a_function_that_always_fails_fails_its_case_in_its_own_words(self):
        with Stage(speed=FUNCTIONS) as stage:
            last = stage.measure("performance/broken")[-1]
            self.assertEqual(last["type"], "failed")
            self.assertIn("ValueError: no luck", last["message"])
            self.assertNotIn("ServedError", last["message"])

    def test_a_bencher_serves_only_what_is_declared_and_times_nothing_else(self):
        text = """
            from bench_models import benchmark
            @benchmark(domain="requests", requests=2)
            def timed(b): b.iter(int)
            @benchmark(domain="requests", requests=2)
            def idle(b): pass
            def benchmark_undeclared(b): b.serve(str.upper)
        """
        with Stage(speed=text) as stage:
            for case, said in (
                ("performance/timed", "call `b.serve`"),
                ("performance/idle", "never calls `b.serve`"),
                ("unit/undeclared", "`b.serve` needs requests"),
            ):
                self.assertIn(said, stage.measure(case)[-1]["message"])


if __name__ == "__main__":
    unittest.main()
