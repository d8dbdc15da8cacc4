#!/usr/bin/env python3
"""Marching cubes with scikit-image, by the classic table, and the file that it is written to.

Needs python3-skimage.
usage: skimage_mesh.py MAP.f4 Z Y X
MAP.f4: float32 (z, y, x). Prints one JSON line: seconds (and the processor's) of marching_cubes alone and of it with an OBJ written by
numpy.savetxt, peak resident memory in MB, vertices and faces.
"""
import json
import resource
import sys
import tempfile
import time

import numpy as np
from skimage.measure import marching_cubes

volume = np.fromfile(sys.argv[1], '<f4').reshape([int(size) for size in sys.argv[2:5]])
start, cpu = time.perf_counter(), time.process_time()
vertices, faces, normals, _ = marching_cubes(np.pad(volume, 1), 0.5, method='lorensen')
meshed, meshed_cpu = time.perf_counter() - start, time.process_time() - cpu
with tempfile.TemporaryFile('w') as file:
    np.savetxt(file, vertices, 'v %.4f %.4f %.4f')
    np.savetxt(file, normals, 'vn %.4f %.4f %.4f')
    np.savetxt(file, np.repeat(faces + 1, 2, 1), 'f %d//%d %d//%d %d//%d')
print(json.dumps(dict(seconds=round(meshed, 2), cpuSeconds=round(meshed_cpu, 2), cpuSecondsWithObj=round(time.process_time() - cpu, 2),
                      secondsWithObj=round(time.perf_counter() - start, 2),
                      peakMb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                      vertices=len(vertices), faces=len(faces))))
