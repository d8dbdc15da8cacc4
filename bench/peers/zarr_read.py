#!/usr/bin/env python3
"""Reads level 0 of an OME-Zarr tomogram whole with zarr-python (Debian: python3-zarr).

usage: zarr_read.py STORE.zarr [repeats]   Prints one JSON line {"shape", "seconds", "mb_per_s"}, the best of the repeats.
"""
import json
import sys
import time

import zarr


def read(store):
    start = time.perf_counter()
    array = zarr.open(store, mode='r')['0'][:]
    return time.perf_counter() - start, array


def main():
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    best, array = min((read(sys.argv[1]) for _ in range(repeats)), key=lambda result: result[0])
    print(json.dumps(dict(shape=array.shape, seconds=round(best, 4), mb_per_s=round(array.nbytes / best / 1e6, 1))))


if __name__ == '__main__':
    main()
