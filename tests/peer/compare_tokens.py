#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does llama.cpp turn texts into the same tokens with a file that we export as we do with its source?

For each case of cases.json that is not there for its weights alone: export with halftone-cli, then tokenize awkward texts
with the source (halftone-cli), with the exported file (halftone-cli) and with the exported file in llama.cpp.

    tests/peer/compare_tokens.py --cli build/dev/bin/halftone-cli --llama-bin PATH [--only zh-poem-750K]
"""
import argparse
import json
import pathlib
import sys
import tempfile

import peer

TEXTS = [
    "Hello", " Hello", "  Hello", "Hello ", "Hello  world", "   ", " ", "\n", "\n\n", "\n\n\n \n", "\t\t\tx", "a\r\nb\r\n",
    "line one\nline two\n\n  indented\n\ttabbed", "0", "12", "123", "1234567890", "3.14159e-10", "1,000,000", "x2y3 4z",
    "I'm you're he'll WE'VE isn't 'tis", "'S 'LL", "!!!???...", "foo(bar[0]) != {baz: \"qux\"}; // done", "a_b-c/d\\e@f#g$h%i^j&k*l",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01", "\u6625\u7720\u4e0d\u89c9\u6653\uff0c\u5904\u5904\u95fb\u557c\u9e1f\u3002",
    "\u9f98\u9750\u9f49 rare", "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8", "\ud55c\uad6d\uc5b4 \ud14d\uc2a4\ud2b8",
    "\U0001f600\U0001f680 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea", "caf\u00e9 na\u00efve \u00fcber \u00df \u0130\u0131",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
    "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u2581marked\u2581", "\u00a0no\u00a0break\u2003em\u3000wide",
    "\u200bzero\u200dwidth", "x\u00b2 \u00bd \u2167 \u0664\u0665", "\u20ac100 \u00a35 \u00a5\u2122\u00a9", "QZJX qzjx", "<unk> a <s>b</s> c",
    "<|endoftext|>x<|im_start|>", "<0x0A>", "[PAD5]", "Once upon a time, there was a cat. It was 3 years old!",
    "The quick brown fox jumps over the lazy dog.\n" * 3, "a" * 70, " " * 33 + "x", "ab" * 40 + "\n" * 20,
]
DECOMPOSED = ["cafe\u0301 re\u0301sume\u0301", "\u1112\u1161\u11ab"]


def ours(args: argparse.Namespace, path: pathlib.Path, text: str, special: bool) -> list[int]:
    return peer.run_json([args.cli, "tokenize", str(path)] + (["--special"] if special else []) + ["--", text])["ids"]


def theirs(args: argparse.Namespace, path: pathlib.Path, text: str, special: bool, folder: pathlib.Path) -> list[int]:
    file = folder / "text.txt"
    file.write_bytes(text.encode("utf-8"))
    command = [str(args.llama_bin / "llama-tokenize"), "-m", str(path), "-f", str(file), "--ids", "--no-escape", "--log-disable"]
    output = peer.run(command + ([] if special else ["--no-bos", "--no-parse-special"]))
    lines = [line for line in output.splitlines() if line.startswith("[")]
    if not lines:
        raise RuntimeError("llama-tokenize printed no ids")
    return json.loads(lines[-1])


def compare_text(args: argparse.Namespace, paths: tuple[pathlib.Path, pathlib.Path], text: str, special: bool,
                 folder: pathlib.Path) -> str:
    """What differs for one text; empty: nothing."""
    source, exported = paths
    mine, back = ours(args, source, text, special), ours(args, exported, text, special)
    try:
        other = theirs(args, exported, text, special, folder)
    except RuntimeError as error:
        return str(error)
    if mine == back == other:
        return ""
    return f"\n    source    {mine}\n    exported  {back}\n    llama.cpp {other}"


def texts_of(args: argparse.Namespace) -> list[str]:
    """Each text alone; with --quick all in one and what depends on where a text begins and ends."""
    return ["\n".join(TEXTS)] + TEXTS[:6] if args.quick else TEXTS + DECOMPOSED


def compare(args: argparse.Namespace, case: dict, folder: pathlib.Path) -> int:
    checkpoint = peer.checkpoint_of(case, args, folder)
    exported = folder / "exported.gguf"
    try:
        notes = peer.export(args, checkpoint, "f16", exported)
    except RuntimeError as error:
        print(f"{case['name']:24} {error}", flush=True)
        return 1
    texts = [(text, special) for text in texts_of(args) for special in (False, True)]
    different = 0
    for text, special in texts:
        what = compare_text(args, (checkpoint, exported), text, special, folder)
        if not what:
            continue
        different += 1
        if args.verbose:
            print(f"  {text!r}{' with control tokens' if special else ''}: {what}", flush=True)
    print(f"{case['name']:24} {len(texts) - different} of {len(texts)} texts agree", flush=True)
    for note in notes:
        print(f"    note: {note}", flush=True)
    return different


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peer.add_arguments(parser)
    parser.add_argument("--quick", action="store_true", help="few runs, for large vocabularies: all texts as one")
    parser.add_argument("--verbose", action="store_true", help="print the ids where they differ")
    args = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in peer.read_cases(args):
            if case.get("tokens", True):
                failures += compare(args, case, pathlib.Path(folder))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
