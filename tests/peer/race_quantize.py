#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Races halftone-cli quantize against llama-quantize: whole processes with the same number of threads, the same F16 file,
the same mixture. Runs are paired and interleaved, so that a machine that others use slows all of them alike; what is
printed are medians, and medians of the ratios within a round. Beside the time that passed stands the processor time of
all threads, which other programs disturb less. A plain copy runs along: one thread of a running process reads the whole
source and writes as many bytes as the result has. halftone-cli waits for the disk before it gives a file its name,
llama-quantize does not; against copies both kinds are compared: where both wait, and where neither does
(libeatmydata takes the waiting out of halftone-cli; Debian: libeatmydata1). Ends with status 1 where a tensor's bytes
differ.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import typing

import peer
from compare_quantize import differences
from gguf_file import GgufFile

MIXES = ["q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q2_k", "q3_k_m", "q4_k_m", "q5_k_m", "q6_k", "iq4_nl"]
SHAPE = ["--hidden", "2048", "--ffn", "5632", "--layers", "8", "--heads", "32", "--kv-heads", "4", "--vocab", "32000"]
CHUNK = 1 << 20
WITHOUT_WAITING = "libeatmydata.so"


def copy_bytes(source: pathlib.Path, target: pathlib.Path, size: int, synced: bool) -> None:
    """The plain copy: all of the source is read, `size` bytes are written."""
    reader = os.open(source, os.O_RDONLY)
    writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    while data := os.read(reader, CHUNK):
        part = data[:size]
        size -= os.write(writer, part) if part else 0
    if synced:
        os.fsync(writer)
    os.close(reader)
    os.close(writer)


class Times(typing.NamedTuple):
    passed: float
    processor: float


def timed(target: pathlib.Path, who: int, work: typing.Callable[[], object]) -> Times:
    target.unlink(missing_ok=True)
    os.sync()  # what the run before left to be written is not this one's work
    before, begin = resource.getrusage(who), time.monotonic()
    work()
    passed, after = time.monotonic() - begin, resource.getrusage(who)
    return Times(passed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def make_source(args: argparse.Namespace, folder: pathlib.Path) -> pathlib.Path:
    if args.source:
        return args.source
    if not args.make_checkpoint:
        sys.exit("Give --source (an F16 GGUF file) or --make-checkpoint (the program of that name) to make one.")
    checkpoint, source = folder / "checkpoint", folder / "f16.gguf"
    peer.run([args.make_checkpoint, str(checkpoint), "--dtype", "f16", "--tokenizer", str(args.tokenizer), *SHAPE])
    peer.export(args, checkpoint, "f16", source)
    return source


class Race:
    def __init__(self, args: argparse.Namespace, source: pathlib.Path, folder: pathlib.Path, mix: str) -> None:
        self.args, self.source, self.mix = args, source, mix
        self.ours, self.theirs, self.copy = (folder / f"{part}.gguf" for part in ("ours", "theirs", "copy"))

    def our_run(self, synced: bool) -> Times:
        command = [self.args.cli, "quantize", str(self.source), "--mix", self.mix, "--threads", str(self.args.threads),
                   "--output", str(self.ours)]
        environment = {} if synced else {"LD_PRELOAD": WITHOUT_WAITING}
        return timed(self.ours, resource.RUSAGE_CHILDREN, lambda: peer.run(command, environment))

    def their_run(self) -> Times:
        command = [str(self.args.llama_quantize), str(self.source), str(self.theirs), self.mix, str(self.args.threads)]
        return timed(self.theirs, resource.RUSAGE_CHILDREN, lambda: peer.run(command))

    def copy_run(self, synced: bool) -> Times:
        """Within this process: starting another one would be no part of a copy."""
        size = self.ours.stat().st_size
        return timed(self.copy, resource.RUSAGE_SELF, lambda: copy_bytes(self.source, self.copy, size, synced))

    @staticmethod
    def row(rounds: list[tuple[Times, ...]]) -> str:
        medians = [Times(*(statistics.median(column) for column in zip(*runs))) for runs in zip(*rounds)]
        cells = [f"{times.passed:.2f}, {times.processor:.2f} s" for times in medians]

        def ratio(above: int, below: int) -> str:
            pairs = [(run[above], run[below]) for run in rounds]
            return ", ".join(f"{statistics.median(a[field] / b[field] for a, b in pairs):.2f}" for field in (0, 1))

        synced, unsynced, theirs, synced_copy, copy = range(5)
        return " | ".join([*cells, ratio(theirs, synced), ratio(synced, synced_copy), ratio(unsynced, copy)])

    def run(self) -> bool:
        rounds = []
        for number in range(self.args.rounds + 1):
            times = (self.our_run(True), self.our_run(False), self.their_run(), self.copy_run(True), self.copy_run(False))
            if number > 0:  # the first round fills the caches
                rounds.append(times)
        found = differences(GgufFile(self.ours), GgufFile(self.theirs))
        print(f"| {self.mix} | {self.row(rounds)} | {'same' if not found else f'{len(found)} tensors differ'} |",
              flush=True)
        return not found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cli", required=True, help="halftone-cli")
    parser.add_argument("--llama-quantize", required=True, type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path, help="F16 GGUF file that both read")
    parser.add_argument("--make-checkpoint", help="the program that makes a source where none is given")
    parser.add_argument("--tokenizer", type=pathlib.Path, default=peer.HERE.parents[1] / "resources/sample",
                        help="folder whose tokenizer the made source gets")
    parser.add_argument("--mixes", nargs="*", default=MIXES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="paired runs that count (%(default)s)")
    parser.add_argument("--folder", type=pathlib.Path, help="where to work (a temporary folder)")
    args = parser.parse_args()
    if "LD_PRELOAD" in peer.run(["/bin/true"], {"LD_PRELOAD": WITHOUT_WAITING}):  # the loader complains and goes on
        sys.exit("libeatmydata is missing; it takes the waiting for the disk out of a run (Debian: libeatmydata1).")
    same = []
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        source = make_source(args, pathlib.Path(name))
        print(f"source: {source.stat().st_size / 1e9:.2f} GB, {args.threads} threads, {args.rounds} rounds")
        print("Pairs: time that passed, processor time.")
        print("| mixture | here | here, no wait | llama-quantize | copy and wait | copy | times as fast | "
              "copies, both wait | copies, neither | bytes |\n|---|---|---|---|---|---|---|---|---|---|", flush=True)
        for mix in args.mixes:
            same.append(Race(args, source, pathlib.Path(name), mix).run())
    return 0 if all(same) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(str(error))
