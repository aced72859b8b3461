"""Files that lie: valid files of each format, changed at random, and a process that reads one after another.

Run as a script it reads many more than the tests do: python forgery.py --inputs 100000 --format mlxfn
"""

import argparse
import io
import json
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

FORMATS = ["npy", "npz", "safetensors", "gguf", "mlxfn"]
SECONDS_AN_INPUT = 30  # more is a hang, also where the machine is busy
GROWTH = 512 << 20  # bytes that one input may add to a process, whose own files have a few KiB
NUMBERS = [0, 1, 2, 3, 4, 5, 7, 8, 13, 14, 31, 64, 255, 256, 65535, -1, -2, -3, -7, 2**31 - 1, 2**31, -(2**31), 2**32 - 1,
           2**32, 2**32 + 2, 2**33, 2**40, 2**61, 2**62, 2**63 - 1, -(2**63)]  # fmt: skip
WORDS = [b"bool", b"uint8", b"uint16", b"uint32", b"uint64", b"int8", b"int16", b"int32", b"int64", b"float16", b"bfloat16",
         b"float32", b"float64", b"complex64"]  # fmt: skip


def digest(body: bytes) -> bytes:
    """What ends a function's file; whoever forges the file makes this, too."""
    mask, text = 2**64 - 1, ""
    for word in (0xCBF29CE484222325, 0x84222325CBF29CE4):
        for byte in body:
            word = (word ^ byte) * 0x100000001B3 & mask
        word ^= (len(body) + 0x9E3779B97F4A7C15 + (word << 6) + (word >> 2)) & mask
        word = word * 0xFF51AFD7ED558CCD & mask
        word ^= word >> 32
        text += f"{word:016x}"[::-1]
    return text.encode()


def changed(content: bytes, chance: random.Random, text: bool) -> bytes:
    """One change: a number, a word, a byte, or a part that is left out, doubled or exchanged."""
    data, at = bytearray(content), chance.randrange(max(1, len(content)))
    kind = chance.choice("nnnnnnwwbbcdx" if text else "nnnsssssspppppwwwbbcdx")
    if kind == "n" and text:
        digits = [i for i, byte in enumerate(content) if 48 <= byte < 58]
        if digits:
            at = chance.choice(digits)
            data[at : at + 1] = str(chance.choice(NUMBERS)).encode()
    elif kind in "nsp":
        places = [
            i
            for i in range(len(content) - 7)
            if content[i + 2 : i + 8] == b"\0" * 6 and (i == 0 or content[i - 1] == 0)
        ]
        at = chance.choice(places) if places else at
        old = int.from_bytes(content[at : at + 8], "little")
        other = chance.choice(places) if places else at
        small = chance.choice([old + 1, old - 1, old + 2, 2 * old, 0, 1, 2, 3, 4, 5, -1, -2])
        value = chance.choice(NUMBERS) if kind == "n" else small
        if kind == "p":
            data[at : at + 8], data[other : other + 8] = data[other : other + 8], data[at : at + 8]
        else:
            data[at : at + 8] = (value & 2**64 - 1).to_bytes(8, "little")
    elif kind == "w":
        found = [(content.find(word), word) for word in WORDS if word in content]
        if found:
            start, word = chance.choice(found)
            new = chance.choice([w for w in WORDS if len(w) == len(word)] + WORDS)
            data[start : start + len(word)] = new
            if content[start - 8 : start] == len(word).to_bytes(8, "little"):
                data[start - 8 : start] = len(new).to_bytes(8, "little")
    elif kind == "b":
        data[at : at + 1] = bytes([chance.randrange(256)])
    elif kind == "c":
        del data[at : at + chance.randrange(1, 17)]
    elif kind == "d":
        data[at:at] = data[at : at + chance.randrange(1, 33)]
    else:
        other, size = chance.randrange(max(1, len(content))), chance.randrange(1, 17)
        data[at : at + size], data[other : other + size] = data[other : other + size], data[at : at + size]
    return bytes(data)


def forged(corpus: list[bytes], extension: str, seed: int) -> bytes:
    """The input of a seed: one file of the corpus with one to three changes."""
    chance = random.Random(f"{extension}{seed}")
    content = chance.choice(corpus)
    if extension == "mlxfn":
        content = content[:-32]
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        content = changed(
            content, chance, text=extension == "safetensors" or (extension == "npy" and chance.random() < 0.7)
        )
    return content + digest(content) if extension == "mlxfn" else content


