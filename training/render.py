"""Draws the cells of a line with true shaping and bidi, and tells what stands there from left to right.

In: cells of text in logical order. Out: the clean line as an array of ink (0..1) and its text in visual order.
Needs Pillow with raqm.
"""
import random
import re
import tomllib
from pathlib import Path

import cv2
import numpy as np
from bidi.algorithm import get_display
from fontTools.ttLib import TTFont
from PIL import Image, ImageFont


class Fonts:
    """The font files of each family, and which characters each can draw: a missing glyph would teach an empty box."""

    def __init__(self, folder, listing=Path(__file__).parent / "data/fonts.toml", held=False):
        families = tomllib.loads(Path(listing).read_text("utf-8"))["families"]
        self.files, self.shares, self.kinds = [], [], []
        for name, family in families.items():
            files = sorted((Path(folder) / name).rglob("*.[to]tf"))
            if family.get("held", False) != held or not files:
                continue
            weights = [self.usual(f.name) for f in files]
            for file, weight in zip(files, weights):
                self.files.append(file)
                self.shares.append((family["share"] or 1) * weight / sum(weights))
                self.kinds.append(family["kind"])
        self.drawable, self.loaded = {}, {}

    @staticmethod
    def usual(name):
        """How usual a weight is in offices."""
        if re.search("Thin|ExtraLight|Black|ExtraBold|Heavy", name):
            return 0.15
        if re.search("Italic|Oblique|Slanted|Mono|Light", name):
            return 0.35
        return 1.0 if re.search("Bold", name) else 2.0 if re.search("Regular|Sans.ttf|Sans-|Condensed", name) else 0.6

    def can_draw(self, file, text):
        if file not in self.drawable:
            self.drawable[file] = set(TTFont(file, fontNumber=0, lazy=True).getBestCmap() or ())
        return all(c == " " or ord(c) in self.drawable[file] for c in text)

    def of_family(self, rng, name, text):
        """A font of one family that has every glyph of the text."""
        some = [f for f in self.files if name in f.parts and "Italic" not in f.name and self.can_draw(f, text)]
        return rng.choice(some) if some else None

    def choose(self, rng, text, kind=None):
        """A font that has every glyph of the text; `kind` is met where that is soon done."""
        for _ in range(16):
            i = rng.choices(range(len(self.files)), self.shares)[0]
            if (kind is None or self.kinds[i] == kind) and self.can_draw(self.files[i], text):
                return self.files[i]
        able = [f for f in self.files if self.can_draw(f, text)]
        return rng.choice(able) if able else None

    def at(self, file, size):
        key = file, size
        if key not in self.loaded:
            if len(self.loaded) > 600:
                self.loaded.clear()
            self.loaded[key] = ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.RAQM)
        return self.loaded[key]


def ink_of(text, font, left_to_right=False):
    """Returns the ink of a text and how far below the top of the font it begins."""
    mask, (_, top) = font.getmask2(text, mode="L", direction="ltr" if left_to_right else "rtl", language="ar")
    return np.asarray(Image.Image()._new(mask)), top   # through an Image: its pixels are copied at once, not one by one


def visual(text, left_to_right=False):
    return get_display(text, base_dir="L" if left_to_right else "R")


TIGHT, WIDE = "\u2006\u2009", "\u2004\u2002\u2003"


def spaces(rng):
    """How wide the line sets its spaces: type set by hand has hardly any, justified lines have wide ones. None for those of the font."""
    kind = rng.random()
    return rng.choice(TIGHT) if kind < 0.14 else rng.choice(WIDE) if kind < 0.26 else None


def drawn_form(text, rng, space):
    """What print has for one label: kashidas of all lengths, spaces of all widths."""
    if "ـ" in text:
        text = re.sub("ـ", lambda _: "ـ" * rng.choice([1, 1, 1, 2, 3, 5]), text)
    return text.replace(" ", space) if space else text


def chunks(cells, rng):
    """Sometimes parts a line, as where a number was filled in or a name set in bold."""
    words = cells[0].split(" ")
    if len(cells) > 1 or len(words) < 2 or rng.random() > 0.15:
        return cells, False
    cut = sorted(rng.sample(range(1, len(words)), min(len(words) - 1, rng.choice([1, 1, 2]))))
    return [" ".join(words[a:b]) for a, b in zip([0] + cut, cut + [len(words)])], True


