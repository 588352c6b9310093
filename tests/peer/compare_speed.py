#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prompt and generation rates of halftone-cli bench against llama-bench: the same GGUF file, the same threads, in turns,
medians of the rounds. Says how many times as fast as llama.cpp Halftone is.
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile

import peer

FORMATS = ["f16", "q8_0", "q4_0", "q4_k", "q6_k"]


def our_rates(args: argparse.Namespace, file: pathlib.Path) -> tuple[float, float]:
    report = peer.run_json([args.cli, "bench", str(file), "--device", args.device, "--threads", str(args.threads),
                            "--prompt", str(args.prompt), "--generate", str(args.generate), "--repeat", "1"])
    return report["prompt_tokens_per_second"], report["generate_tokens_per_second"]


def their_rates(args: argparse.Namespace, file: pathlib.Path) -> tuple[float, float]:
    output = peer.run([str(args.llama_bin / "llama-bench"), "-m", str(file), "-t", str(args.threads), "-r", "1",
                       "-p", str(args.prompt), "-n", str(args.generate), "-o", "json"])
    runs = json.loads(output[output.index("["):output.rindex("]") + 1])
    rate = {run["n_gen"] > 0: run["avg_ts"] for run in runs}
    return rate[False], rate[True]


def compare(args: argparse.Namespace, file: pathlib.Path, name: str) -> None:
    ours, theirs = [], []
    for _ in range(args.rounds):
        ours.append(our_rates(args, file))
        theirs.append(their_rates(args, file))
    cells = [f"{name:8}"]
    for part in range(2):
        mine, other = (statistics.median(rates[part] for rates in runs) for runs in (ours, theirs))
        ratio = statistics.median(a[part] / b[part] for a, b in zip(ours, theirs))
        cells.append(f"{mine:9.1f} {other:9.1f} {ratio:6.2f}x")
    print("   ".join(cells), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--cli", required=True, help="halftone-cli")
    parser.add_argument("--llama-bin", required=True, type=pathlib.Path, help="folder of llama.cpp's programs")
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print(f"{'':8}   {'prompt':>9} {'theirs':>9} {'ratio':>7}   {'generate':>9} {'theirs':>9} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for name in args.formats:
            file = pathlib.Path(folder) / f"{name}.gguf"
            peer.export(args, args.checkpoint, name, file)
            compare(args, file, name)
            file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
