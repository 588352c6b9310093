#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds core for 64-bit ARM and runs under qemu the tests whose results depend on the processor: bytes of formats and
# methods, vector code against the scalar definition, the CPU engine against the reference, statistics, files written and
# read. Arguments: the tests wanted instead of these (test_recipe test_tokenizer); GTEST_FILTER narrows what they run.
# HT_ARM64_SYSROOT: where the arm64 libraries lie or are put. QEMU_CPU: the processor that is played (qemu-aarch64 -cpu help).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
export HT_ARM64_SYSROOT=${HT_ARM64_SYSROOT:-$HOME/.cache/halftone-arm64}
export QEMU_CPU=${QEMU_CPU:-max}
export CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache} CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

tests=("$@")
[ $# -gt 0 ] || tests=(test_base test_tensor test_stats test_quant test_device_quantize test_conformance test_checkpoint test_export)
"$root/packaging/install-dependencies.sh" arm64
"$root/tests/arm64/sysroot.sh" "$HT_ARM64_SYSROOT"
mkdir -p build
cmake --preset arm64 -DHT_ARM64_SYSROOT="$HT_ARM64_SYSROOT" >build/arm64.configure.log 2>&1 || { cat build/arm64.configure.log; exit 1; }
cmake --build --preset arm64 --target "${tests[@]}" >build/arm64.build.log 2>&1 || { tail -n 60 build/arm64.build.log; exit 1; }
selection=$(IFS='|'; echo "^(${tests[*]})\$")
ctest --preset arm64 -R "$selection" --output-junit "$root/build/arm64.junit.xml"
