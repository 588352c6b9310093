#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds Halftone and opens the studio on the bundled sample checkpoint, or on the path given.
# With no display it does the same job through halftone-cli and says where the results are.
#   packaging/run.sh [CHECKPOINT]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
checkpoint=$(realpath "${1:-$root/resources/sample}")
build=$root/build/release
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

"$root/packaging/install-dependencies.sh" build
cd "$root"
mkdir -p "$root/build"
cmake --preset release -DHT_BUILD_BENCH=OFF >"$build.configure.log" 2>&1 || { cat "$build.configure.log" >&2; exit 1; }
cmake --build --preset release --target halftone halftone-cli >&2

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$build/bin/halftone" "$checkpoint"
fi

cli=$build/bin/halftone-cli
out=${HALFTONE_OUTPUT:-$root/build/headless}
mkdir -p "$out"
text=$root/resources/texts/evaluation.txt
calibration=$root/resources/texts/calibration.txt
step() { echo; echo "== $1"; }
step "No display: the studio's job through halftone-cli on $checkpoint"
"$cli" inspect "$checkpoint" | tee "$out/inspect.txt"
step "Weight statistics"
"$cli" stats "$checkpoint" | tee "$out/stats.txt"
step "Q4_K against the original on held-out text"
"$cli" evaluate "$checkpoint" --text "$text" --chunks 8 --format q4_k | tee "$out/evaluate.txt"
step "The same prompt, original and Q4_K"
"$cli" compare "$checkpoint" --prompt "And it came to pass" -n 60 --format q4_k | tee "$out/compare.txt"
step "Export"
"$cli" quantize "$checkpoint" --format q4_k --text "$calibration" --output "$out/model-q4_k.gguf" | tee "$out/quantize.txt"
step "Results"
echo "Tables and the exported model are in $out:"
ls -l "$out"
