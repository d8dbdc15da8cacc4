#!/usr/bin/env python3
"""Watershed picking with SciPy and scikit-image: threshold, distance transform, watershed, volume, spacing, centroid.

Needs python3-scipy, python3-skimage.
usage: skimage_pick.py PROBABILITY.npy SPACING_A THRESHOLD MIN_SPACING_A MIN_VOLUME_A3 OUT.json
PROBABILITY.npy: float32 (z, y, x). Writes {"seconds", "picks": [{"x","y","z" in angstrom, "score", "voxels"}]} sorted by
score, and prints {"seconds", "picks": their number} as one JSON line.
"""
import json
import sys
import time

import numpy as np
from scipy import ndimage as ndi
from skimage.segmentation import watershed


def ball(radius):
    grid = np.mgrid[-radius:radius + 1, -radius:radius + 1, -radius:radius + 1]
    return (grid ** 2).sum(0) <= radius * radius


def pick(p, spacing, threshold, min_spacing, min_volume):
    """(score, voxels, centroid z y x) of each pick, heaviest first."""
    mask = p > threshold
    distance = ndi.distance_transform_edt(mask)
    radius = max(1, int(min_spacing / spacing / 2))
    peak = mask & (distance == ndi.maximum_filter(distance, footprint=ball(radius)))
    markers, n = ndi.label(peak, np.ones((3, 3, 3)))
    labels = watershed(-distance, markers, mask=mask)
    index = np.arange(1, n + 1)
    voxels = ndi.sum(mask, labels, index)
    score = ndi.sum(p, labels, index)
    centroids = np.array(ndi.center_of_mass(mask, labels, index)).reshape(-1, 3)
    large = voxels * spacing ** 3 >= min_volume
    kept = []
    for s, v, c in sorted(zip(score[large], voxels[large], centroids[large].tolist()), key=lambda q: -q[0]):
        if all(np.linalg.norm((np.array(c) - np.array(k[2])) * spacing) >= min_spacing for k in kept):
            kept.append((s, v, c))
    return kept


def main():
    path, out = sys.argv[1], sys.argv[6]
    spacing, threshold, min_spacing, min_volume = map(float, sys.argv[2:6])
    p = np.load(path)
    start = time.perf_counter()
    kept = pick(p, spacing, threshold, min_spacing, min_volume)
    seconds = time.perf_counter() - start
    picks = [dict(zip('zyx', [(q + .5) * spacing for q in c]), score=float(s), voxels=int(v)) for s, v, c in kept]
    with open(out, 'w') as file:
        json.dump(dict(seconds=seconds, picks=picks), file)
    print(json.dumps(dict(seconds=round(seconds, 4), picks=len(kept))))


if __name__ == '__main__':
    main()
