#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a quantized attention cache cost here what it costs in llama.cpp?

Exports one checkpoint as F32 and measures perplexity and mean KL divergence with each cache, in halftone-cli (against the
same weights with a cache in F32) and in llama.cpp's perplexity program (flash attention, against a cache in F16, the
widest that it takes there). Needs a llama.cpp that you built or installed yourself.

    tests/peer/compare_cache.py CHECKPOINT --text FILE --ctx 512 --cli build/dev/bin/halftone-cli --llama-bin PATH
"""
import argparse
import pathlib
import re
import sys
import tempfile

import peer

CACHES = ["f16", "q8_0", "k=q8_0,v=q4_0", "q4_0"]
PERPLEXITY = re.compile(r"Final estimate: PPL = ([0-9.]+)")
MEAN_PERPLEXITY = re.compile(r"Mean PPL\(Q\)\s*:\s*([0-9.]+)")
MEAN_DIVERGENCE = re.compile(r"Mean\s+KLD:\s*(-?[0-9.]+)")


def types_of(cache: str) -> tuple[str, str]:
    if "=" not in cache:
        return cache, cache
    parts = dict(part.split("=") for part in cache.split(","))
    return parts["k"], parts["v"]


def ours(args: argparse.Namespace, path: pathlib.Path, extra: list[str]) -> tuple[float, float]:
    report = peer.run_json([args.cli, "evaluate", str(path), "--text", str(args.text), "--protocol", "p512", "--ctx",
                            str(args.ctx), "--chunks", str(args.chunks), *extra])
    return report["perplexity"], report.get("kld_mean", 0.0)


def theirs(args: argparse.Namespace, path: pathlib.Path, extra: list[str]) -> str:
    return peer.run([str(args.llama_bin / "llama-perplexity"), "-m", str(path), "-f", str(args.text), "-c", str(args.ctx),
                     "-b", str(args.ctx), "-t", "1", "--chunks", str(args.chunks), "-fa", *extra])


def found(pattern: re.Pattern, output: str) -> float:
    match = pattern.search(output)
    if not match:
        raise RuntimeError(f"llama.cpp printed nothing like {pattern.pattern}")
    return float(match.group(1))


def compare(args: argparse.Namespace, path: pathlib.Path, base: pathlib.Path) -> None:
    for cache in args.caches:
        key, value = types_of(cache)
        perplexity, divergence = ours(args, path, ["--cache", cache])
        line = f"{cache:16}{perplexity:12.5f}{divergence:12.3g}"
        try:
            output = theirs(args, path, ["-ctk", key, "-ctv", value, "--kl-divergence-base", str(base), "--kl-divergence"])
            line += f"{found(MEAN_PERPLEXITY, output):12.5f}{found(MEAN_DIVERGENCE, output):12.3g}"
        except RuntimeError as error:
            line += f"  {error}"
        print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--cli", required=True, help="halftone-cli")
    parser.add_argument("--llama-bin", required=True, type=pathlib.Path, help="folder of llama.cpp's programs")
    parser.add_argument("--text", required=True, type=pathlib.Path)
    parser.add_argument("--ctx", type=int, default=512)
    parser.add_argument("--chunks", type=int, default=20)
    parser.add_argument("--caches", nargs="*", default=CACHES)
    parser.add_argument("--activations", nargs="*", default=["int8", "fp8"], help="measured here alone")
    args = parser.parse_args()
    print(f"{'':16}{'halftone':>12}{'KLD':>12}{'llama.cpp':>12}{'KLD':>12}")
    with tempfile.TemporaryDirectory() as folder:
        path, base = pathlib.Path(folder) / "plain.gguf", pathlib.Path(folder) / "base"
        peer.export(args, args.checkpoint, "f32", path)
        output = theirs(args, path, ["-ctk", "f16", "-ctv", "f16", "--kl-divergence-base", str(base)])
        print(f"{'f32':16}{ours(args, path, [])[0]:12.5f}{'':12}{found(PERPLEXITY, output):12.5f}  (f16)", flush=True)
        compare(args, path, base)
        for rounding in args.activations:
            perplexity, divergence = ours(args, path, ["--activations", rounding])
            print(f"{rounding:16}{perplexity:12.5f}{divergence:12.3g}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
