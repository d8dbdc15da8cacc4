"""Asks pandas what bench/survey.mjs asks a survey, of CSVs with the same values.

Argument: the folder with tomograms.csv and picks.csv. Prints one line of JSON: milliseconds to read each file, to find tomograms
and to group picks, answers, processor time in ms and the greatest memory in MB.
"""
import json
import resource
import sys
import time

import pandas as pd

folder = sys.argv[1]


def timed(work):
    begun = time.perf_counter()
    value = work()
    return value, round(1000 * (time.perf_counter() - begun))


tomograms, read = timed(lambda: pd.read_csv(f"{folder}/tomograms.csv"))


def find():
    chosen = tomograms[
        (tomograms["feature0.percent"] > 4) & (tomograms["ribosome.count"] > 100) & (tomograms["noise"] < 0.9)
    ]
    return chosen.sort_values("ribosome.score", ascending=False)


found, find_ms = timed(find)
picks, read_picks = timed(lambda: pd.read_csv(f"{folder}/picks.csv"))


def group():
    good = picks[picks["score"] > 0.5]
    groups = good.groupby(["run", "type"])["score"].agg(["count", "mean"]).reset_index()
    return groups.sort_values("mean", ascending=False).head(100)


groups, group_ms = timed(group)
used = resource.getrusage(resource.RUSAGE_SELF)
print(
    json.dumps(
        {
            "read": read,
            "find": find_ms,
            "read_picks": read_picks,
            "groups": group_ms,
            "total": len(found),
            "best": groups.iloc[0]["run"],
            "cpu": round(1000 * (used.ru_utime + used.ru_stime)),
            "mb": round(used.ru_maxrss / 1024),
        }
    )
)
