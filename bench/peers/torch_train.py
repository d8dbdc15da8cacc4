#!/usr/bin/env python3
"""PyTorch as a picker: trains the `baseline` network of torch_unet.py on tomograms, and writes probability maps of others.

The organisers' usual recipe: the whole tomogram normalised; crops of 64 voxels a side, their places drawn from each class as often as
from any other, flips and quarter turns; cross-entropy on balls of half a radius, background counted a tenth; AdamW at 1e-3.

Needs PyTorch, NumPy, SciPy, zarr and mrcfile (Debian: python3-torch, -scipy, -zarr, -mrcfile).
usage: torch_train.py DATA OUT --train A,B,… --predict C,D,… (--steps N | --seconds S) [--threads 1] [--seed 0]
DATA holds static/ and overlay/, as copick has them. S are seconds of the processor, of training alone. Writes OUT/RUN__TYPE.mrc, which
`pickbench pick` and `bench/thresholds.mjs --maps OUT` read, and prints one JSON line: steps, processor seconds of training and of
prediction, median ms of a step by the clock, mean loss of the last tenth, and peak memory in MB.
"""
import argparse
import glob
import json
import os
import resource
import time

import mrcfile
import numpy as np
import torch
import torch.nn.functional as F
import zarr

from score_scipy import RADIUS
from torch_unet import Baseline

TYPES = list(RADIUS)
CROP, TILE, HALO = 64, 96, 8


def read_tomogram(data, run):
    """Voxels (z, y, x) of mean 0 and standard deviation 1, and their size in angstrom."""
    [path] = glob.glob(f'{data}/static/ExperimentRuns/{run}/VoxelSpacing*/denoised.zarr')
    store = zarr.open(path, 'r')
    level = store.attrs['multiscales'][0]['datasets'][0]
    volume = np.asarray(store[level['path']], np.float32)
    return (volume - volume.mean()) / volume.std(), level['coordinateTransformations'][0]['scale'][0]


def read_places(data, run, kind, spacing):
    """Centres (n, 3) in voxels, z y x."""
    with open(f'{data}/overlay/ExperimentRuns/{run}/Picks/{kind}.json') as file:
        points = json.load(file)['points']
    return np.array([[p['location'][k] for k in 'zyx'] for p in points]).reshape(-1, 3) / spacing - .5


def draw_ball(labels, centre, radius, value):
    low = np.maximum(np.floor(centre - radius).astype(int), 0)
    high = np.minimum(np.ceil(centre + radius).astype(int) + 1, labels.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high))
    away = sum((np.arange(a, b) - c).reshape([-1 if axis == at else 1 for at in range(3)]) ** 2
               for axis, (a, b, c) in enumerate(zip(low, high, centre)))
    labels[box][away <= radius ** 2] = value


class Crops:
    """Crops of the training runs with their labels: 0 is background, the types follow."""

    def __init__(self, data, runs, seed):
        self.random = np.random.default_rng(seed)
        self.runs, self.places = [], [[] for _ in TYPES]
        for at, run in enumerate(runs):
            volume, spacing = read_tomogram(data, run)
            labels = np.zeros(volume.shape, np.int64)
            for kind, name in enumerate(TYPES):
                radius = RADIUS[name] / 2 / spacing
                for centre in read_places(data, run, name, spacing):
                    draw_ball(labels, centre, radius, kind + 1)
                    self.places[kind].append((at, centre, radius))
            self.runs.append((volume, labels))

    def draw(self):
        kind = self.random.integers(len(TYPES) + 1)
        if kind == len(TYPES):
            at = self.random.integers(len(self.runs))
            centre = self.random.uniform(0, self.runs[at][0].shape)
        else:
            at, centre, radius = self.places[kind][self.random.integers(len(self.places[kind]))]
            centre = centre + self.random.uniform(-radius, radius, 3)
        volume, labels = self.runs[at]
        low = np.clip(centre.astype(int) - CROP // 2, 0, np.array(volume.shape) - CROP)
        box = tuple(slice(a, a + CROP) for a in low)
        flips = [axis for axis in range(3) if self.random.random() < .5]
        turns = self.random.integers(4)
        return [torch.from_numpy(np.rot90(np.flip(each[box], flips), turns, (1, 2)).copy())[None] for each in (volume, labels)]


def train(net, crops, steps, seconds):
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3)
    weight = torch.tensor([.1] + [1.] * len(TYPES))
    begun, losses, clock = time.process_time(), [], []
    while len(losses) < steps if steps else time.process_time() - begun < seconds:
        start = time.perf_counter()
        volume, labels = crops.draw()
        optimiser.zero_grad()
        loss = F.cross_entropy(net(volume[None]), labels, weight)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        clock.append(time.perf_counter() - start)
    return dict(steps=len(losses), trainSeconds=round(time.process_time() - begun, 1), stepMs=round(1e3 * np.median(clock)),
                loss=round(float(np.mean(losses[-max(1, len(losses) // 10):])), 4))


@torch.no_grad()
def predict(net, volume):
    """Probabilities (type, z, y, x), from tiles of which the outer voxels are left out."""
    inner = TILE - 2 * HALO
    wide = [(HALO, HALO + -size % inner) for size in volume.shape]
    padded = np.pad(volume, wide, 'reflect')
    out = np.empty((len(TYPES), *[size + -size % inner for size in volume.shape]), np.float32)
    for z, y, x in np.ndindex(*[size // inner for size in out.shape[1:]]):
        start = [inner * at for at in (z, y, x)]
        tile = torch.from_numpy(padded[tuple(slice(a, a + TILE) for a in start)])
        probability = F.softmax(net(tile[None, None]), 1)[0, 1:]
        middle = (slice(None),) + (slice(HALO, HALO + inner),) * 3
        out[(slice(None), *[slice(a, a + inner) for a in start])] = probability[middle].numpy()
    return out[(slice(None), *[slice(size) for size in volume.shape])]


def main():
    args = argparse.ArgumentParser()
    for name in ('data', 'out'):
        args.add_argument(name)
    for name in ('--train', '--predict'):
        args.add_argument(name, required=True, type=lambda text: text.split(','))
    length = args.add_mutually_exclusive_group(required=True)
    length.add_argument('--steps', type=int)
    length.add_argument('--seconds', type=float)
    for name, default in dict(threads=1, seed=0).items():
        args.add_argument(f'--{name}', type=int, default=default)
    args = args.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    net = Baseline(len(TYPES) + 1)
    result = train(net, Crops(args.data, args.train, args.seed), args.steps, args.seconds)
    begun = time.process_time()
    os.makedirs(args.out, exist_ok=True)
    for run, (volume, spacing) in ((run, read_tomogram(args.data, run)) for run in args.predict):
        for name, map_ in zip(TYPES, predict(net, volume)):
            with mrcfile.new(f'{args.out}/{run}__{name}.mrc', map_, overwrite=True) as file:
                file.voxel_size = spacing
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(dict(**result, predictSeconds=round(time.process_time() - begun, 1), peakMb=peak)))


if __name__ == '__main__':
    main()
