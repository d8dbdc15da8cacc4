#!/usr/bin/env python3
"""Converts the challenge's CSV as bench/files.mjs has pickbench do it, with pandas (Debian: python3-pandas).

usage: convert_pandas.py FROM.csv TO.csv|TO.star   Rows grouped by experiment in order of first appearance; STAR: Å from the
centre of 184x630x630 voxels of 10 Å, six digits after the point, rows alone without the head.
"""
import sys

import pandas as pd

source, target = sys.argv[1:3]
rows = pd.read_csv(source)
rows = rows.assign(order=rows.groupby("experiment", sort=False).ngroup()).sort_values("order", kind="stable")
if target.endswith(".csv"):
    rows["id"] = range(len(rows))
    rows.drop(columns="order").to_csv(target, index=False)
else:
    for axis, size in zip("xyz", (630, 630, 184)):
        rows[axis] -= size * 10 / 2
    columns = ["experiment", "x", "y", "z", "particle_type"]
    rows[columns].assign(optics=1).to_csv(target, sep=" ", header=False, index=False, float_format="%.6f")
