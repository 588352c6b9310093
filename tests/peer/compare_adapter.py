#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does llama.cpp apply the adapter that we export, and does it measure the same perplexity?

For each format with a low-rank correction: export the model with its embedding in Q8_0; measure the recipe itself, and the
file with its adapter in llama.cpp's perplexity program, and both without the correction.

    tests/peer/compare_adapter.py --cli build/dev/bin/halftone-cli --llama-bin PATH

Q4_0 is not among the formats: builds of early 2025 crash when an adapter meets weights that they repack.
"""
import argparse
import pathlib
import re
import sys
import tempfile

import peer

FORMATS = ["q5_0", "q4_1", "q2_k"]
FINAL = re.compile(r"Final estimate: PPL = ([0-9.]+) \+/- ([0-9.]+)")


def ours(args: argparse.Namespace, recipe: pathlib.Path) -> float:
    return peer.run_json([args.cli, "evaluate", str(args.checkpoint), "--text", str(args.text), "--protocol", "p512",
                          "--ctx", str(args.ctx), "--chunks", str(args.chunks), "--recipe", str(recipe)])["perplexity"]


def theirs(args: argparse.Namespace, options: list[str]) -> float:
    output = peer.run([str(args.llama_bin / "llama-perplexity"), "-f", str(args.text), "-c", str(args.ctx), "-b", str(args.ctx),
                       "-t", "1", "--chunks", str(args.chunks)] + options)
    found = FINAL.search(output)
    if not found:
        raise RuntimeError("llama.cpp printed no final estimate")
    return float(found.group(1))


def write_recipe(folder: pathlib.Path, fmt: str) -> pathlib.Path:
    path = folder / f"{fmt}.recipe"
    path.write_text(f"halftone-recipe 2\ndefault {fmt}\nrule role=token_embd format=q8_0\n", encoding="utf-8")
    return path


def compare(args: argparse.Namespace, fmt: str, folder: pathlib.Path) -> bool:
    corrected = write_recipe(folder, f"{fmt}+rank{args.rank}")
    model = folder / "model.gguf"
    report = peer.run_json([args.cli, "quantize", str(args.checkpoint), "--recipe", str(corrected), "--output", str(model)])
    figures = [ours(args, corrected), theirs(args, ["-m", str(model), "--lora", report["adapter"]])]
    bare = [ours(args, write_recipe(folder, fmt)), theirs(args, ["-m", str(model)])]
    print(f"{fmt:8}{figures[0]:12.6g}{figures[1]:12.6g}{figures[0] / figures[1] - 1:+11.5f}"
          f"{bare[0]:12.6g}{bare[1]:12.6g}{bare[0] / bare[1] - 1:+11.5f}", flush=True)
    return abs(figures[0] / figures[1] - 1) <= args.tolerance


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cli", required=True, help="halftone-cli")
    parser.add_argument("--llama-bin", required=True, type=pathlib.Path, help="folder of llama.cpp's programs")
    parser.add_argument("--checkpoint", type=pathlib.Path, default=peer.HERE.parents[1] / "resources" / "sample")
    parser.add_argument("--text", type=pathlib.Path, default=peer.HERE.parents[1] / "resources" / "texts" / "evaluation.txt")
    parser.add_argument("--ctx", type=int, default=256)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    parser.add_argument("--tolerance", type=float, default=0.005, help="largest relative difference that passes")
    args = parser.parse_args()
    print(f"{'format':8}{'corrected':>12}{'llama.cpp':>12}{'-1':>11}{'codes alone':>12}{'llama.cpp':>12}{'-1':>11}")
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(args, fmt, pathlib.Path(folder)) for fmt in args.formats]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
