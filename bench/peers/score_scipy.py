#!/usr/bin/env python3
"""The challenge's score, written from its definition, with SciPy (Debian: python3-scipy).

A true particle counts once if any prediction of its type lies within half its radius (<=); counts are summed over
experiments per type; F-beta (beta 4) per type; weighted sum over the types present in the truth, divided by the sum of
ALL weights.

usage: score_scipy.py TRUTH.csv SUBMISSION.csv   Prints one JSON line {"seconds", "score", "perType"}; reading counts.
"""
import csv
import json
import sys
import time

import numpy as np
from scipy.spatial import cKDTree

RADIUS = {'apo-ferritin': 60, 'beta-amylase': 65, 'beta-galactosidase': 90, 'ribosome': 150, 'thyroglobulin': 130,
          'virus-like-particle': 135}
WEIGHT = {'apo-ferritin': 1, 'beta-amylase': 0, 'beta-galactosidase': 2, 'ribosome': 1, 'thyroglobulin': 2,
          'virus-like-particle': 1}


def counts(truth, predicted, distance):
    if len(truth) == 0:
        return 0, len(predicted), 0
    if len(predicted) == 0:
        return 0, 0, len(truth)
    nearest, _ = cKDTree(predicted).query(truth)
    tp = int((nearest <= distance).sum())
    return tp, len(predicted) - tp, len(truth) - tp


def fbeta(tp, fp, fn, beta=4):
    p = tp / (tp + fp) if tp + fp > 0 else 0
    q = tp / (tp + fn) if tp + fn > 0 else 0
    return (1 + beta ** 2) * p * q / (beta ** 2 * p + q) if p + q > 0 else 0.


def score(truth, predicted, fraction=.5, beta=4):
    """truth, predicted: {(experiment, type): (n, 3) array in angstrom}; returns score and per-type dict"""
    none = np.empty((0, 3))
    experiments = {e for e, _ in truth}
    per = {}
    for t in {t for _, t in truth}:
        c = np.sum([counts(truth.get((e, t), none), predicted.get((e, t), none), RADIUS[t] * fraction)
                    for e in experiments], 0)
        per[t] = dict(tp=int(c[0]), fp=int(c[1]), fn=int(c[2]), f=fbeta(*c, beta))
    return sum(v['f'] * WEIGHT[t] for t, v in per.items()) / sum(WEIGHT.values()), per


def read_csv(path):
    out = {}
    with open(path) as file:
        for r in csv.DictReader(file):
            out.setdefault((r['experiment'], r['particle_type']), []).append([float(r[k]) for k in 'xyz'])
    return {k: np.array(v) for k, v in out.items()}


def main():
    start = time.perf_counter()
    value, per = score(read_csv(sys.argv[1]), read_csv(sys.argv[2]))
    seconds = time.perf_counter() - start
    print(json.dumps(dict(seconds=round(seconds, 4), score=value, perType={k: per[k] for k in sorted(per)})))


if __name__ == '__main__':
    main()
