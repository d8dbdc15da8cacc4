"""Crops density maps to what is above 2 % of their peak and stores them as 16-bit integers of the peak's 1/32,000.

Usage: python3 crop.py FROM_FOLDER TO_FOLDER   (numpy; FROM_FOLDER holds MRC maps of mode 2)
Source of the maps: github.com/stmartineau99/polnet-synaptic, Apache-2.0, computed from entries of the Protein Data Bank.
"""
import struct
import sys
from pathlib import Path

import numpy as np

floor = 0.02
greatest = 32000


def read(path):
    raw = path.read_bytes()
    nx, ny, nz, mode = struct.unpack_from("<4i", raw, 0)
    cell = struct.unpack_from("<3f", raw, 40)
    grid = struct.unpack_from("<3i", raw, 28)
    extra = struct.unpack_from("<i", raw, 92)[0]
    if mode != 2:
        raise SystemExit(f"{path}: mode {mode}, wanted 2")
    values = np.frombuffer(raw, "<f4", nx * ny * nz, 1024 + extra).reshape(nz, ny, nx)
    return values, [length / count for length, count in zip(cell, grid)]


def cropped(values):
    inside = np.argwhere(values > floor * values.max())
    low, high = inside.min(0), inside.max(0) + 1
    return values[tuple(slice(a, b) for a, b in zip(low, high))]


def write(path, values, spacing):
    nz, ny, nx = values.shape
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, nx, ny, nz, 1, 0, 0, 0, nx, ny, nz)
    struct.pack_into("<6f", header, 40, nx * spacing[0], ny * spacing[1], nz * spacing[2], 90, 90, 90)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    struct.pack_into("<3f", header, 76, values.min(), values.max(), values.mean())
    struct.pack_into("<i", header, 88, 1)
    struct.pack_into("<i", header, 108, 20140)
    header[208:212] = b"MAP "
    header[212:216] = bytes([0x44, 0x44, 0, 0])
    struct.pack_into("<f", header, 216, values.std())
    path.write_bytes(bytes(header) + values.astype("<i2").tobytes())


for source in sorted(Path(sys.argv[1]).glob("*.mrc")):
    values, spacing = read(source)
    scaled = np.rint(np.clip(cropped(values), 0, None) / values.max() * greatest)
    write(Path(sys.argv[2]) / source.name, scaled, spacing)
    print(source.name, values.shape, "to", scaled.shape)