def functions(mx):
    """Functions of a matrix whose primitives have parameters worth lying about."""
    return [
        lambda x: mx.exp(x) @ x.T, lambda x: mx.softmax(x[:, ::-1], -1), lambda x: mx.sum(x, axis=0, keepdims=True),
        lambda x: mx.cumsum(x, axis=1), lambda x: mx.sort(x)[:, 1:], lambda x: mx.argsort(x, 0), lambda x: mx.argmax(x, axis=1),
        lambda x: mx.take(x, mx.array([1, 0]), axis=1), lambda x: mx.take_along_axis(x, mx.zeros((4, 4), mx.int32), 1),
        lambda x: x.at[mx.array([0, 1])].add(1), lambda x: mx.pad(x, 1), lambda x: mx.concatenate([x, x], 1),
        lambda x: mx.fft.rfft(x), lambda x: mx.fft.fft2(x).real, lambda x: x.reshape(2, 2, 4)[0].transpose(),
        lambda x: mx.expand_dims(x, (0, 2)).squeeze(0), lambda x: mx.as_strided(x, (2, 2), (1, 2)), lambda x: x.view(mx.int16),
        lambda x: mx.conv1d(x[None], mx.ones((2, 3, 4)), padding=1), lambda x: mx.fast.rms_norm(x, mx.ones(4), 1e-5),
        lambda x: mx.fast.layer_norm(x, mx.ones(4), mx.ones(4), 1e-5), lambda x: mx.fast.rope(x[None], 4, traditional=False, base=1e4,
                                                                                       scale=1.0, offset=0),
        lambda x: mx.fast.scaled_dot_product_attention(*[x[None, None]] * 3, scale=1.0, mask=x > 0),
        lambda x: mx.quantized_matmul(mx.pad(x, [(0, 0), (0, 60)]), *mx.quantize(mx.ones((8, 64)))),
        lambda x: mx.linalg.svd(x, stream=mx.cpu)[1], lambda x: mx.linalg.solve(x + 9 * mx.eye(4), x, stream=mx.cpu),
        lambda x: mx.slice_update(x, x[:1], mx.array([1]), (0,)), lambda x: mx.where(x > 1, x.astype(mx.float16), 0),
        lambda x: mx.gather_mm(x, mx.stack([x, x]), rhs_indices=mx.array([0, 1])), lambda x: mx.random.uniform(shape=(3,), key=mx.random.key(1)),
        lambda x: mx.arange(5) + mx.full((4, 5), 2.0), lambda x: mx.searchsorted(mx.sort(x[0]), x[1]), lambda x: mx.addmm(x, x, x),
        lambda x: mx.partition(x, 1), lambda x: mx.divmod(x, x + 1), lambda x: mx.fast.cross_entropy(x, mx.array([0, 1, 2, 3])),
        mx.grad(lambda x: mx.tanh(x).sum()), mx.grad(lambda x: mx.fast.rms_norm(x, mx.ones(4), 1e-5).sum()),
        mx.vmap(lambda x: mx.cumprod(x) * x[0]),
    ]  # fmt: skip


def corpus_of(extension: str, folder: str) -> list[bytes]:
    """Valid files of a format."""
    import mlx.core as mx

    x, path = mx.arange(16.0).reshape(4, 4) / 8, f"{folder}/valid.{extension}"
    files = []

    def keep():
        files.append(Path(path).read_bytes())

    if extension == "npy":
        for value in (x, x.T, x.astype(mx.bfloat16), x.astype(mx.int16)[0], mx.array(3)):
            mx.save(path, value)
            keep()
    elif extension == "npz":
        for save in (mx.savez, mx.savez_compressed):
            save(path, x, b=x[0].astype(mx.uint8))
            keep()
    elif extension == "safetensors":
        mx.save_safetensors(path, {"x": x, "h": x.astype(mx.float16)[:0], "i": mx.array(1)}, {"format": "mlx"})
        keep()
    elif extension == "gguf":
        mx.save_gguf(
            path,
            {"x": x, "i": x.astype(mx.int8)},
            {"s": "text", "l": ["a", "b"], "v": mx.array([1, 2]), "n": mx.array(3)},
        )
        keep()
        name = b"a.weight"
        for kind, block, columns in ((2, 18, 32), (8, 34, 32), (12, 144, 256), (14, 210, 256)):
            head = (
                b"GGUF"
                + struct.pack("<IQQQ", 3, 1, 0, len(name))
                + name
                + struct.pack("<IQQIQ", 2, columns, 1, kind, 0)
            )
            files.append(head + b"\0" * (-len(head) % 32) + bytes(range(block)))
    else:
        for function in functions(mx):
            for shapeless in (False, True):
                try:
                    mx.export_function(path, function, x, shapeless=shapeless)
                    keep()
                except ValueError:  # some cannot infer shapes
                    pass
    return files


