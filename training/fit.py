"""The picture the net sees: made from a line's grey image in training exactly as at reading.

The box of the line's own ink, 1/12 of its height added above and below, scaled to HEIGHT pixels (area filter when shrinking, bilinear
when growing), contrast stretched between the 1st and the 95th percentile.
"""
import cv2
import numpy as np

HEIGHT = 48
MARGIN = 1 / 12
LEAST_CONTRAST = 20


def crop(grey, top, bottom, left, right, fill=None):
    """Cuts a box that may reach beyond the image; what lies outside is paper."""
    height, width = grey.shape
    inside = grey[max(0, top):max(0, bottom), max(0, left):max(0, right)]
    paper = int(np.percentile(grey, 90)) if fill is None else fill
    return cv2.copyMakeBorder(inside, max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width), cv2.BORDER_CONSTANT, value=paper)


def fit(grey):
    """Scales a cut line to HEIGHT and stretches its contrast: uint8, ink dark (0), paper 255."""
    height, width = grey.shape
    size = max(8, round(width * HEIGHT / height)), HEIGHT
    scaled = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if height > HEIGHT else cv2.INTER_LINEAR).astype(np.float32)
    low, high = np.percentile(scaled, (1, 95))
    return np.rint(((scaled - low) / max(high - low, LEAST_CONTRAST)).clip(0, 1) * 255).astype(np.uint8)
