#!/usr/bin/env python3
"""Learn which small patterns of ink tell that a page is upright, and write src/preprocess/turn_weights.rs.

Usage: train_turns.py PATTERNS… > src/preprocess/turn_weights.rs        (needs numpy and torch)

PATTERNS are files that `cargo bench --bench turns -- --patterns FILE FOLDER` writes from pages whose turn is known.
One weight a pattern is learnt: softmax regression over the four turns of each cell, in which turning a cell moves its
counts to the turned patterns. So one set of weights serves all turns, and none is favoured.
"""
import sys

import numpy as np
import torch

SIZES, PATTERNS, UNIT, EPOCHS, BATCH = 3, 512, 64, 10, 2048
COUNT = SIZES * PATTERNS


def turned(pattern):
    """The pattern that `pattern` becomes when the page is turned clockwise by a quarter."""
    size, bits = divmod(pattern, PATTERNS)
    after = 0
    for place in range(9):
        row, column = 2 - place % 3, place // 3
        after = after << 1 | bits >> (8 - 3 * row - column) & 1
    return size * PATTERNS + after


def cells(path):
    counts = np.fromfile(path, dtype=np.uint8).reshape(-1, 4 + COUNT)[:, 4:]
    return counts[counts[:, :PATTERNS].sum(1, dtype=np.int64) > 60]


def main():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    counts = np.concatenate([cells(path) for path in sys.argv[1:]])
    quarter = np.array([turned(pattern) for pattern in range(COUNT)])
    turns = [np.arange(COUNT)]
    for _ in range(3):
        turns.append(quarter[turns[-1]])
    turns = torch.tensor(np.stack(turns))
    weights = torch.zeros(COUNT, requires_grad=True)
    optimiser = torch.optim.Adam([weights], lr=0.02)
    for epoch in range(EPOCHS):
        for group in optimiser.param_groups:
            group["lr"] = 0.02 * (1 - epoch / EPOCHS) + 1e-4
        total, order = 0.0, rng.permutation(len(counts))
        for start in range(0, len(counts), BATCH):
            batch = torch.from_numpy(counts[order[start:start + BATCH]]).float().sqrt()
            likely = torch.log_softmax(batch @ weights[turns].T, 1)[:, 0]
            loss = -likely.mean() + 1e-5 * (weights**2).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        print(f"epoch {epoch}: {total / len(counts):.4f}", file=sys.stderr)
    whole = (weights.detach() * UNIT).round().clamp(-127, 127).int().tolist()
    print("//! What each small pattern of ink says about which end of a page is up: see [`super::rotate`].\n//!")
    print("//! Written by `scripts/train_turns.py`.\n\nuse super::patterns::{BLOCKS, PATTERNS};\n")
    print("/// Positive for patterns that upright print shows more often than print turned otherwise.\n#[rustfmt::skip]")
    print("pub const WEIGHTS: [i8; PATTERNS * BLOCKS.len()] = [")
    for start in range(0, COUNT, 24):
        print("    " + " ".join(f"{weight}," for weight in whole[start:start + 24]))
    print("];")


if __name__ == "__main__":
    main()
