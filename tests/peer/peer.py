# SPDX-License-Identifier: GPL-3.0-or-later
"""What the comparisons with llama.cpp share: the list of checkpoints, exporting them, running programs."""
import argparse
import json
import os
import pathlib
import subprocess

import tiny_models

HERE = pathlib.Path(__file__).resolve().parent


def run(command: list[str], environment: dict[str, str] | None = None) -> str:
    """What it printed, on stderr too; `environment` is added to this process's."""
    try:
        done = subprocess.run(command, capture_output=True, env={**os.environ, **(environment or {})})
    except OSError as error:
        raise RuntimeError(f"{command[0]} cannot be run: {error.strerror}") from error
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        lines = (done.stderr.decode(errors="replace") or output).strip().splitlines() or ["no message"]
        raise RuntimeError(f"{pathlib.Path(command[0]).name} failed ({done.returncode}): {lines[-1]}")
    return output + done.stderr.decode(errors="replace")


def run_json(command: list[str]) -> dict:
    done = subprocess.run(command[:2] + ["--json"] + command[2:], capture_output=True)
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise RuntimeError(f"{pathlib.Path(command[0]).name} failed: {lines[-1]}")
    return json.loads(done.stdout)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cli", required=True, help="halftone-cli")
    parser.add_argument("--llama-bin", required=True, type=pathlib.Path, help="folder of llama.cpp's programs")
    parser.add_argument("--cases", type=pathlib.Path, default=HERE / "cases.json")
    parser.add_argument("--data", type=pathlib.Path, default=HERE.parents[2] / "shared",
                        help="what relative paths of the cases start from")
    parser.add_argument("--only", nargs="*", help="names of cases")


def read_cases(args: argparse.Namespace) -> list[dict]:
    cases = json.loads(args.cases.read_text(encoding="utf-8"))
    return [case for case in cases if not args.only or case["name"] in args.only]


def checkpoint_of(case: dict, args: argparse.Namespace, folder: pathlib.Path) -> pathlib.Path:
    """The checkpoint of a case; a made-up one is written into `folder`."""
    if "synthetic" in case:
        return tiny_models.make(folder / case["name"], case["synthetic"], args.data)
    return resolve(case["checkpoint"], args)


def resolve(path: str, args: argparse.Namespace) -> pathlib.Path:
    """Paths that begin with "resources/" lie in the repository."""
    return (HERE.parents[1] if path.startswith("resources/") else args.data) / path


def export(args: argparse.Namespace, checkpoint: pathlib.Path, fmt: str, target: pathlib.Path) -> list[str]:
    report = run_json([args.cli, "quantize", str(checkpoint), "--format", fmt, "--output", str(target)])
    return [entry["message"] for entry in report.get("problems", [])]
