"""Template matching as a loop of SciPy's Fourier transforms over whole volumes: what `pickbench match` is timed beside.

Arguments: TOMOGRAM.mrc TEMPLATE.mrc ROTATIONS.csv MASK_RADIUS (voxels). ROTATIONS.csv is what `pickbench match` writes. No missing
wedge: a product more a rotation, of the template's small cube. 32 bits, one thread. Needs NumPy, SciPy and mrcfile.

Prints JSON: rotations, seconds of the processor and of the clock, std and greatest score.
"""
import csv
import json
import sys
import time

import mrcfile
import numpy as np
from scipy import fft
from scipy.ndimage import map_coordinates

tomogram, template, rotations, radius = sys.argv[1:5]
with mrcfile.open(tomogram, permissive=True) as file:
    volume = -file.data.astype(np.float32)
with mrcfile.open(template, permissive=True) as file:
    density = file.data.astype(np.float32)
with open(rotations) as file:
    turns = [np.array([float(row[k]) for k in ("xx", "xy", "xz", "yx", "yy", "yz", "zx", "zy", "zz")]) for row in csv.DictReader(file)]

started, clock = time.process_time(), time.perf_counter()
volume = (volume - volume.mean()) / volume.std()
reach = int(np.ceil(float(radius))) + 1
edge = 2 * reach + 1
grid = np.stack(np.meshgrid(*[np.arange(edge) - reach] * 3, indexing="ij")).astype(np.float32)
mask = (np.sqrt((grid**2).sum(0)) <= float(radius)).astype(np.float32)
centre = np.array([(np.indices(density.shape)[axis] * density).sum() / density.sum() for axis in range(3)])
size = [fft.next_fast_len(n + edge, real=True) for n in volume.shape]
part = tuple(slice(0, n) for n in volume.shape)


def correlated(kernel, spectrum):
    """Correlation with the kernel's middle as its place."""
    result = fft.irfftn(np.conj(fft.rfftn(kernel, size)) * spectrum, size)
    return np.roll(result, (reach,) * 3, (0, 1, 2))[part]


spectrum = fft.rfftn(volume, size)
mean = correlated(mask, spectrum) / mask.sum()
variance = correlated(mask, fft.rfftn(volume**2, size)) / mask.sum() - mean**2
inverse = 1 / (mask.sum() * np.sqrt(np.where(variance > 1e-5, variance, 1)))
best = np.full(volume.shape, -np.inf, np.float32)
index = np.zeros(volume.shape, np.int32)
squares = 0.0
for at, turn in enumerate(turns):
    x, y, z = np.tensordot(turn.reshape(3, 3).T.astype(np.float32), grid[::-1], 1)
    places = np.stack([z, y, x]) + centre[:, None, None, None]
    turned = map_coordinates(density, places, order=1)
    turned = mask * (turned - (mask * turned).sum() / mask.sum())
    turned /= np.sqrt((turned**2).sum() / mask.sum())
    scores = correlated(turned, spectrum) * inverse
    squares += float(np.vdot(scores, scores))
    better = scores > best
    best[better] = scores[better]
    index[better] = at
print(
    json.dumps(
        {
            "rotations": len(turns),
            "processor": time.process_time() - started,
            "clock": time.perf_counter() - clock,
            "std": (squares / best.size / len(turns)) ** 0.5,
            "greatest": float(best.max()),
        }
    )
)
