"""What copiers, fax machines, scanners, clerks and our own clean-up do to a line.

In: the clean ink of a line at the size it has on the scan. Out: the cut line in grey, as page analysis would hand it over.
"""
import cv2
import numpy as np

from fit import MARGIN, crop


def field(shape, cell, rng):
    """A smooth random field, about one wave to two cells, mostly within -1..1."""
    coarse = rng.standard_normal((shape[0] // cell + 2, shape[1] // cell + 2)).astype(np.float32) * 0.6
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def bend(ink, size, rng):
    """Residual slope and curve of a page not quite straightened; and letters pulled about a little, so that no two faces are the same."""
    height, width = ink.shape
    drift = rng.normal(0, 0.06) * height if rng.random() < 0.6 else 0.0
    bow = rng.normal(0, 0.05) * height if rng.random() < 0.25 else 0.0
    pull = rng.uniform(0.01, 0.05) * size if rng.random() < 0.3 else 0.0
    if abs(drift) + abs(bow) + pull < 0.4:
        return ink
    reach = int(abs(drift) + abs(bow) + 2 * pull) + 2
    ink = cv2.copyMakeBorder(ink, reach, reach, 0, 0, cv2.BORDER_CONSTANT, value=0)
    x = np.arange(width, dtype=np.float32)
    t = x / max(1, width) - 0.5
    shift = drift * t + bow * (4 * t * t - 0.5)
    rows = np.arange(ink.shape[0], dtype=np.float32)[:, None] + shift[None, :].astype(np.float32)
    columns = np.broadcast_to(x, rows.shape).copy()
    if pull:
        cell = max(4, int(size * rng.uniform(0.25, 0.8)))
        rows += pull * field(rows.shape, cell, rng)
        columns += pull * field(rows.shape, cell, rng)
    return cv2.remap(ink, columns, rows, cv2.INTER_LINEAR)


def ink_box(ink, level=70):
    """Returns top, bottom, left, right of the ink, ends exclusive."""
    dark = ink > level
    rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
    if not len(rows):
        return None
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def lay(canvas, ink, y, x):
    """Lays ink over ink, cut where it leaves the canvas."""
    top, left = max(0, y), max(0, x)
    bottom, right = min(canvas.shape[0], y + ink.shape[0]), min(canvas.shape[1], x + ink.shape[1])
    if top < bottom and left < right:
        part = canvas[top:bottom, left:right]
        np.maximum(part, ink[top - y:bottom - y, left - x:right - x], out=part)


def draw_over(canvas, box, rng, size):
    """Rules, frames, underlines, dotted leaders, stamps and strokes of a pen."""
    top, bottom, left, right = box
    height = bottom - top
    thick = lambda: max(1, int(round(size * rng.uniform(0.02, 0.07))))
    ink = lambda: int(rng.integers(90, 256))
    if rng.random() < 0.10:   # underline or rule, also above
        y = int(bottom + height * rng.uniform(-0.25, 0.12)) if rng.random() < 0.8 else int(top - height * rng.uniform(0, 0.1))
        a, b = (left - 5, right + 5) if rng.random() < 0.6 else sorted(rng.integers(left - 5, right + 6, 2).tolist())
        cv2.line(canvas, (a, y), (b, y + int(rng.normal(0, 1))), ink(), thick())
    if rng.random() < 0.06:   # upright rules of a table
        for _ in range(rng.integers(1, 4)):
            x = int(rng.choice([left - size * 0.3, right + size * 0.3])) if rng.random() < 0.8 else int(rng.integers(left, right + 1))
            cv2.line(canvas, (x, 0), (x + int(rng.normal(0, 1)), canvas.shape[0]), ink(), thick())
    if rng.random() < 0.04:   # dots to fill in on
        y, step, dot = int(bottom - height * rng.uniform(0.0, 0.3)), max(3, int(size * rng.uniform(0.12, 0.3))), max(1, int(size * 0.04))
        a, b = sorted(rng.integers(left, right + 1, 2).tolist())
        for x in range(a, b, step):
            cv2.circle(canvas, (x, y), dot, ink(), -1)
    if rng.random() < 0.06:   # the rim of a stamp, or its rules
        radius = int(size * rng.uniform(1.5, 5))
        centre = int(rng.integers(left, right + 1)), int(rng.integers(top - radius, bottom + radius))
        cv2.circle(canvas, centre, radius, int(rng.integers(40, 200)), thick())
        if rng.random() < 0.6:
            cv2.circle(canvas, centre, int(radius * 0.85), int(rng.integers(40, 200)), 1)
    if rng.random() < 0.05:   # pen
        points = np.stack([rng.uniform(left, right, 6), rng.uniform(top - height, bottom + height, 6)], 1)
        t = np.linspace(0, 1, 40)[:, None]
        curve = sum(w * p for w, p in zip([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3], points[:4]))
        cv2.polylines(canvas, [curve.astype(np.int32)], False, int(rng.integers(50, 230)), max(1, thick() // 2 + 1), cv2.LINE_AA)


def uneven(shape, rng, low, high):
    """A smooth field between low and high."""
    coarse = rng.uniform(low, high, (2, max(2, shape[1] // max(40, shape[0] * 2)))).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_LINEAR)


def toner(a, rng):
    """Worn or rich toner; a is ink 0..1."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE if a.shape[0] > 50 else cv2.MORPH_RECT, (3, 3) if a.shape[0] > 50 else (2, 2))
    other = (cv2.dilate if rng.random() < 0.55 else cv2.erode)(a, kernel)
    amount = float(rng.uniform(0.2, 1.0 if a.shape[0] > 60 else 0.6))
    return amount * other + (1 - amount) * a


def specks(a, rng, amount):
    """Dark specks and white drop-outs, some two pixels wide."""
    count = int(amount * a.size)
    for value in (1.0, 0.0):
        n = int(count * rng.uniform(0.1, 1))
        ys, xs = rng.integers(0, a.shape[0] - 1, n), rng.integers(0, a.shape[1] - 1, n)
        a[ys, xs] = value
        big = rng.random(n) < 0.15
        a[ys[big] + 1, xs[big]] = value
        a[ys[big], xs[big] + 1] = value
    return a


def copies(a, rng):
    """Copies of copies: contrast climbs, thin strokes break."""
    for _ in range(int(rng.integers(1, 4))):
        a = cv2.GaussianBlur(a, (0, 0), float(rng.uniform(0.5, 0.9)))
        middle = float(rng.uniform(0.33, 0.6))
        a = ((a - middle) * float(rng.uniform(2, 5)) + middle).clip(0, 1)
        if rng.random() < 0.5:
            a = specks(a, rng, float(rng.uniform(0.0005, 0.004)))
    return a


def threshold(grey, rng, shaded):
    """One bit, by a fixed, Otsu's or a local threshold."""
    way = rng.random() if not shaded else rng.uniform(0.4, 1)   # nobody keeps a scan that has drowned in its shade
    if way < 0.5:
        low, high = np.percentile(grey, (2, 90))
        level = low + (high - low) * float(rng.uniform(0.35, 0.72))
        return np.where(grey > level, 255, 0).astype(np.uint8)
    if way < 0.75:
        return cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]
    window = max(11, int(grey.shape[0] * rng.uniform(0.4, 1.0)) | 1)
    return cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, window, float(rng.uniform(6, 25)))


def photograph(ink, rng):
    """Turns ink on paper into what a machine saw: grey, uint8."""
    a = ink.astype(np.float32) / 255
    level = rng.random()             # how bad it is
    bad = 0.35 if level < 0.52 else 0.8 if level < 0.9 else 1.4
    chance = lambda p: rng.random() < p * bad
    if chance(0.35):
        a = toner(a, rng)
    if chance(0.15):                 # fading, with bands
        a = a * uneven(a.shape, rng, 0.45, 1.0)
        if rng.random() < 0.4:
            x, band = int(rng.integers(0, a.shape[1])), int(a.shape[0] * rng.uniform(0.3, 2))
            a[:, x:x + band] *= float(rng.uniform(0.7, 0.92))
    if chance(0.15):
        a = copies(a, rng)
    if chance(0.12):                 # the other side shines through
        back = cv2.GaussianBlur(np.roll(a[:, ::-1], int(rng.integers(-8, 9)), 0), (0, 0), 2.0)
        a = np.maximum(a, back * float(rng.uniform(0.05, 0.25)))
    if chance(0.6):
        a = cv2.GaussianBlur(a, (0, 0), float(rng.uniform(0.3, 1.0) if bad < 1 else rng.uniform(0.5, 1.25)))
    if chance(0.12):                 # fax: half the rows
        rows = a[::2] if rng.random() < 0.5 else a[:a.shape[0] // 2 * 2].reshape(-1, 2, a.shape[1]).mean(1)
        a = np.repeat(rows, 2, 0) if rng.random() < 0.5 else cv2.resize(rows, a.shape[::-1], interpolation=cv2.INTER_LINEAR)
    paper, dark = float(rng.uniform(185, 255)), float(rng.uniform(0, 80))
    if chance(0.12):
        dark = float(rng.uniform(80, 160))
    grey = paper + a * (dark - paper)
    if shaded := chance(0.25):
        grey = grey * uneven(grey.shape, rng, 0.7, 1.0)
    if chance(0.04):                 # a fold
        grey *= np.where(rng.random(grey.shape[1]) < 0.7, float(rng.uniform(0.5, 0.9)), 1.0)[None, :] ** (
            np.abs(np.arange(grey.shape[0]) - rng.integers(0, grey.shape[0]))[:, None] < 1.5)
    if chance(0.04):                 # streaks of a dirty glass
        for x in rng.integers(0, grey.shape[1], 3):
            grey[:, x] = grey[:, x] * float(rng.uniform(0.4, 0.9)) if rng.random() < 0.6 else 250
    if chance(0.7):
        grey = grey + rng.standard_normal(grey.shape, np.float32) * float(rng.choice([2, 4, 8, 14]))
    if chance(0.2):
        grey = specks((255 - grey.clip(0, 255)) / 255, rng, float(rng.choice([0.001, 0.003, 0.008, 0.015])))
        grey = 255 - grey * 255
    grey = grey.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.38:
        grey = threshold(grey, rng, shaded)
        if rng.random() < 0.15:      # bilevel at a fine pitch, then box-filtered
            grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if grey.shape[0] > 70 else grey
    if chance(0.3):
        grey = cv2.imdecode(cv2.imencode(".jpg", grey, [1, int(rng.integers(18, 85))])[1], 0)
    if chance(0.15):                 # our own despeckling
        grey = cv2.medianBlur(grey, 3)
    if chance(0.15):                 # our own evening of the paper
        blurred = cv2.GaussianBlur(cv2.dilate(grey, np.ones((9, 9), np.uint8)), (0, 0), 12).astype(np.float32)
        grey = (grey / np.maximum(blurred, 30) * 245).clip(0, 255).astype(np.uint8)
    return grey


def scan(ink, size, neighbours, rng):
    """Returns the cut line in grey, or None where nothing is left to see.

    `ink` is clean, at scan size; `size` its font size in pixels; `neighbours` clean lines that may reach into it.
    """
    ink = bend(ink, size, rng)
    box = ink_box(ink)
    if box is None:
        return None
    height, gap = box[1] - box[0], max(6, int(size * 0.7))
    canvas = cv2.copyMakeBorder(ink, gap, gap, gap, gap, cv2.BORDER_CONSTANT, value=0)
    top, bottom, left, right = box[0] + gap, box[1] + gap, box[2] + gap, box[3] + gap
    for other in neighbours:
        above = rng.random() < 0.5
        reach = int(height * rng.uniform(-0.08, 0.16))
        y = top + reach - other.shape[0] if above else bottom - reach
        x = int(rng.integers(-other.shape[1] // 2, canvas.shape[1] - min(other.shape[1], canvas.shape[1]) // 2))
        if rng.random() < 0.5:       # what is left of it after erasing: a strip
            width = int(rng.integers(4, max(5, other.shape[1] // 3)))
            start = int(rng.integers(0, other.shape[1]))
            other = other[:, start:start + width]
        lay(canvas, other, y, x)
    draw_over(canvas, (top, bottom, left, right), rng, size)
    loose = abs(rng.normal(0, 0.02, 2)) if rng.random() < 0.7 else rng.normal(0, 0.07, 2)
    if rng.random() < 0.12:
        loose = rng.uniform(-0.02, 0.35, 2)
    # The scanner's own grid: a box is found to a pixel, never finer.
    y0 = int(round(top - height * (MARGIN + loose[0])))
    y1 = int(round(bottom + height * (MARGIN + loose[1])))
    side = rng.uniform(-0.01, 0.35, 2) * size
    x0, x1 = int(left - side[0]), int(right + side[1])
    grey = photograph(canvas, rng)
    if grey.shape != canvas.shape:
        factor = grey.shape[0] / canvas.shape[0]
        y0, y1, x0, x1 = (int(round(v * factor)) for v in (y0, y1, x0, x1))
    if y1 - y0 < 6 or x1 - x0 < 4:
        return None
    return crop(grey, y0, y1, x0, x1)
