"""Reads shards of lines, shakes them a little, and makes batches of lines of like width."""
from pathlib import Path

import cv2
import numpy as np
import torch

from net import HEIGHT, STRIDE, WIDTH_MULTIPLE
from texts import CHARS

INDEX = {c: i + 1 for i, c in enumerate(CHARS)}


def load(path):
    """Returns the (picture, text) pairs of a shard; pictures are uint8 with ink dark."""
    z = np.load(path)
    ends = np.cumsum(z["w"].astype(np.int64)) * HEIGHT
    data = z["data"]
    return [(data[end - w * HEIGHT:end].reshape(HEIGHT, w), str(y)) for end, w, y in zip(ends, z["w"].astype(int), z["y"])]


class Shards:
    """All lines of some folders; shards may be added while training runs."""

    def __init__(self, folders):
        self.folders, self.seen, self.items, self.fresh = [Path(f) for f in folders], set(), [], []

    def paths(self):
        return sorted(p for folder in self.folders for p in folder.glob("[0-9]*[0-9].npz"))

    def take_in(self, paths):
        for path in map(Path, paths):
            if path not in self.seen:
                self.seen.add(path)
                self.fresh += load(path)

    def some(self, count, rng):
        """Lines for the next pass: the newest that were not shown yet, filled up from all others."""
        newest = self.fresh[-count:]
        some = newest + rng.sample(self.items, min(len(self.items), count - len(newest)))
        self.items, self.fresh = self.items + self.fresh, []
        return some


def shake(picture, rng):
    """A slightly different cut, width and print of the same line, so that a line can be shown more than once."""
    if rng.random() < 0.5:
        height, width = picture.shape
        top, bottom = (int(round(rng.gauss(0, 1.2))) for _ in range(2))
        if height - top - bottom > 30:
            picture = cv2.copyMakeBorder(picture, max(0, -top), max(0, -bottom), 0, 0, cv2.BORDER_REPLICATE)
            picture = picture[max(0, top):picture.shape[0] - max(0, bottom)]
        width = max(8, int(width * rng.uniform(0.92, 1.08)))
        picture = cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.3:
        power = rng.uniform(0.6, 1.6)
        picture = cv2.LUT(picture, (255 * (np.arange(256) / 255) ** power).astype(np.uint8))
    if rng.random() < 0.15:
        picture = cv2.GaussianBlur(picture, (3, 3), rng.uniform(0.3, 0.8))
    return picture


def batches(items, columns, rng, ranks=1):
    """Shuffled batches of about `columns` pixel columns for each rank, lines of like width together."""
    order = list(range(len(items)))
    rng.shuffle(order)
    for start in range(0, len(order), 6000):
        chunk = sorted(order[start:start + 6000], key=lambda i: items[i][0].shape[1])
        groups, group = [], []
        for i in chunk:
            group.append(items[i])
            if len(group) % ranks == 0 and len(group) * items[i][0].shape[1] >= columns * ranks:
                groups.append(group)
                group = []
        rng.shuffle(groups)
        yield from groups


def tensors(batch):
    """Returns pictures with ink = 1, steps, labels joined, label lengths."""
    widths = [picture.shape[1] for picture, _ in batch]
    x = np.zeros((len(batch), 1, HEIGHT, -(-max(widths) // WIDTH_MULTIPLE) * WIDTH_MULTIPLE), np.float32)
    for row, (picture, _) in enumerate(batch):
        x[row, 0, :, :picture.shape[1]] = 1 - picture / np.float32(255)
    labels = [[INDEX[c] for c in text] for _, text in batch]
    return torch.from_numpy(x), torch.tensor([-(-w // STRIDE) for w in widths]), torch.tensor(sum(labels, [])), torch.tensor([len(l) for l in labels])


def greedy(logits, steps):
    """The best class of each step, repeats joined, blanks left out."""
    texts = []
    for row, n in zip(logits.argmax(1).tolist(), steps.tolist()):
        row = row[:n]
        texts.append("".join(CHARS[c - 1] for i, c in enumerate(row) if c and (i == 0 or row[i - 1] != c)))
    return texts
