# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a GGUF file (version 3, little-endian): its numbers and strings, and where each tensor's bytes lie."""
import math
import pathlib
import struct

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9


class GgufFile:
    def __init__(self, path: pathlib.Path) -> None:
        self.data = path.read_bytes()
        self.at = 0
        magic, version, tensor_count, entry_count = struct.unpack_from("<4sIQQ", self.data)
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError(f"{path} is no GGUF file of version 2 or 3")
        self.at = 24
        self.metadata = {self._string(): self._value(self._number("I")) for _ in range(entry_count)}
        infos = [self._info() for _ in range(tensor_count)]
        alignment = self.metadata.get("general.alignment", 32)
        start = math.ceil(self.at / alignment) * alignment
        ends = sorted(start + offset for _, _, _, offset in infos) + [len(self.data)]
        self.tensors = {}
        for name, shape, kind, offset in infos:
            begin = start + offset
            end = next(edge for edge in ends if edge > begin)
            self.tensors[name] = (kind, shape, self.data[begin:end])

    def _number(self, code: str):
        (value,) = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def _string(self) -> str:
        length = self._number("Q")
        text = self.data[self.at : self.at + length].decode(errors="replace")
        self.at += length
        return text

    def _value(self, kind: int):
        if kind == STRING:
            return self._string()
        if kind != ARRAY:
            return self._number(SCALARS[kind])
        element, count = self._number("I"), self._number("Q")
        return [self._value(element) for _ in range(count)]

    def _info(self) -> tuple[str, tuple[int, ...], int, int]:
        name, rank = self._string(), self._number("I")
        shape = tuple(self._number("Q") for _ in range(rank))
        return name, shape, self._number("I"), self._number("Q")
