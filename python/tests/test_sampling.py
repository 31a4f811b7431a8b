"""The sampler, held to the same rounds as that of Rust."""

import json
import unittest

from bench_models.sampling import SAMPLE, Sampler

from .stage import REPOSITORY

TABLE = REPOSITORY / "bench-core/src/sampling/sampler/cases.json"


def iteration_ns(cost, number):
    """Returns what an iteration takes by its number: `cold_ns` more at first, which falls to nothing."""
    over = cost["falls_over"]
    return cost["steady_ns"] + (cost["cold_ns"] * max(0, over - number) // over if over else 0)


def simulate(assignment, resolution_ns, cost):
    """Returns the batches, with equal ones in a row together, and the frames of a round on a clock that moves only when an
    iteration runs."""
    clock, frames = [0], []

    def send(type, **fields):
        frames.append((type, fields))

    sampler = Sampler(assignment, resolution_ns, send, lambda: clock[0])
    batches, done = [], 0
    while (batch := sampler.next()) is not None:
        falling = max(0, min(batch.iterations, cost["falls_over"] - done))
        elapsed = sum(iteration_ns(cost, done + number) for number in range(falling))
        elapsed += (batch.iterations - falling) * cost["steady_ns"]
        done += batch.iterations
        clock[0] += elapsed + batch.iterations * cost["setup_ns"]
        sampler.record(batch, elapsed)
        if batches and batches[-1][:2] == [*batch]:
            batches[-1][2] += 1
        else:
            batches.append([*batch, 1])
    warmed_up = next((fields for type, fields in frames if type == "warmed_up"), None)
    told = [len(fields["ns"]) for type, fields in frames if type == "samples"]
    return {"batches": batches, "warmed_up": warmed_up, "told": told, "took_ns": clock[0]}


class OneTable(unittest.TestCase):
    def test_rounds_are_those_of_rust(self):
        cases = json.loads(TABLE.read_text())
        self.assertGreater(len(cases), 10)
        for case in cases:
            with self.subTest(case["name"]):
                found = simulate(case["assignment"], case["resolution_ns"], case["cost"])
                self.assertEqual(found, {key: case[key] for key in found})

    def test_every_sample_is_told(self):
        for case in json.loads(TABLE.read_text()):
            samples = sum(count for phase, _, count in case["batches"] if phase == SAMPLE)
            self.assertEqual(samples, sum(case["told"]), case["name"])


if __name__ == "__main__":
    unittest.main()
