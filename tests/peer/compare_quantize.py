#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the known mixtures (halftone-cli quantize --mix) against llama-quantize: the same type and the same bytes for
every tensor, made from the same F32 file. Ends with status 1 where a tensor differs.
"""
import argparse
import pathlib
import sys
import tempfile
import time

import peer
from gguf_file import GgufFile

MIXES = ["q2_k_s", "q2_k", "q3_k_s", "q3_k_m", "q3_k_l", "iq4_xs", "iq4_nl", "q4_0", "q4_k_s", "q4_k_m", "q4_1", "q5_0",
         "q5_k_s", "q5_k_m", "q5_1", "q6_k", "q8_0"]


def differences(ours: GgufFile, theirs: GgufFile) -> list[str]:
    found = []
    for name in sorted(ours.tensors.keys() | theirs.tensors.keys()):
        if name not in ours.tensors or name not in theirs.tensors:
            found.append(f"{name}: only in {'ours' if name in ours.tensors else 'theirs'}")
            continue
        (kind, shape, data), (their_kind, their_shape, their_data) = ours.tensors[name], theirs.tensors[name]
        if kind != their_kind:
            found.append(f"{name}: type {kind}, theirs {their_kind}")
        elif shape != their_shape or data.rstrip(b"\0") != their_data.rstrip(b"\0"):
            found.append(f"{name}: type {kind}, other bytes")
    if ours.metadata["general.file_type"] != theirs.metadata["general.file_type"]:
        found.append(f"file_type {ours.metadata['general.file_type']}, theirs {theirs.metadata['general.file_type']}")
    return found


def timed(command: list[str]) -> float:
    begin = time.monotonic()
    peer.run(command)
    return time.monotonic() - begin


def compare(case: dict, args: argparse.Namespace, folder: pathlib.Path) -> bool:
    source, ours, theirs = (folder / f"{case['name']}-{part}.gguf" for part in ("f32", "ours", "theirs"))
    peer.export(args, peer.checkpoint_of(case, args, folder), "f32", source)
    same = True
    for mix in args.mixes:
        calibration = ["--text", str(args.calibration)] if args.calibration else []
        importance = ["--imatrix", str(args.calibration)] if args.calibration else []
        seconds = timed([args.cli, "quantize", str(source), "--mix", mix, *calibration, "--output", str(ours)])
        try:
            their_seconds = timed([str(args.llama_bin / "llama-quantize"), *importance, str(source), str(theirs), mix,
                                   str(args.threads)])
        except RuntimeError as error:
            print(f"{case['name']:24} {mix:8} not compared: {error}")
            continue
        found = differences(GgufFile(ours), GgufFile(theirs))
        same = same and not found
        verdict = "same bytes" if not found else f"{len(found)} differ: {'; '.join(found[:3])}"
        print(f"{case['name']:24} {mix:8} {verdict}  ({seconds:.2f} s, theirs {their_seconds:.2f} s)", flush=True)
    return same


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    peer.add_arguments(parser)
    parser.add_argument("--mixes", nargs="*", default=MIXES)
    parser.add_argument("--calibration", type=pathlib.Path, help="importance matrix for both (a file of llama-imatrix)")
    parser.add_argument("--threads", type=int, default=2, help="of llama-quantize (%(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(case, args, pathlib.Path(folder)) for case in peer.read_cases(args)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
