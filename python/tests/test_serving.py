"""Functions under load: what they may return, how requests are served, and the harnesses that scripts import."""

import asyncio
import json
import os
import socket
import struct
import tempfile
import threading
import time
import unittest
import wave
from io import BytesIO
from pathlib import Path

from bench_models import answers, command, pictures, serving, sockets
from bench_models.harness import (
    BenchmarkConfig,
    HarnessError,
    ImageBenchmarkHarness,
    ResNetImageBenchmarker,
    TextBenchmarkHarness,
    TTSBenchmarkHarness,
    found_rate,
)


def ask(path, *messages):
    """Sends messages over one connection; returns the answers to those that name an input."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        lines = connection.makefile("rb")
        answered = []
        for message in messages:
            connection.sendall(json.dumps(message).encode() + b"\n")
            if "input" in message:
                answered.append(json.loads(lines.readline()))
        lines.close()
        return answered


def serve(function, kind="requests", inputs=("a",), **settings):
    """Serves the first input once; returns the answer."""
    with sockets.served(serving.Function(function, kind, list(inputs), **settings)) as path:
        return ask(path, {"input": 0})[0]


class Pictures(unittest.TestCase):
    def test_headers_say_format_and_size(self):
        jpeg = b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab" + b"\xff\xff\xc2\0\x0b\x08" + struct.pack(">HH", 48, 64)
        webp = b"RIFF0000WEBP"
        lossless = webp + b"VP8L0000\x2f" + struct.pack("<I", 63 | 47 << 14)
        extended = webp + b"VP8X" + bytes(8) + (63).to_bytes(3, "little") + (47).to_bytes(3, "little")
        lossy = webp + b"VP8 " + bytes(10) + struct.pack("<HH", 64 | 1 << 14, 48)
        for picture in (jpeg, lossless, extended, lossy, pictures.synthetic(1, 64, 48)[0]):
            with self.subTest(picture[:16]):
                self.assertEqual(pictures.header(picture)[1:], (64, 48))
                # What is cut off is no picture, and no error.
                self.assertIsNone(pictures.header(picture[:14]))

    def test_made_pictures_follow_from_their_seed(self):
        self.assertEqual(pictures.synthetic(2, 9, 9), pictures.synthetic(2, 9, 9))
        self.assertEqual(len(set(pictures.synthetic(3, 9, 9) + pictures.synthetic(1, 9, 9, seed=1))), 4)


class Answers(unittest.TestCase):
    def of(self, kind, output, streamed=(), **asked):
        found, warnings = answers.answer(kind, output, asked, streamed)
        return {name: value for name, value in found.items() if value is not None}, warnings

    def test_speech_is_a_dictionary_a_file_or_samples(self):
        file = BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(8000)
            out.writeframes(bytes(4 * 100))
        said = self.of("speech", {"audio_duration": 1.5, "text_tokens": 3}, sample_rate=22050)
        self.assertEqual(said, ({"audio_duration": 1.5, "sample_rate": 22050}, []))
        self.assertEqual(
            self.of("speech", file.getvalue())[0], {"samples": 100, "sample_rate": 8000, "channels": 2, "bit_depth": 16}
        )
        self.assertEqual(self.of("speech", {"audio": [0.0] * 7, "sample_rate": 7})[0]["samples"], 7)
        self.assertEqual(self.of("speech", None, [bytes(8), bytes(4)], bit_depth=16)[0]["samples"], 6)

    def test_images_are_counted_and_their_headers_read(self):
        asked = {"width": 512, "height": 512, "num_images": 2, "num_inference_steps": 4}
        self.assertEqual(self.of("images", {"success": True}, **asked)[0]["images"], 2)
        self.assertEqual(self.of("images", {"images": 3, "width": 8}, **asked)[0]["images"], 3)
        self.assertEqual(self.of("images", {"images": ["a", "b", "c"]}, **asked)[0]["images"], 3)
        made = self.of("images", pictures.synthetic(1, 64, 48)[0], **asked)[0]
        self.assertEqual([made[name] for name in ("images", "width", "height", "format")], [1, 64, 48, "png"])
        other = self.of("images", {"images": [*pictures.synthetic(1, 8, 8), b"GIF89a"]}, **asked)
        self.assertIn("not a picture", other[1][0])

    def test_a_wav_stream_is_as_long_as_what_came_of_it(self):
        file = BytesIO()
        with wave.open(file, "wb") as audio:
            audio.setnchannels(1)
            audio.setsampwidth(2)
            audio.setframerate(8000)
            audio.writeframes(bytes(16_000))
        whole = file.getvalue()
        at = whole.index(b"data") + 4
        for stream in (whole, whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :]):
            self.assertEqual(self.of("speech", stream)[0]["samples"], 8000)

    def test_classes_come_from_the_first_prediction(self):
        output = {"success": True, "predictions": [{"class_id": 7, "confidence": 0.5}, {"class_id": 1}]}
        self.assertEqual(self.of("classification", output), ({"images": 1, "class": 7, "confidence": 0.5}, []))
        self.assertEqual(self.of("classification", {"predictions": ["cat"]})[0], {"images": 1})

    def test_what_is_no_number_is_left_out_and_told(self):
        class Scalar:
            def item(self):
                return 2.5

        for value, said in ((float("nan"), "finite"), (float("inf"), "finite"), ({}, "dict"), ("long", "str")):
            found, warnings = self.of("speech", {"audio_duration": 1.0, "sample_rate": value}, sample_rate=8)
            self.assertEqual(found, {"audio_duration": 1.0, "sample_rate": 8})
            self.assertIn(said, warnings[0])
            # Without its length, there is no speech.
            with self.assertRaisesRegex(answers.FailedError, f"an answer of the field `speech`.*{said}"):
                self.of("speech", {"audio_duration": value})
        self.assertEqual(self.of("speech", {"audio_duration": Scalar()})[0]["audio_duration"], 2.5)

    def test_what_its_metrics_are_not_made_of_is_no_answer_of_a_field(self):
        for field, output, said in (
            ("speech", {"audio": None, "voice": "a"}, "expected `audio_duration`.*with `audio`, `voice`"),
            ("speech", None, "found NoneType"),
            ("images", {}, "expected `images`.*an empty dictionary"),
            ("classification", {"classes": []}, "expected a dictionary with `predictions`.*`classes`"),
            ("text", "and so on", "expected `output_tokens`.*found str"),
        ):
            with self.assertRaisesRegex(answers.FailedError, said):
                answers.answer(field, output, {})
        for output in (None, {}, 5, "a picture"):
            with self.assertRaisesRegex(answers.FailedError, "an answer of the field `images`"):
                answers.answer("images", output, {"num_images": 2})
        self.assertEqual(self.of("images", {"path": "a.png"}, num_images=2)[0]["images"], 2)
        # A generator's parts are counted where they are marked, and `requests` ask for nothing.
        self.assertEqual(self.of("text", None, ["a"]), ({}, []))
        self.assertEqual(self.of("text", None, [[5, 6], [7]]), ({"output_tokens": 3}, []))
        self.assertEqual(self.of("requests", None), ({}, []))

    def test_a_failure_is_none_served(self):
        for output in ({"success": False, "error": "no luck"}, {"error": "no luck"}):
            with self.assertRaisesRegex(answers.FailedError, "no luck"):
                answers.answer("classification", output, {})


class Serving(unittest.TestCase):
    def test_each_part_of_a_stream_is_an_output(self):
        def stream(text):
            yield bytes(4)
            yield bytes(8)

        answered = serve(stream, "speech", defaults={"sample_rate": 8, "bit_depth": 16})
        self.assertEqual([(kind, holds) for kind, _, holds in answered["marks"]], [("output", 2), ("output", 4)])
        self.assertEqual(answered["result"]["samples"], 6)
        ats = [at for _, at, _ in answered["marks"]]
        self.assertEqual(sorted([*ats, answered["end"]]), [*ats, answered["end"]])
        self.assertLessEqual(abs(time.clock_gettime_ns(time.CLOCK_MONOTONIC) - answered["end"]), 60e9)

    def test_a_dictionary_after_other_parts_is_a_summary(self):
        def last(text):
            yield "a"
            yield {"output_tokens": 1}

        def returned(text):
            yield "a"
            return {"output_tokens": 1}

        def parts(text):
            yield {"output_tokens": 1}
            yield {"output_tokens": 2}

        for function, outputs, tokens in ((last, 1, 1), (returned, 1, 1), (parts, 2, 2)):
            answered = serve(function, "text")
            self.assertEqual((len(answered["marks"]), answered["result"]["output_tokens"]), (outputs, tokens))

    def test_a_callback_marks_steps_of_its_own_request(self):
        def paint(prompt, width):
            serving.callback_on_step_end(None, 0, 1, {"x": 1})
            serving.mark_output()
            return {"images": 1, "width": width}

        inputs = [{"prompt": "a cat", "width": 64, "seed": 3}]
        answered = serve(paint, "images", inputs)
        self.assertEqual([kind for kind, _, _ in answered["marks"]], ["step", "output"])
        self.assertEqual((answered["result"]["width"], answered["result"]["seed"]), (64, 3))
        # Outside of a request there is nothing to mark.
        serving.mark_step()

    def test_whatever_a_function_raises_is_an_answer(self):
        async def late(text):
            pass

        def leaves(text):
            raise SystemExit(0)

        def fails(text):
            yield "a"
            raise ValueError("no luck " + "x" * 10_000)

        for function, said in ((late, "async def"), (leaves, "it called sys.exit(0)"), (fails, "ValueError: no luck")):
            error = serve(function)["error"]
            self.assertIn(said, error)
            self.assertLess(len(error), 600)

    def test_a_child_that_returns_answers_nothing(self):
        def forks(text):
            # The child returns, too.
            if text == "a" and os.fork() != 0:
                os.wait()
            return {"output_tokens": len(text)}

        with sockets.served(serving.Function(forks, "text", ["a", "bb"])) as path:
            answered = ask(path, {"input": 0}, {"input": 1})
        self.assertEqual([answer["result"]["output_tokens"] for answer in answered], [1, 2])

    def test_what_a_function_replaces_is_not_used_to_serve_it(self):
        def replaces(text):
            json.loads = None

        self.addCleanup(setattr, json, "loads", json.loads)
        with sockets.served(serving.Function(replaces, "requests", ["a"])) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            for _ in range(2):
                connection.sendall(b'{"input":0}\n')
                self.assertIn(b'"end"', connection.recv(4096))

    def test_inputs_that_the_driver_makes_replace_those_there_are(self):
        function = serving.Function(str.upper, "requests", [])
        with sockets.served(function) as path:
            ask(path, {"inputs": ["a", "b"]}, {"input": 1})
        self.assertEqual(function.inputs, ["a", "b"])

    def test_asynchronous_functions_share_a_loop(self):
        loops = set()

        async def stream(text):
            for part in "ab":
                await asyncio.sleep(0)
                loops.add(asyncio.get_running_loop())
                yield part

        async def run(path):
            both = [asyncio.to_thread(ask, path, {"input": 0}) for _ in range(2)]
            return await asyncio.gather(*both)

        self.assertTrue(serving.is_async(stream))
        answered = asyncio.run(sockets.serve_async(serving.Function(stream, "text", ["a"]), run))
        self.assertEqual([len(answer["marks"]) for (answer,) in answered], [2, 2])
        self.assertEqual(len(loops), 1)

    def test_no_thread_and_no_socket_is_left(self):
        before = threading.active_count()
        with sockets.served(serving.Function(str.upper, "requests", ["a"])) as path:
            ask(path, {"input": 0})
        deadline = time.monotonic() + 30
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        # Fewer, if one of an earlier test has ended meanwhile.
        self.assertLessEqual(threading.active_count(), before)
        self.assertFalse(Path(path).parent.exists())


@unittest.skipUnless(command.find(), command.MISSING)
class Harnesses(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)
        self.config = BenchmarkConfig(concurrency_levels=[1, 2], iterations_per_level=6, output_dir=self.folder, quiet=True)

    def test_speech_has_its_metrics_reports_and_comparison(self):
        harness = TTSBenchmarkHarness(self.config)

        def speak(text, voice):
            return {"audio_duration": len(text) / 15, "sample_rate": 22050}

        async def stream(text):
            for _ in range(2):
                await asyncio.sleep(0)
                yield bytes(22050)

        one = harness.run_benchmark(speak, benchmark_name="plain", test_texts=["Hello there."], voice="a")
        two = harness.run_benchmark(stream, benchmark_name="stream", is_async=True)
        self.assertEqual([*one], [1, 2])
        self.assertEqual((one[1].level["succeeded"], one[1].metrics.success_rate), (6, 1.0))
        self.assertAlmostEqual(one[1].metrics.asps / one[1].metrics.rps, 12 / 15, places=3)
        self.assertGreater(two[2].metrics.ttfa_p50, 0)
        with self.assertRaisesRegex(AttributeError, "no metric `ips`.*asps"):
            _ = one[1].metrics.ips
        self.assertEqual([row["input_text"] for row in one[2].request_metrics], ["Hello there."] * 6)
        for name in ("levels.csv", "requests.csv", "run.json", "plots"):
            self.assertTrue((one[1].folder / name).exists(), name)
        self.assertEqual([*harness.load_benchmark_results("plain")], [1, 2])
        self.assertIn("asps", harness.reporter.generate_csv_report(one))
        compared = harness.compare_benchmarks({"before": one, "after": two}) / "comparison.csv"
        rows = compared.read_text()
        self.assertIn("performance/before", rows)
        self.assertIn("performance/after", rows)

    def test_requests_arrive_as_in_a_trace_or_as_fast_as_an_objective_allows(self):
        lock = threading.Lock()

        def answer(text):
            # One after the other: 500 in a second at most.
            with lock:
                time.sleep(0.002)
            return {"output_tokens": 1}

        self.config.replay, self.config.replay_speed = [0, 0.02, 0.05], 2
        (replayed,) = TextBenchmarkHarness(self.config).run_benchmark(answer, ["a"]).values()
        self.assertEqual((replayed.level["scenario"], replayed.level["requests"]), ("replay", 3))
        self.assertIsNone(found_rate({3: replayed}))
        self.config.replay = self.config.replay_speed = None
        self.config.find_rate, self.config.rates = ["latency_p90 <= 20ms"], [200]
        searched = TextBenchmarkHarness(self.config).run_benchmark(answer, ["a"])
        self.assertEqual({result.level["scenario"] for result in searched.values()}, {"find_rate"})
        rates = [result.level["rate"] for result in searched.values()]
        # A rate at which the machine was too slow for the harness is tried once more.
        self.assertEqual((rates[0], next(rate for rate in rates if rate != 200) in (100, 400)), (200, True), rates)
        met = [result.level for result in searched.values() if result.is_valid]
        self.assertEqual(found_rate(searched) is None, not met)
        self.config.rates = [1, 2]
        with self.assertRaisesRegex(ValueError, "a single rate"):
            TextBenchmarkHarness(self.config).run_benchmark(answer, ["a"])

    def test_images_get_the_parameters_that_they_take(self):
        self.config.width, self.config.num_inference_steps = 64, 3
        seen = []

        def paint(prompt, width, num_inference_steps, seed):
            seen.append(seed)
            return {"images": 1, "width": width, "height": 32}

        result = ImageBenchmarkHarness(self.config).run_benchmark(paint, ["a cat"])[1]
        self.assertAlmostEqual(result.metrics.pps / result.metrics.ips, 64 * 32, places=3)
        self.assertAlmostEqual(result.metrics.sps / result.metrics.ips, 3, places=5)
        self.assertGreater(len(set(seen)), 6)

    def test_classification_quick_and_stress(self):
        benchmarker = ResNetImageBenchmarker(8, 8, output_dir=self.folder)
        benchmarker.config.quiet = True

        def classify(picture):
            return {"success": picture[1:4] == b"PNG", "predictions": [{"class_id": 1, "confidence": 0.5}]}

        self.assertEqual(benchmarker.quick_resnet_test(classify)[1].level["requests"], 5)
        stressed = benchmarker.stress_test_resnet_model(
            classify, duration_minutes=0.005, max_concurrency=3, ramp_up_seconds=0.1
        )
        self.assertEqual(stressed[3].level["scenario"], "stress")

    def test_what_cannot_be_measured_says_why(self):
        def fails(text):
            raise ValueError("no luck")

        harness = TextBenchmarkHarness(self.config)
        with self.assertRaisesRegex(HarnessError, "ValueError: no luck"):
            harness.run_benchmark(fails)
        self.config.concurrency_levels = [0]
        with self.assertRaises(HarnessError):
            harness.run_benchmark(lambda text: {"output_tokens": 1})


if __name__ == "__main__":
    unittest.main()
