"""Case ids, held to the same table as those of Rust."""

import json
import unittest

from bench_models.case_id import case_id

from .stage import REPOSITORY

TABLE = REPOSITORY / "crates/bench-syntax/src/case_id/ids.json"


class OneTable(unittest.TestCase):
    def test_ids_are_those_of_rust(self):
        rows = json.loads(TABLE.read_text())
        self.assertGreater(len(rows), 10)
        for row in rows:
            found = case_id(row["model"], row["category"], row["name"], map(tuple, row["arguments"]))
            self.assertEqual(found, row["id"])


if __name__ == "__main__":
    unittest.main()
