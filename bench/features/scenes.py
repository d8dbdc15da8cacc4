"""What the measurements of `bench/features/measure.sh` are made of: true positions, maps and areas.

    scenes.py bound CELLS OUT.csv REACH ribosomes of simulated cells whose centre lies within REACH Å of the true membrane
    scenes.py soften CELLS MAPS OUT     true masks blurred by 1.5 voxels with noise of 0.08, beside the ribosomes' map of MAPS
    scenes.py areas PICKS OUT           areas of 10, 1 and 0.1 % of 112×288×288 voxels: balls about picks and random places
    scenes.py ten OUT                   ten smooth maps of 184×630×630 voxels, as MRC files of floats
    scenes.py noise OUT.mrc             a tomogram of 184×630×630 voxels of noise

Needs NumPy, SciPy, zarr and mrcfile. Every number is drawn from a fixed seed.
"""
import csv
import glob
import json
import os
import sys

import mrcfile
import numpy as np
from scipy import ndimage

ANGSTROM = 10.012


def mask_of(cells, run, feature):
    import zarr

    [path] = glob.glob(f"{cells}/train/overlay/ExperimentRuns/{run}/Segmentations/*_{feature}.zarr")
    return np.asarray(zarr.open(f"{path}/0", "r")) > 0


def runs_of(cells):
    return sorted(os.listdir(f"{cells}/train/overlay/ExperimentRuns"))


def places_of(path):
    with open(path) as file:
        return np.array([[point["location"][k] for k in "xyz"] for point in json.load(file)["points"]])


def write_mrc(path, values, spacing):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values.astype(np.float32))
        file.voxel_size = spacing


def bound(cells, out, reach):
    rows, free = [], 0
    for run in runs_of(cells):
        mask = mask_of(cells, run, "membrane")
        distance = ndimage.distance_transform_edt(~mask) * ANGSTROM
        [picks] = glob.glob(f"{cells}/train/overlay/ExperimentRuns/{run}/Picks/*ribosome.json")
        for x, y, z in places_of(picks):
            at = tuple(min(int(k / ANGSTROM), size - 1) for k, size in zip((z, y, x), mask.shape))
            if distance[at] <= float(reach):
                rows.append([len(rows), run, "ribosome", x, y, z])
            else:
                free += 1
    with open(out, "w", newline="") as file:
        csv.writer(file).writerows([["id", "experiment", "particle_type", "x", "y", "z"], *rows])
    print(f"{len(rows)} ribosomes sit on membranes, {free} do not")


def soften(cells, maps, out):
    import zarr

    rng = np.random.default_rng(7)
    os.makedirs(out, exist_ok=True)
    for run in runs_of(cells):
        with open(f"{maps}/{run}.zarr/.zattrs") as file:
            names = [channel["label"] for channel in json.load(file)["omero"]["channels"]]
        ribosome = zarr.open(f"{maps}/{run}.zarr/0", "r")[names.index("ribosome")]
        write_mrc(f"{out}/{run}__ribosome.mrc", np.asarray(ribosome), ANGSTROM)
        for feature in ("membrane", "microtubule", "carbon", "gold", "ice"):
            soft = ndimage.gaussian_filter(mask_of(cells, run, feature).astype(np.float32), 1.5)
            noise = ndimage.gaussian_filter(rng.standard_normal(soft.shape).astype(np.float32), 1.0)
            write_mrc(f"{out}/{run}__{feature}.mrc", np.clip(soft + noise * (0.08 / noise.std()), 0, 1), ANGSTROM)


def areas(picks, out):
    rng, shape, spacing = np.random.default_rng(0), (112, 288, 288), 10.012444
    known = [
        place[::-1] / spacing - 0.5
        for kind in ("ribosome", "thyroglobulin")
        for place in places_of(f"{picks}/{kind}.json")
    ]
    for share, radius in ((0.1, 10), (0.01, 5), (0.001, 3)):
        area, balls = np.zeros(shape, bool), 0
        while area.mean() < share:
            centre = known[balls] if balls < len(known) else [rng.uniform(0, size) for size in shape]
            box = tuple(slice(max(0, int(c) - radius - 1), int(c) + radius + 2) for c in centre)
            grids = np.ogrid[tuple(slice(b.start, min(b.stop, size)) for b, size in zip(box, shape))]
            area[box] |= sum((grid - c) ** 2 for grid, c in zip(grids, centre)) <= radius**2
            balls += 1
        os.makedirs(f"{out}/{share}", exist_ok=True)
        write_mrc(f"{out}/{share}/TS_P1__area.mrc", area, spacing)
        print(f"area {share}: {area.mean():.5f} of the volume, {balls} balls")


def ten(out):
    shape = (184, 630, 630)
    z, y, x = np.ogrid[tuple(slice(0, size) for size in shape)]
    os.makedirs(out, exist_ok=True)
    for c in range(10):
        rng = np.random.default_rng(c)
        waves = np.sin((x + 40 * c) / (20 + c)) + np.sin((y + 31 * c) / (23 + c)) + np.sin((z + 9 * c) / (17 + c))
        values = 1 / (1 + np.exp(-4 * (waves.astype(np.float32) - 1.2))) + (rng.random(shape, np.float32) - 0.5) * 0.05
        write_mrc(f"{out}/TS_1__f{c}.mrc", np.where(values < 0.03, 0, np.minimum(values, 1)), 10)


def noise(out):
    write_mrc(out, np.random.default_rng(0).standard_normal((184, 630, 630), dtype=np.float32), ANGSTROM)


{"bound": bound, "soften": soften, "areas": areas, "ten": ten, "noise": noise}[sys.argv[1]](*sys.argv[2:])
