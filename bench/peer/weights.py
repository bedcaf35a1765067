# SPDX-License-Identifier: Apache-2.0
"""Safetensors files with NumPy: names to float32 or int64 arrays, and the text metadata."""
import json
import struct

import numpy as np

DTYPES = {"F32": np.float32, "I64": np.int64}


def read(path):
    """-> ({name: array}, {key: text})"""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"]).copy()
    return tensors, metadata


def write(path, tensors):
    """float32 arrays by name."""
    header, parts, offset = {}, [], 0
    for name, array in sorted(tensors.items()):
        parts.append(np.ascontiguousarray(array, np.float32).tobytes())
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + len(parts[-1])]}
        offset += len(parts[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
