#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does llama.cpp load what we export, and does it measure the same perplexity?

For each case of cases.json and each format: export with halftone-cli; measure the source with that format, the file that
was written, and the same file in llama.cpp's perplexity program, on the same text by the same protocol. Needs a
llama.cpp that you built or installed yourself.

    tests/peer/compare_perplexity.py --cli build/dev/bin/halftone-cli --llama-bin PATH [--only sample qwen3-tied]

One checkpoint that no case names:

    tests/peer/compare_perplexity.py ... --checkpoint FOLDER --text FILE --ctx 512
"""
import argparse
import pathlib
import re
import sys
import tempfile

import peer

FORMATS = ["f32", "f16", "q8_0", "q6_k", "q5_k", "q4_k", "q4_0", "int4_g32_sym", "int4_g128_asym"]
FINAL = re.compile(r"Final estimate: PPL = ([0-9.]+) \+/- ([0-9.]+)")


def ours(args: argparse.Namespace, case: dict, checkpoint: pathlib.Path, fmt: str | None) -> float:
    command = [args.cli, "evaluate", str(checkpoint), "--text", str(case["text"]), "--protocol", "p512",
               "--ctx", str(case["ctx"]), "--chunks", str(case.get("chunks", args.chunks))]
    return peer.run_json(command + (["--format", fmt] if fmt else []))["perplexity"]


def theirs(args: argparse.Namespace, case: dict, path: pathlib.Path) -> float:
    output = peer.run([str(args.llama_bin / "llama-perplexity"), "-m", str(path), "-f", str(case["text"]),
                       "-c", str(case["ctx"]), "-b", str(case["ctx"]), "-t", "1", "--chunks", str(case.get("chunks", args.chunks))])
    found = FINAL.search(output)
    if not found:
        raise RuntimeError("llama.cpp printed no final estimate")
    return float(found.group(1))


def theirs_unrounded(args: argparse.Namespace, case: dict, path: pathlib.Path, folder: pathlib.Path) -> float:
    """The file's values stored as F32. For quantized weights llama.cpp rounds the other factor to 8 bits as well; made-up
    models can be that sensitive, and this tells such rounding from values that were written or read wrong."""
    plain = folder / "plain.gguf"
    peer.export(args, path, "f32", plain)
    return theirs(args, case, plain)


def agree(args: argparse.Namespace, mine: list[float], other: float) -> bool:
    return all(abs(figure / other - 1) <= args.tolerance for figure in mine)


def compare(args: argparse.Namespace, case: dict, checkpoint: pathlib.Path, fmt: str, folder: pathlib.Path) -> bool:
    label = f"{case['name']:24}{fmt:16}"
    path = folder / "exported.gguf"
    try:
        peer.export(args, checkpoint, fmt, path)
        figures = [ours(args, case, checkpoint, fmt), ours(args, case, path, None), theirs(args, case, path)]
    except RuntimeError as error:
        print(f"{label}{error}", flush=True)
        return False
    source, exported, other = figures
    print(f"{label}{source:13.7g}{exported:13.7g}{other:13.7g}{source / other - 1:+11.5f}{exported / other - 1:+11.5f}",
          end="", flush=True)
    if agree(args, figures[:2], other):
        print(flush=True)
        return True
    try:
        unrounded = theirs_unrounded(args, case, path, folder)
    except RuntimeError as error:
        print(f"  DIFFERS ({error})", flush=True)
        return False
    same = agree(args, figures[:2], unrounded)
    print(f"  {'agrees' if same else 'DIFFERS'} with the same values as F32: {unrounded:.7g}", flush=True)
    return same


def cases_of(args: argparse.Namespace) -> list[dict]:
    if args.checkpoint:
        return [{"name": args.checkpoint.name, "checkpoint": args.checkpoint.absolute(), "text": args.text,
                 "ctx": args.ctx}]
    return [case | {"text": peer.resolve(case["text"], args)} for case in peer.read_cases(args)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peer.add_arguments(parser)
    parser.add_argument("--checkpoint", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path)
    parser.add_argument("--ctx", type=int, default=512)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    parser.add_argument("--tolerance", type=float, default=0.005, help="largest relative difference that passes")
    args = parser.parse_args()
    if args.checkpoint and not args.text:
        parser.error("--checkpoint needs --text")
    print(f"{'case':24}{'format':16}{'source':>13}{'exported':>13}{'llama.cpp':>13}{'source-1':>11}{'exported-1':>11}")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in cases_of(args):
            checkpoint = (case["checkpoint"] if args.checkpoint
                          else peer.checkpoint_of(case, args, pathlib.Path(folder)))
            failures += sum(not compare(args, case, checkpoint, fmt, pathlib.Path(folder)) for fmt in args.formats)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
