# SPDX-License-Identifier: GPL-3.0-or-later
"""The King James Bible as plain prose, split by whole chapters into training and held-out text.

The text comes from Debian's packages ``bible-kjv`` (the program ``bible``) and ``bible-kjv-text`` (its data). The
program prints one verse a line, each preceded by a reference such as ``Ge1:1``.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from itertools import groupby
from typing import Iterable

WHOLE_BIBLE = "Gen1:1-Rev22:21"
REFERENCE = re.compile(r"(?P<book>\d?[A-Za-z]+)(?P<chapter>\d+):\d+ (?P<text>.+)")

# Of every HOLD_OUT_PERIOD chapters, counted through the whole Bible, the last is held out for evaluation and the
# middle one also goes into the calibration text.
HOLD_OUT_PERIOD = 25
CALIBRATION_PHASE = HOLD_OUT_PERIOD // 2


@dataclass(frozen=True)
class Chapter:
    index: int  # from 0, through the whole Bible
    book: str
    text: str

    @property
    def is_held_out(self) -> bool:
        return self.index % HOLD_OUT_PERIOD == HOLD_OUT_PERIOD - 1

    @property
    def is_calibration(self) -> bool:
        return self.index % HOLD_OUT_PERIOD == CALIBRATION_PHASE


def read_chapters(program: str = "bible") -> list[Chapter]:
    """Run the Debian program and return all chapters in order."""
    printed = subprocess.run(
        [program, "-f", WHOLE_BIBLE], check=True, capture_output=True, encoding="ascii", stdin=subprocess.DEVNULL
    ).stdout
    verses = []
    for line in printed.splitlines():
        match = REFERENCE.fullmatch(line)
        if match is None:
            raise ValueError(f"not a verse: {line!r}")
        verses.append(match)
    by_chapter = groupby(verses, key=lambda verse: (verse["book"], verse["chapter"]))
    return [
        Chapter(index, book, as_prose(verse["text"].strip() for verse in group))
        for index, ((book, _), group) in enumerate(by_chapter)
    ]


def as_prose(verses: Iterable[str]) -> str:
    """Join verses by spaces, with a new line after each verse that ends a sentence."""
    pieces = [verse + ("\n" if verse.rstrip(")").endswith((".", "?", "!")) else " ") for verse in verses]
    return "".join(pieces).strip()


def join_chapters(chapters: Iterable[Chapter]) -> str:
    """One text in which a blank line stands between chapters."""
    return "\n\n".join(chapter.text for chapter in chapters) + "\n"


def training_books(chapters: list[Chapter]) -> list[str]:
    """The books without their held-out chapters."""
    kept = [chapter for chapter in chapters if not chapter.is_held_out]
    return [join_chapters(group) for _, group in groupby(kept, key=lambda chapter: chapter.book)]
