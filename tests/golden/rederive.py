"""Scores the rows of metric_cases.json with score_scipy.py and compares every count and score.

    /usr/bin/python3 tests/golden/rederive.py
"""
import json
import os

import numpy as np

import score_scipy

with open(os.path.join(os.path.dirname(__file__), "metric_cases.json")) as file:
    cases = json.load(file)["cases"]


def table(rows):
    out = {}
    for row in rows:
        out.setdefault((row["experiment"], row["particle_type"]), []).append([row[axis] for axis in "xyz"])
    return {key: np.array(points) for key, points in out.items()}


for case in cases:
    score, per_type = score_scipy.score(table(case["truth"]), table(case["submission"]))
    assert abs(score - case["score"]) <= 1e-12, case["name"]
    assert per_type.keys() == case["perType"].keys(), case["name"]
    for particle, expected in case["perType"].items():
        assert all(per_type[particle][key] == expected[key] for key in ("tp", "fp", "fn")), case["name"]
print(f"{len(cases)} cases agree")
