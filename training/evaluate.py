#!/usr/bin/env python3
"""Reads lines or whole pages with an exported net and compares them with the truth.

    evaluate.py lines NET.onnx SHARD_DIR…
    evaluate.py pages NET.onnx PAGES_DIR [--only REGEX] [--out DIR] [--cache DIR] [--psm 3]

`pages` cuts the lines in the boxes of Tesseract's layout (the `tesseract` program with the model `ara`), so it tells nets apart rather than saying
what the whole program reaches; PAGES_DIR holds images or PDFs and NAME.gt.txt. `--out` writes the page texts as NAME.txt.
"""
import argparse
import os
import random
import re
import subprocess
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageSequence
from rapidfuzz.distance import Levenshtein

import fit
from export import one_thread
from lines import batches, greedy, load, tensors

MIRRORED = str.maketrans("()[]{}«»<>", ")(][}{»«><")
FOLDED = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ئ": "ي", "ؤ": "و", "ة": "ه", **{chr(0x660 + d): str(d) for d in range(10)}})


def logical(visual):
    """The usual case of UAX #9 run backwards; good enough to count with, the program has the real one."""
    if not re.search("[\u0600-\u065f\u066a-\u06ff]", visual):
        return visual
    turned = visual[::-1].translate(MIRRORED)
    return re.sub(r"[A-Za-z0-9٠-٩](?:[A-Za-z0-9٠-٩]|[.,:/@_](?=[A-Za-z0-9٠-٩])|(?<=[A-Za-z]) (?=[A-Za-z]))*", lambda m: m[0][::-1], turned)


def folded(text):
    """What an index sees: no marks, no punctuation, letter forms and digits folded."""
    text = re.sub("[\u0640\u064b-\u065f\u0670]", "", unicodedata.normalize("NFKC", text)).translate(FOLDED).casefold()
    return " ".join("".join(" " if unicodedata.category(c)[0] in "PSC" else c for c in text).split())


def pictures_of(path):
    """The pages of a file, as grey arrays."""
    if path.suffix == ".pdf":
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["pdftoppm", "-r", "300", "-gray", "-png", str(path), f"{folder}/p"], check=True)
            return [np.asarray(Image.open(p).convert("L")) for p in sorted(Path(folder).glob("*.png"))]
    return [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(Image.open(path))]


def boxes(grey, psm, kept):
    """Line boxes (left, top, right, bottom) of Tesseract's layout, in its order."""
    if kept is not None and kept.exists():
        tsv = kept.read_text("utf-8")
    else:
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            Image.fromarray(grey).save(file.name)
            tsv = subprocess.run(["tesseract", file.name, "-", "-l", "ara", "--psm", str(psm), "tsv"], capture_output=True, text=True,
                                 env={**os.environ, "OMP_THREAD_LIMIT": "1"}).stdout
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(tsv, "utf-8")
    found, words = {}, Counter()
    for row in (line.split("\t") for line in tsv.splitlines()[1:]):
        if row[0] == "4":
            left, top, width, height = map(int, row[6:10])
            found[tuple(row[2:5])] = (left, top, left + width, top + height)
        elif row[0] == "5" and len(row) > 11 and row[11].strip():
            words[tuple(row[2:5])] += 1
    return [box for key, box in found.items() if words[key]]


def cut(grey, box):
    """The line in its box, narrowed to the ink."""
    left, top, right, bottom = box
    part = grey[top:bottom, left:right]
    if min(part.shape) < 4:
        return None
    level, _ = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = part <= level
    rows, columns = np.flatnonzero(dark.sum(1) > 0), np.flatnonzero(dark.any(0))
    if not len(rows):
        return None
    top, bottom = top + rows[0], top + rows[-1] + 1
    left, right = left + columns[0], left + columns[-1] + 1
    margin, side = (bottom - top) * fit.MARGIN, (bottom - top) // 6
    return fit.fit(fit.crop(grey, int(round(top - margin)), int(round(bottom + margin)), left - side, right + side))


def read(session, pictures):
    import torch
    texts = [""] * len(pictures)
    order = sorted(range(len(pictures)), key=lambda i: pictures[i].shape[1])
    for start in range(0, len(order), 8):
        some = order[start:start + 8]
        x, steps, _, _ = tensors([(pictures[i], "") for i in some])
        logits = torch.from_numpy(session.run(None, {"line": x.numpy()})[0])
        for i, text in zip(some, greedy(logits, steps)):
            texts[i] = text
    return texts


def lines(session, folders):
    import torch
    for folder in folders:
        items = [i for p in sorted(Path(folder).glob("*.npz")) for i in load(p)]
        wrong, total, confused = 0, 0, Counter()
        for batch in batches(items, 16000, random.Random(0)):
            x, steps, _, _ = tensors(batch)
            for (_, truth), text in zip(batch, greedy(torch.from_numpy(session.run(None, {"line": x.numpy()})[0]), steps)):
                wrong, total = wrong + Levenshtein.distance(truth, text), total + len(truth)
                for op in Levenshtein.opcodes(truth, text):
                    if op.tag != "equal":
                        confused[truth[op.src_start:op.src_end][:3], text[op.dest_start:op.dest_end][:3]] += 1
        print(f"{folder}: CER {100 * wrong / total:.2f} %, most often", "  ".join(f"{a or '∅'}>{b or '∅'} {n}" for (a, b), n in confused.most_common(30)))


def pages(session, args):
    wrong = total = 0
    runs, runs_read = 0, 0
    for truth_file in sorted(args.pages.glob("*.gt.txt")):
        name = truth_file.name.removesuffix(".gt.txt")
        if args.only and not re.search(args.only, name):
            continue
        files = [f for f in args.pages.glob(f"{name}.*") if f.suffix in (".tif", ".jpg", ".png", ".pdf")]
        if not files:
            continue
        text = []
        for n, grey in enumerate(pictures_of(files[0])):
            kept = args.cache / f"{name}-{n}-{args.psm}.tsv" if args.cache else None
            cuts = [c for c in (cut(grey, box) for box in boxes(grey, args.psm, kept)) if c is not None]
            text += [logical(t) for t in read(session, cuts)]
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            (args.out / f"{name}.txt").write_text("\n".join(text), "utf-8")
        truth, got = folded(truth_file.read_text("utf-8")), folded("\n".join(text))
        errors = Levenshtein.distance(truth, got)
        wrong, total = wrong + errors, total + len(truth)
        wanted, found = (Counter(re.findall(r"\d{3,}", t)) for t in (truth, got))
        runs, runs_read = runs + wanted.total(), runs_read + (wanted & found).total()
        print(f"{name}: CER {100 * errors / max(1, len(truth)):.1f} %, numbers {(wanted & found).total()} of {wanted.total()}", flush=True)
    print(f"all: CER search {100 * wrong / max(1, total):.2f} %, numbers {100 * runs_read / max(1, runs):.1f} % of {runs}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("lines", "pages"))
    parser.add_argument("net")
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--psm", type=int, default=3)
    args = parser.parse_args()
    session = one_thread(args.net)
    if args.what == "lines":
        return lines(session, args.pages)
    args.pages = args.pages[0]
    return pages(session, args)


if __name__ == "__main__":
    main()
