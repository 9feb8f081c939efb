#!/usr/bin/env python3
"""Fits the table by which a word's raw score becomes its confidence, and writes it into the net's description.

    warraq --json evaluate --truth PAGES --engine warraq --tessdata NET_DIR > evaluated.json
    calibrate.py evaluated.json NET.json

PAGES are pages that nothing else is measured on. The description must hold no table yet when they are read: then confidence is the raw
score. Shares of right words are made to rise with the score by pooling neighbours that do not (Ayer et al., 1955).
"""
import json
import sys
from pathlib import Path

LEAST_WORDS = 40


def fit(bins):
    """Returns (raw score, share right) pairs, rising in both, of the [`words`, `confidence`, `right`] bins."""
    pools = []
    for one in bins:
        if not one["words"]:
            continue
        pools.append([one["words"], one["words"] * one["confidence"], one["words"] * one["right"]])
        while len(pools) > 1 and (pools[-2][0] < LEAST_WORDS or pools[-2][2] / pools[-2][0] >= pools[-1][2] / pools[-1][0]):
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last)]
    return [(round(score / words, 4), round(right / words, 4)) for words, score, right in pools]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    evaluated, description = json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2])
    about = json.loads(description.read_text("utf-8"))
    if about.get("confidence"):
        sys.exit(f"{description} holds a table already: the pages must be read without one")
    bins = next(engine["fine_bins"] for engine in evaluated["engines"] if engine["engine"] == "warraq")
    about["confidence"] = fit(bins)
    description.write_text(json.dumps(about, ensure_ascii=False) + "\n", "utf-8")
    print(about["confidence"])


if __name__ == "__main__":
    main()
