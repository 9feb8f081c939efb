#!/usr/bin/env python3
"""Writes the averaged weights of a training state as ONNX, checks them, and packs them for shipping.

    export.py STATE.pt OUT_DIR [--name warraq-line]      writes NAME.full.onnx, NAME.onnx (packed) and NAME.json
"""
import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from net import HEIGHT, STRIDE, WIDTH_MULTIPLE, Reader
from pack import pack
from texts import CHARS


def to_onnx(net, path):
    torch.onnx.export(net, (torch.rand(2, 1, HEIGHT, 400),), str(path), input_names=["line"], output_names=["logits"],
                      dynamic_axes={"line": {0: "batch", 3: "width"}, "logits": {0: "batch", 2: "steps"}}, dynamo=False, opset_version=17)


def one_thread(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def check(net, path):
    """The exported net must say what the trained one says, for other shapes too; returns milliseconds for a line of 600 pixels."""
    session = one_thread(path)
    for batch, width in ((1, 64), (3, 1000)):
        x = torch.rand(batch, 1, HEIGHT, width)
        with torch.no_grad():
            want = net(x).numpy()
        got = session.run(None, {"line": x.numpy()})[0]
        assert got.shape == want.shape == (batch, len(CHARS) + 1, width // STRIDE), (got.shape, want.shape)
        assert np.abs(got - want).max() < 1e-2, np.abs(got - want).max()
    x = np.random.rand(4, 1, HEIGHT, 600).astype(np.float32)
    times = []
    for _ in range(7):
        start = time.process_time()
        session.run(None, {"line": x})
        times.append((time.process_time() - start) / 4)
    return 1000 * min(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="warraq-line")
    args = parser.parse_args()
    torch.set_num_threads(1)
    kept = torch.load(args.state, map_location="cpu", weights_only=True)
    if kept["chars"] != CHARS:
        sys.exit("the state was trained with other characters")
    net = Reader(len(CHARS) + 1)
    net.load_state_dict(kept["average"])
    net.eval()
    args.out.mkdir(parents=True, exist_ok=True)
    full, packed = args.out / f"{args.name}.full.onnx", args.out / f"{args.name}.onnx"
    to_onnx(net, full)
    spent = check(net, full)
    onnx.save(pack(onnx.load(full)), packed)
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    about = {"version": 1, "height": HEIGHT, "stride": STRIDE, "width_multiple": WIDTH_MULTIPLE, "order": "visual, left to right; class 0 is the blank",
             "steps": kept["step"], "lines": kept["lines"], "sha256": digest, "chars": list(CHARS)}
    (args.out / f"{args.name}.json").write_text(json.dumps(about, ensure_ascii=False, indent=None) + "\n", "utf-8")
    print(f"{packed.name}: {packed.stat().st_size} bytes, sha256 {digest}, {kept['step']} steps, {kept['lines']} lines, {spent:.1f} ms for 600 pixels in one thread")


if __name__ == "__main__":
    main()
