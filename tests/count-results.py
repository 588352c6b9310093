#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints "passed failed skipped" for one ctest run, counting GoogleTest cases where a test program reports them.

Argument: the JUnit file that ctest wrote. A program that crashed or timed out counts as one failure.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

PASSED = re.compile(r"\[  PASSED  \] (\d+) test")
SKIPPED = re.compile(r"\[  SKIPPED \] (\d+) test")
FAILED = re.compile(r"\[  FAILED  \] (\d+) test")


def count(pattern: re.Pattern, text: str) -> int:
    return sum(int(n) for n in pattern.findall(text))


def main() -> None:
    passed = failed = skipped = 0
    for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        broke = case.get("status") == "fail"
        if case.get("status") == "notrun" or case.find("skipped") is not None:
            skipped += 1
            continue
        inner_passed, inner_failed = count(PASSED, output), count(FAILED, output)
        if inner_passed + inner_failed == 0:
            passed, failed = passed + (not broke), failed + broke
            continue
        inner_skipped = count(SKIPPED, output)
        passed += inner_passed
        skipped += inner_skipped
        failed += inner_failed if inner_failed else int(broke)
    print(passed, failed, skipped)


if __name__ == "__main__":
    main()
