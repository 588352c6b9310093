#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds, runs every test. Options:
#   --asan   also the core and gpu tests under AddressSanitizer and UBSan, without the long numeric suites (CI does)
#   --asan-all   the same with them
#   --tsan   also the core and gpu tests under ThreadSanitizer
#   --fuzz   also each fuzz target for 30 seconds from its corpus
#   --arm64  also, as 64-bit ARM under qemu, what depends on the processor (not counted in the sum)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
"$root/packaging/install-dependencies.sh" build test

passed=0 failed=0 skipped=0
run_preset() {  # preset [ctest arguments]; $configure: arguments of cmake
    local preset=$1; shift
    echo "== $preset: configure and build"
    mkdir -p build
    cmake --preset "$preset" ${configure:-} >"build/$preset.configure.log" 2>&1 || { cat "build/$preset.configure.log"; exit 1; }
    cmake --build --preset "$preset" >"build/$preset.build.log" 2>&1 || { tail -n 60 "build/$preset.build.log"; exit 1; }
    echo "== $preset: test"
    local log=build/$preset.test.log status=0
    ctest --preset "$preset" --test-output-size-passed 4000000 --test-output-size-failed 4000000 --output-junit "$root/build/$preset.junit.xml" "$@" >"$log" 2>&1 || status=$?
    grep -E '^ *[0-9]+/[0-9]+ Test|tests passed|tests failed|The following' "$log" || true
    if [ "$status" -ne 0 ]; then
        ctest --preset "$preset" --rerun-failed --output-on-failure "$@" 2>&1 | tail -n 150 || true
    fi
    local counts
    counts=$(python3 "$root/tests/count-results.py" "build/$preset.junit.xml")
    read -r p f s <<<"$counts"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# GUI tests need no display; Vulkan tests run on the software device with the validation layer on.
export QT_QPA_PLATFORM=offscreen HT_VK_VALIDATION=1
[ -z "${CI:-}" ] || export HT_REQUIRE_VULKAN=1
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$root/build/cache}
# Paths relative to the checkout: a second checkout of the same sources reuses what the first compiled.
export CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache} CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

export TSAN_OPTIONS=suppressions=$root/tests/support/tsan.supp

run_preset dev
for option in "$@"; do
    case $option in
        # The long numeric suites take most of an hour under the sanitizers: --asan-all builds and runs them too.
        --asan) configure=-DHT_LONG_TESTS=OFF run_preset asan -L 'core|gpu' ;;
        --asan-all) configure=-DHT_LONG_TESTS=ON run_preset asan -L 'core|gpu' ;;
        --tsan) run_preset tsan -L 'core|gpu' ;;
        --fuzz) "$root/tests/fuzz/run.sh" 30 ;;
        --arm64) "$root/tests/arm64/run.sh" ;;
        *) echo "tests/run.sh: unknown option $option" >&2; exit 2 ;;
    esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
