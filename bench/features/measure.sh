#!/usr/bin/env bash
# What rules, surroundings and areas are worth, and what segmenting and matching cost: the figures of docs/features.md,
# docs/context.md and docs/matching.md.
#
#     bench/features/measure.sh interactions|context|areas|segment|match FOLDER [DATA]
#
# All is made anew in FOLDER. `areas` wants DATA, a data set with TS_P1 of 112×288×288 voxels and its picks. Processor seconds and
# peak memory are GNU time's. Needs the Python of `scenes.py` ($PYTHON, or /usr/bin/python3) and GNU time.
set -euo pipefail
part=$1 out=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
pickbench() { node "$root/bin/pickbench.js" "$@"; }
timed() { /usr/bin/time -f '%U + %S s of processor, %M kB' node "$root/bin/pickbench.js" "$@"; }
scene() { "${PYTHON:-/usr/bin/python3}" "$root/bench/features/scenes.py" "$@"; }
mkdir -p "$out"

interactions() {
  pickbench simulate --scene cell --count 3 --size 96,256,256 --densities "$root/models/densities" \
    --features membrane,microtubule,carbon,gold,ice --seed 777 --out "$out/cells" --quiet
  pickbench predict cell --data "$out/cells" --out "$out/raw" --quiet
  scene bound "$out/cells" "$out/truth.csv" 200
  scene soften "$out/cells" "$out/raw" "$out/soft"
  for rules in nothing competition both; do
    competes=$([ $rules = nothing ] && echo false || echo true)
    {
      echo "features:"
      echo "  - { name: ribosome, maps: soft, absorb: $competes, threshold: 0.3, picking: { minSpacing: 150, minVolume: 200000 } }"
      echo "  - { name: membrane, maps: soft }"
      for other in microtubule carbon ice gold; do
        echo "  - { name: $other, maps: soft, emit: $competes, absorb: $competes }"
      done
      if [ $rules = both ]; then
        echo "interactions:"
        echo "  - { feature: membrane, type: avoid, with: carbon, radius: 150 }"
        echo "  - { feature: ribosome, type: avoid, with: carbon, radius: 100 }"
        echo "  - { feature: ribosome, type: colocalise, with: membrane, radius: 250 }"
      fi
    } > "$out/$rules.yaml"
    pickbench submit "$out/$rules.yaml" --data "$out/cells" --out "$out/$rules.csv" --quiet > "$out/$rules.log"
    echo "$rules: $(pickbench score "$out/$rules.csv" --truth "$out/truth.csv" --quiet | grep ^ribosome)"
  done
}

context() {
  pickbench simulate --scene cell --count 3 --size 128,320,320 --features membrane,gold,carbon --out "$out/cells" --quiet
  pickbench predict cell --data "$out/cells" --out "$out/raw" --quiet
  scene bound "$out/cells" "$out/truth.csv" 150
  model=$(pickbench models --json | node -e 'const all = JSON.parse(require("fs").readFileSync(0)); console.log((all.models ?? all).find(({ name }) => name === "cell").path)')
  pickbench pick "$out/raw" --checkpoint "$model" --type ribosome --out "$out/picks" --quiet > "$out/picks.log"
  masks="$out/cells/train/overlay"
  select_by() {
    pickbench context "$out/picks" --maps "$2" --distance "$3" --where 'distance.membrane < 150' --out "$out/$1.csv" --to-format challenge --quiet > "$out/$1.log"
    echo "$1: $(pickbench score "$out/$1.csv" --truth "$out/truth.csv" --quiet | grep ^ribosome)"
  }
  pickbench convert "$out/picks" "$out/none.csv" --to-format challenge > "$out/none.log"
  echo "none: $(pickbench score "$out/none.csv" --truth "$out/truth.csv" --quiet | grep ^ribosome)"
  select_by true "$masks" membrane:0.5
  select_by own-0.8 "$out/raw" membrane:0.8:100000
  select_by own-0.5 "$out/raw" membrane:0.5:100000
}

areas() {
  data=$1
  scene areas "$data/overlay/ExperimentRuns/TS_P1/Picks" "$out/areas"
  for share in whole 0.1 0.01 0.001; do
    within=()
    if [ $share != whole ]; then within=(--within "$out/areas/$share"); fi
    echo "== $share"
    timed match "$root/models/densities/6qzp.mrc" --data "$data" --runs TS_P1 --angles 90 --threads 1 "${within[@]}" \
      --out "$out/match-$share" --quiet
    pickbench score "$out/match-$share/submission.csv" --truth "$data" --runs TS_P1 --quiet | grep ^ribosome
  done
  pickbench volume "$data/static/ExperimentRuns/TS_P1/VoxelSpacing10.000/denoised.zarr" "$out/TS_P1.mrc" --quiet
  "${PYTHON:-/usr/bin/python3}" "$root/bench/peers/match_scipy.py" "$out/TS_P1.mrc" "$root/models/densities/6qzp.mrc" \
    "$out/match-whole/rotations.csv" 16.87
}

segment() {
  scene ten "$out/maps"
  {
    echo "features:"
    for c in 0 1 2; do echo "  - { name: f$c, maps: maps, emit: true, absorb: true }"; done
    for c in 3 4 5 6 7 8 9; do echo "  - { name: f$c, maps: maps }"; done
    echo "interactions:"
    echo "  - { feature: f0, type: avoid, with: f1, radius: 100 }"
    echo "  - { feature: f2, type: colocalise, with: f3, radius: 200 }"
    echo "  - { feature: f4, type: avoid, with: f5, radius: 300 }"
  } > "$out/ten.yaml"
  timed segment "$out/ten.yaml" --out "$out/segmented" --labels --quiet > "$out/segment.log"
}

match() {
  scene noise "$out/NOISE.mrc"
  timed match "$root/models/densities/6qzp.mrc" --data "$out/NOISE.mrc" --angles 180 --symmetry C2 --threads 2 --out "$out/match" --quiet
}

"$part" "${@:3}"
