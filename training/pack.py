#!/usr/bin/env python3
"""Packs a line net for shipping: each convolution's weights become bytes with one scale an output channel.

    pack.py NET.onnx PACKED.onnx

rten turns them back when it loads the net, so that reading is as quick as before, and the file a quarter of the size. Activations stay
as they are: quantising them, too, made reading no faster and a line's text depend on the other lines of its batch.
"""
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

SMALL = 512


def pack(model):
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    unpack = []
    for node in graph.node:
        if node.op_type != "Conv" or node.input[1] not in weights:
            continue
        name = node.input[1]
        values = numpy_helper.to_array(weights[name])
        if values.size < SMALL:
            continue
        scale = np.abs(values).reshape(len(values), -1).max(1) / 127
        scale[scale == 0] = 1
        whole = np.clip(np.rint(values / scale.reshape(-1, *[1] * (values.ndim - 1))), -127, 127).astype(np.int8)
        graph.initializer.remove(weights.pop(name))
        for part, tensor in (("bytes", whole), ("scale", scale.astype(np.float32)), ("zero", np.zeros(len(scale), np.int8))):
            graph.initializer.append(numpy_helper.from_array(tensor, f"{name}.{part}"))
        unpack.append(helper.make_node("DequantizeLinear", [f"{name}.bytes", f"{name}.scale", f"{name}.zero"], [name], axis=0))
    for node in reversed(unpack):
        graph.node.insert(0, node)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    onnx.save(pack(onnx.load(sys.argv[1])), sys.argv[2])
    print(f"{sys.argv[2]}: {Path(sys.argv[2]).stat().st_size} bytes")