def draw(cells, fonts, rng, size):
    """Returns (ink as uint8, visual text), or None where no font has all glyphs. `size` is the font size in pixels."""
    cells, parted = chunks(cells, rng)
    plain = fonts.choose(rng, "".join(cells))
    mixed = len(cells) > 1 and rng.random() < (0.6 if parted else 0.25)
    space = spaces(rng)
    pieces, texts = [], []
    for cell in cells:
        hand = bool(re.search(r"\d", cell)) and rng.random() < (0.12 if len(cells) > 1 else 0.01)
        file = fonts.choose(rng, cell, "hand" if hand else None) if hand or mixed else plain
        if file is None:
            return None
        own = size
        if hand or mixed and rng.random() < 0.5:
            own = max(8, int(size * rng.uniform(0.8, 1.5 if hand else 1.2)) // 2 * 2)
        latin = not re.search("[\u0600-\u06ff]", cell) and rng.random() < 0.6
        ink, top = ink_of(drawn_form(cell, rng, space), fonts.at(file, own), latin)
        if 0 in ink.shape:
            return None
        top -= int(0.8 * (own - size))      # the baselines agree, nearly
        if hand:
            top += int(size * rng.uniform(-0.2, 0.15))
        pieces.append((ink, top))
        texts.append(visual(cell, latin))
    first = min(top for _, top in pieces)
    height = max(top - first + ink.shape[0] for ink, top in pieces)
    wide = not parted and rng.random() < 0.7
    gaps = [int(size * (rng.uniform(0.8, 5) if wide else rng.uniform(0.25, 0.8))) for _ in pieces[1:]] + [0]
    line = np.zeros((height, sum(ink.shape[1] for ink, _ in pieces) + sum(gaps)), np.uint8)
    right = line.shape[1]
    for (ink, top), gap in zip(pieces, gaps):
        part = line[top - first:top - first + ink.shape[0], right - ink.shape[1]:right]
        np.maximum(part, ink, out=part)
        right -= ink.shape[1] + gap
    return line, " ".join(reversed(texts))


def draw_type(words, fonts, rng, size):
    """Sets words as metal type does: in Naskh, hardly parted, none quite on the line. Returns what `draw` does."""
    text = "".join(words)
    # Amiri revives the types of Bulaq: its letters hang under one another as in the books of that time.
    file = rng.random() < 0.65 and fonts.of_family(rng, "amiri", text) or fonts.choose(rng, text, "naskh")
    if not file:
        return None
    font, tight = fonts.at(file, size), rng.uniform(0.03, 0.25)
    pieces = []
    for word in words:
        ink, top = ink_of(word, font)
        if 0 in ink.shape:
            return None
        pieces.append((ink, top + round(rng.gauss(0, 0.015) * size), int(size * max(0.0, rng.gauss(tight, 0.04)))))
    first = min(top for _, top, _ in pieces)
    line = np.zeros((max(top - first + ink.shape[0] for ink, top, _ in pieces), sum(ink.shape[1] + gap for ink, _, gap in pieces)), np.uint8)
    right = line.shape[1]
    for ink, top, gap in pieces:
        part = line[top - first:top - first + ink.shape[0], right - ink.shape[1]:right]
        np.maximum(part, ink, out=part)
        right -= ink.shape[1] + gap
    return line, " ".join(visual(word) for word in reversed(words))


def vary_face(ink, rng, metal=False):
    """Makes many faces of one: stretched, slanted, heavier or lighter."""
    height, width = ink.shape
    if metal:
        ink = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, rng.choice([1, 3])))) if rng.random() < 0.6 else ink
    if rng.random() < (0.75 if metal else 0.35):
        width = max(8, int(width * (rng.uniform(0.7, 1.0) if metal else rng.uniform(0.78, 1.28))))
        ink = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA if width < ink.shape[1] else cv2.INTER_LINEAR)
    if not metal and rng.random() < 0.15:
        slant = rng.uniform(-0.3, 0.3)
        extra = int(abs(slant) * height) + 1
        move = np.float32([[1, slant, extra if slant < 0 else 0], [0, 1, 0]])
        ink = cv2.warpAffine(ink, move, (width + extra, height))
    if rng.random() < 0.45:
        reach = max(2, round(height / 34))
        kernel = cv2.getStructuringElement(rng.choice([cv2.MORPH_ELLIPSE, cv2.MORPH_RECT]), (reach, rng.choice([1, reach, reach])))
        heavy = rng.random() < 0.6
        padded = cv2.copyMakeBorder(ink, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
        other = (cv2.dilate if heavy else cv2.erode)(padded, kernel)
        ink = cv2.addWeighted(other, amount := rng.uniform(0.3, 1.0 if heavy else 0.75), padded, 1 - amount, 0)
    return ink
