#!/usr/bin/env python3
"""Makes a shard of real lines: cut lines of pages whose text is known, each with the part of the text it matches.

    real_lines.py NET.onnx CUTS_DIR TRUTH_DIR OUT.npz

CUTS_DIR holds STEM-PAGE-NNN.png, a grey line each; TRUTH_DIR holds STEM.gt.txt. A line is read by NET, the reading is looked up in the text of
the page, and only close matches are kept. Where both agree but for hamzas and signs, the reading is believed, for editions
modernise what the print has; elsewhere the text is.
"""
import argparse
import re
from pathlib import Path

import numpy as np
from PIL import Image
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

import fit
from evaluate import logical, read
from export import one_thread
from make_lines import save
from render import visual
from texts import PUNCTUATION, tidy

LEAST_LIKENESS, LEAST_LETTERS = 82, 12
BARE = str.maketrans("أإآىة", "ااايه")


def words_of(truth, start, end):
    """The words of which the larger part lies between start and end."""
    words = [m for m in re.finditer(r"\S+", truth) if min(m.end(), end) - max(m.start(), start) > (m.end() - m.start()) / 2]
    return " ".join(m[0] for m in words)


def settle(reading, truth):
    """One text of both: letters of the truth; hamzas and signs as read."""
    out = []
    for op in Levenshtein.opcodes(reading.translate(BARE), truth.translate(BARE)):
        mine, theirs = reading[op.src_start:op.src_end], truth[op.dest_start:op.dest_end]
        if op.tag == "equal":
            out.append(mine)
        elif op.tag == "delete":
            out.append("".join(c for c in mine if c in PUNCTUATION or c == "ـ"))
        elif op.tag == "insert":
            out.append("".join(c for c in theirs if c not in PUNCTUATION))
        else:
            out.append(mine if all(c in PUNCTUATION for c in mine + theirs) else "".join(c for c in theirs if c not in PUNCTUATION))
    return tidy("".join(out))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net")
    parser.add_argument("cuts", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    session = one_thread(args.net)
    pictures, texts, seen = [], [], 0
    for truth_file in sorted(args.truth.glob("*.gt.txt")):
        truth = tidy(" ".join(truth_file.read_text("utf-8").split()))
        cuts = [fit.fit(np.asarray(Image.open(p).convert("L"))) for p in sorted(args.cuts.glob(f"{truth_file.name.removesuffix('.gt.txt')}-*-*.png"))]
        for picture, text in zip(cuts, read(session, cuts)):
            reading = tidy(logical(text))
            seen += 1
            if len(re.findall(r"\w", reading)) < LEAST_LETTERS:
                continue
            match = fuzz.partial_ratio_alignment(reading.translate(BARE), truth.translate(BARE))
            if match is None or match.score < LEAST_LIKENESS:
                continue
            label = settle(reading, words_of(truth, match.dest_start, match.dest_end))
            if 3 * len(label) + 4 < picture.shape[1] and fuzz.ratio(label.translate(BARE), reading.translate(BARE)) >= LEAST_LIKENESS:
                pictures.append(picture)
                texts.append(visual(label))
    save(args.out, pictures, texts)
    print(f"{args.out}: {len(texts)} of {seen} lines")


if __name__ == "__main__":
    main()
