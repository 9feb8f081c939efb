#!/usr/bin/env python3
"""Renders damaged lines with their text in visual order, a shard after the other.

    make_lines.py OUT_DIR --fonts DIR --sentences FILE --from N --to M [--lines 4000] [--held]

Shard n holds the lines of seed n: `data` (all pictures, HEIGHT rows, row-major, joined), `w` (widths), `y` (text, left to right as drawn).
"""
import argparse
import random
import time
from pathlib import Path

import cv2
import numpy as np

import fit
from damage import scan
from render import Fonts, draw, draw_type, vary_face
from texts import Writer, read_sentences

WIDEST = 1800
RESOLUTIONS, RESOLUTION_SHARES = (100, 130, 150, 200, 240, 300, 400), (3, 4, 18, 36, 8, 28, 3)


def scan_size(rng):
    """Font size in pixels of the scan."""
    points = rng.gauss(13.5, 2.0) if rng.random() < 0.8 else rng.uniform(8, 26)
    return min(90, max(15, points * rng.choices(RESOLUTIONS, RESOLUTION_SHARES)[0] / 72))


def make(writer, fonts, rng, noise, recent):
    """Returns (picture, visual text) or None."""
    metal = rng.random() < 0.22
    cells = [writer.book_line()] if metal else writer.cells()
    if not cells or sum(map(len, cells)) > 120:
        return None
    size = scan_size(rng)
    fine = size * (2 if size < 36 else 1.4)
    fine_size = int(np.ceil(fine / 4)) * 4
    drawn = draw_type(cells[0].split(), fonts, rng, fine_size) if metal else draw(cells, fonts, rng, fine_size)
    if drawn is None:
        return None
    ink, text = drawn
    ink = vary_face(ink, rng, metal)
    scale = size / fine_size
    ink = cv2.resize(ink, (max(4, round(ink.shape[1] * scale)), max(4, round(ink.shape[0] * scale))), interpolation=cv2.INTER_AREA)
    near = [rng.choice(recent) for _ in range(rng.choice([1, 1, 2]))] if recent and rng.random() < 0.2 else []
    grey = scan(ink, size, near, noise)
    recent.append(ink)
    del recent[:-20]
    if grey is None or not text.strip():
        return None
    picture = fit.fit(grey)
    return (picture, text) if 3 * len(text) + 4 < picture.shape[1] < WIDEST else None


def shard(seed, count, fonts, sentences):
    rng, noise, recent = random.Random(seed), np.random.default_rng(seed), []
    writer = Writer(rng, sentences)
    pictures, texts = [], []
    while len(texts) < count:
        made = make(writer, fonts, rng, noise, recent)
        if made:
            pictures.append(made[0])
            texts.append(made[1])
    return pictures, texts


def save(path, pictures, texts):
    half = path.with_suffix(".half.npz")
    np.savez(half, data=np.concatenate([p.reshape(-1) for p in pictures]), w=np.array([p.shape[1] for p in pictures], np.int32), y=np.array(texts))
    half.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fonts", required=True)
    parser.add_argument("--sentences", required=True)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", type=int, required=True)
    parser.add_argument("--lines", type=int, default=4000)
    parser.add_argument("--held", action="store_true", help="only the families held out, for measuring")
    parser.add_argument("--last", action="store_true", help="only the last hundredth of the sentences, for measuring")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    fonts, sentences = Fonts(args.fonts, held=args.held), read_sentences(args.sentences)
    edge = len(sentences) * 99 // 100
    sentences = sentences[edge:] if args.held or args.last else sentences[:edge]
    for seed in range(args.first, args.to):
        path = args.out / f"{seed:05}.npz"
        if not path.exists():
            start = time.time()
            save(path, *shard(seed, args.lines, fonts, sentences))
            print(f"{path.name}: {args.lines / (time.time() - start):.0f} lines/s", flush=True)


if __name__ == "__main__":
    main()
