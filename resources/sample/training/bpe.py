# SPDX-License-Identifier: GPL-3.0-or-later
"""A byte-level BPE tokenizer: its training, its encoding, and its form in Hugging Face's tokenizer.json."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Iterable

BOS = "<s>"
EOS = "</s>"
BOS_ID = 0
EOS_ID = 1

# GPT-2's pattern for ASCII text, in which \p{L} is [A-Za-z] and \p{N} is [0-9].
PIECES = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")

Pair = tuple[str, str]


def byte_symbols() -> list[str]:
    """The printable character that stands for each byte: itself where it is printable, else U+0100 upwards."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = (byte for byte in range(256) if byte not in printable)
    stand_ins = {byte: chr(0x100 + rank) for rank, byte in enumerate(others)}
    return [stand_ins.get(byte, chr(byte)) for byte in range(256)]


BYTE_SYMBOLS = byte_symbols()
SYMBOL_BYTES = {symbol: byte for byte, symbol in enumerate(BYTE_SYMBOLS)}


def split_pieces(text: str) -> list[str]:
    """Pre-tokenize ASCII text into pieces of byte symbols."""
    if not text.isascii():
        raise ValueError("the training script's tokenizer handles ASCII text only")
    table = {byte: BYTE_SYMBOLS[byte] for byte in range(128)}
    return [piece.translate(table) for piece in PIECES.findall(text)]


class Tokenizer:
    """Ids are: BOS, EOS, the 256 bytes in the order of their values, then one id per merge in the order of merges."""

    def __init__(self, merges: list[Pair]) -> None:
        self.merges = merges
        self.tokens = [BOS, EOS, *BYTE_SYMBOLS, *(left + right for left, right in merges)]
        self.ids = {token: token_id for token_id, token in enumerate(self.tokens)}
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._cache: dict[str, list[int]] = {}

    @staticmethod
    def load(path: Path) -> Tokenizer:
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
        return Tokenizer([tuple(merge.split(" ")) for merge in model["merges"]])

    def encode(self, text: str) -> list[int]:
        """Token ids of ASCII text, without BOS."""
        ids: list[int] = []
        for piece in split_pieces(text):
            if piece not in self._cache:
                self._cache[piece] = self._encode_piece(piece)
            ids.extend(self._cache[piece])
        return ids

    def _encode_piece(self, piece: str) -> list[int]:
        symbols = list(piece)
        while len(symbols) > 1:
            pairs = enumerate(zip(symbols, symbols[1:]))
            ranked = [(self._ranks[pair], at) for at, pair in pairs if pair in self._ranks]
            if not ranked:
                break
            _, at = min(ranked)
            symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
        return [self.ids[symbol] for symbol in symbols]

    def decode(self, ids: Iterable[int]) -> str:
        """Text of the ids; BOS and EOS are left out."""
        symbols = "".join(self.tokens[token_id] for token_id in ids if token_id not in (BOS_ID, EOS_ID))
        return bytes(SYMBOL_BYTES[symbol] for symbol in symbols).decode("utf-8", errors="replace")

    def to_json(self) -> dict:
        """The content of tokenizer.json."""
        specials = [
            {
                "id": token_id,
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token_id, token in ((BOS_ID, BOS), (EOS_ID, EOS))
        ]
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        bos = {"SpecialToken": {"id": BOS, "type_id": 0}}
        first = {"Sequence": {"id": "A", "type_id": 0}}
        second = {"Sequence": {"id": "B", "type_id": 1}}
        second_bos = {"SpecialToken": {"id": BOS, "type_id": 1}}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": specials,
            "normalizer": None,
            "pre_tokenizer": byte_level,
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [bos, first],
                "pair": [bos, first, second_bos, second],
                "special_tokens": {BOS: {"id": BOS, "ids": [BOS_ID], "tokens": [BOS]}},
            },
            "decoder": byte_level,
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": self.ids,
                "merges": [f"{left} {right}" for left, right in self.merges],
            },
        }


def train(text: str, vocab_size: int) -> Tokenizer:
    """Merge the most frequent adjacent pair until the vocabulary is full; ties go to the pair that sorts first."""
    piece_counts = Counter(split_pieces(text))
    words = [list(piece) for piece in piece_counts]
    weights = list(piece_counts.values())
    pair_counts: Counter[Pair] = Counter()
    words_with: defaultdict[Pair, set[int]] = defaultdict(set)
    for index, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pair_counts[pair] += weights[index]
            words_with[pair].add(index)

    merges: list[Pair] = []
    while len(merges) < vocab_size - len(BYTE_SYMBOLS) - 2:
        best = min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))
        merges.append(best)
        for index in words_with.pop(best):
            word, weight = words[index], weights[index]
            for pair in zip(word, word[1:]):
                pair_counts[pair] -= weight
            words[index] = word = merge_pair(word, best)
            for pair in zip(word, word[1:]):
                pair_counts[pair] += weight
                words_with[pair].add(index)
        del pair_counts[best]
    return Tokenizer(merges)


def merge_pair(word: list[str], pair: Pair) -> list[str]:
    """Replace each occurrence of the pair, from the left, by its concatenation."""
    merged: list[str] = []
    at = 0
    while at < len(word):
        if tuple(word[at : at + 2]) == pair:
            merged.append(word[at] + word[at + 1])
            at += 2
        else:
            merged.append(word[at])
            at += 1
    return merged
