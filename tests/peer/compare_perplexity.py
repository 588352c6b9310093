#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does llama.cpp load what we export, and does it measure the same perplexity?

For each format: export CHECKPOINT with halftone-cli, load the file with llama.cpp's perplexity program, and compare its
figure with ours on the same text and protocol. Needs a llama.cpp that you built or installed yourself.

    tests/peer/compare_perplexity.py --cli build/dev/bin/halftone-cli --llama-perplexity PATH \
        --checkpoint resources/sample --text resources/texts/evaluation.txt --ctx 512 --chunks 8
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

FORMATS = ["f32", "f16", "bf16", "q8_0", "q6_k", "q5_k", "q5_1", "q5_0", "q4_k", "q4_1", "q4_0",
           "int4_g128_sym", "int4_g128_asym", "int8_channel_sym", "int3_g64_asym"]
FINAL = re.compile(r"Final estimate: PPL = ([0-9.]+) \+/- ([0-9.]+)")


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return done.stdout + done.stderr


def ours(args: argparse.Namespace, fmt: str) -> float:
    command = [args.cli, "evaluate", args.checkpoint, "--text", args.text, "--protocol", "p512", "--ctx", str(args.ctx),
               "--chunks", str(args.chunks), "--format", fmt, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["perplexity"]


def theirs(args: argparse.Namespace, path: pathlib.Path) -> float:
    output = run([args.llama_perplexity, "-m", str(path), "-f", args.text, "-c", str(args.ctx), "-b", str(args.ctx),
                  "--chunks", str(args.chunks)])
    found = FINAL.search(output)
    if not found:
        raise RuntimeError("llama.cpp printed no final estimate")
    return float(found.group(1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("cli", "llama-perplexity", "checkpoint", "text"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--ctx", type=int, default=512)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    parser.add_argument("--tolerance", type=float, default=0.005, help="largest relative difference that passes")
    args = parser.parse_args()
    failures = 0
    print(f"{'format':18}{'halftone':>12}{'llama.cpp':>12}{'ratio - 1':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for fmt in args.formats:
            path = pathlib.Path(folder) / f"{fmt}.gguf"
            try:
                run([args.cli, "quantize", args.checkpoint, "--format", fmt, "--output", str(path)])
                mine, other = ours(args, fmt), theirs(args, path)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"{fmt:18} {error}")
                failures += 1
                continue
            difference = mine / other - 1
            verdict = "" if abs(difference) <= args.tolerance else "  differs"
            failures += bool(verdict)
            print(f"{fmt:18}{mine:12.4f}{other:12.4f}{difference:+12.5f}{verdict}")
            path.unlink()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
