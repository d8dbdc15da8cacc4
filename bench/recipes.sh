#!/usr/bin/env bash
# What do training and prediction of the shipped recipes cost: the figures of docs/recipes.md, "What each recipe costs".
#
#     bench/recipes.sh FOLDER DATA [STEPS [RECIPE…]]
#
# Each RECIPE of experiments/ (all networks if none is named) is trained for STEPS steps (20) on DATA, and its checkpoint predicts
# a tomogram of 184×630×630 voxels of noise; `masks` is trained on simulated cells instead. Maps of a network of few steps from
# random weights are all foreground, and picking them takes longer than all else: `unet3d-per-type` begins with `solution` as
# `unet3d-baseline` does, and `pix2pix`, for which there is no such network, is picked at one threshold.
# Printed of the whole training process, with tuning and the score of the held-out run: time by the clock, processor time and peak
# memory; of its steps: median, quartiles and the fastest, which is that of a free core on a busy machine; of the prediction: time by
# the clock, processor time and peak memory. On $THREADS threads (1). Needs the Python of `features/scenes.py` ($PYTHON, or
# /usr/bin/python3) and GNU time.
set -euo pipefail
out=$1 data=$2 steps=${3:-20}
recipes=("${@:4}")
if [ ${#recipes[@]} = 0 ]; then recipes=(unet3d-baseline unet3d-per-type pix2pix masks); fi
threads=${THREADS:-1}
root=$(cd "$(dirname "$0")/.." && pwd)
pickbench() { node "$root/bin/pickbench.js" "$@"; }
timed() { /usr/bin/time -o "$out/time" -f '%e s, %U + %S s of processor, %M kB' node "$root/bin/pickbench.js" "$@" --threads "$threads" --quiet --overwrite; }
mkdir -p "$out"

"${PYTHON:-/usr/bin/python3}" "$root/bench/features/scenes.py" noise "$out/NOISE.mrc"
for recipe in "${recipes[@]}"; do
  learned=$data
  if [ "$recipe" = masks ]; then
    learned=$out/cells
    pickbench simulate --scene cell --out "$learned" --count 3 --size 96,256,256 --densities "$root/models/densities" \
      --seed 7 --quiet --overwrite
  fi
  short=()
  if [ "$recipe" = unet3d-per-type ]; then short=(--from solution); fi
  if [ "$recipe" = pix2pix ]; then short=(--set 'picking.thresholds=[0.5]'); fi
  timed run "$root/experiments/$recipe.yaml" --data "$learned" --budget "$steps steps" "${short[@]}" --out "$out/$recipe" \
    --submissions "$out/submissions" > "$out/$recipe.log"
  echo "$recipe, trained: $(cat "$out/time")"
  node -e '
    const lines = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map(JSON.parse);
    const ms = lines.flatMap(({ ms }) => ms ?? []).slice(2).sort((a, b) => a - b);
    const at = (share) => Math.round(ms[Math.floor(share * (ms.length - 1))]);
    console.log(`  a step: ${at(0.5)} ms (${at(0.25)} to ${at(0.75)}), the fastest ${at(0)}`)' "$out/$recipe/log.jsonl"
  timed predict "$out/$recipe/best.safetensors" --data "$out/NOISE.mrc" --out "$out/$recipe-maps" \
    > "$out/$recipe-predict.log"
  echo "  predicted: $(cat "$out/time")"
done
