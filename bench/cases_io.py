"""Cases of files, in the folder for temporary ones: arrays saved to a new file, and loaded from one."""

import tempfile
from pathlib import Path

import mlx.core as mx
import numpy as np
from case import Case, floats, normal

FORMATS = {
    ".npy": (mx.save, mx.load),
    ".npz": (lambda path, x: mx.savez(path, x=x), lambda path: mx.load(path)["x"]),
    ".safetensors": (lambda path, x: mx.save_safetensors(path, {"x": x}), lambda path: mx.load(path)["x"]),
    ".gguf": (lambda path, x: mx.save_gguf(path, {"x": x}), lambda path: mx.load(path)["x"]),
}
SIZES = {"inputs": normal(lambda r, c: [(r, c)]), "function": None, "full": (2048, 2048), "small": (5, 7),
         "bytes": lambda r, c: floats((r, c))}  # fmt: skip


class File:
    """A path that lasts as long as somebody holds it."""

    def __init__(self, suffix):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "x" + suffix)


def saving(suffix):
    def build(*dimensions):
        file = File(suffix)

        def function(x):
            file.path.unlink(missing_ok=True)
            FORMATS[suffix][0](str(file.path), x)
            return x

        return function

    return Case(f"save {suffix}", build=build, **SIZES)


def loading(suffix):
    def build(*dimensions):
        file = File(suffix)
        save, load = FORMATS[suffix]

        def function(x):
            if not file.path.exists():
                save(str(file.path), x)
            return load(str(file.path))

        return function

    return Case(f"load {suffix}", build=build, expected=lambda x: np.asarray(x), **SIZES)


IO = [*map(saving, FORMATS), *map(loading, FORMATS)]