def use(path: str, content: bytes, extension: str):
    """Reads a file and everything in it; any exception is an answer."""
    import mlx.core as mx

    Path(path).write_bytes(content)
    try:
        if extension != "mlxfn":
            loaded = mx.load(path)
            mx.eval(loaded)
            if extension in ("npy", "safetensors"):
                mx.eval(mx.load(io.BytesIO(content), format=extension))
            return
        function = mx.import_function(path)
    except Exception:
        return
    x = mx.arange(16.0).reshape(4, 4) / 8
    for call in (function, mx.grad(lambda x: sum(y.sum() for y in function(x) if mx.issubdtype(y.dtype, mx.floating))),
                 lambda x: mx.vmap(function)(mx.stack([x, x]))):  # fmt: skip
        try:
            mx.eval(call(x))
        except Exception:
            pass


def serve(extension: str, first: int, count: int):
    """Uses the inputs of some seeds and says which one comes next, so that a crash or hang has a number."""
    import mlx.core as mx

    with tempfile.TemporaryDirectory() as folder:
        corpus = corpus_of(extension, folder)
        for content in corpus:  # builds the kernels
            use(f"{folder}/x.{extension}", content, extension)
        for seed in range(first, first + count):
            print(seed, flush=True)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            use(f"{folder}/x.{extension}", forged(corpus, extension, seed), extension)
            mx.clear_cache()
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
            if grown > GROWTH:
                print("grown", seed, grown, flush=True)
    print("end", flush=True)


@dataclass
class Report:
    """Seeds that ended the process, that took too long, and that took much memory."""

    inputs: int = 0
    crashes: list = field(default_factory=list)
    hangs: list = field(default_factory=list)
    grown: list = field(default_factory=list)


def run(extension: str, first: int, count: int) -> Report:
    """Reads the files of these seeds in processes of their own, a new one after each that ends early."""
    report, next_seed, end = Report(count), first, first + count
    while next_seed < end:
        command = [sys.executable, __file__, "--serve", extension, str(next_seed), str(end - next_seed)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        seed, ended = next_seed, False
        timer = Watch(process)
        for line in process.stdout:
            timer.restart()
            words = line.split()
            if words[0] == "grown":
                report.grown.append((int(words[1]), int(words[2])))
            elif words[0] == "end":
                ended = True
            else:
                seed = int(words[0])
        status, said = process.wait(), process.stderr.read()[-300:]
        timer.stop()
        if not ended and timer.expired:
            report.hangs.append(seed)
        elif not ended or status:
            report.crashes.append((seed, status, said))
        next_seed = end if ended else seed + 1
    return report


class Watch:
    """Ends a process that says nothing for too long."""

    def __init__(self, process):
        self.process, self.expired, self.timer = process, False, None
        self.start(10 * SECONDS_AN_INPUT)  # until the kernels are built

    def start(self, seconds):
        import threading

        self.timer = threading.Timer(seconds, self.expire)
        self.timer.daemon = True
        self.timer.start()

    def expire(self):
        self.expired = True
        self.process.kill()

    def restart(self):
        self.stop()
        self.start(SECONDS_AN_INPUT)

    def stop(self):
        self.timer.cancel()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--format", choices=FORMATS, action="append")
    parser.add_argument("--serve", nargs=3)
    options = parser.parse_args()
    if options.serve:
        extension, first, count = options.serve
        return serve(extension, int(first), int(count))
    failed = False
    for extension in options.format or FORMATS:
        report = run(extension, options.first, options.inputs)
        failed |= bool(report.crashes or report.hangs or report.grown)
        print(json.dumps({"format": extension, **report.__dict__}), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
    main()
