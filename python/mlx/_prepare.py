"""`python -m mlx prepare`: builds the kernels that programs usually need, so that none of them waits for a compiler.

What is built follows from running small programs, the work of JOBS; beside them the kits, which run every elementwise
operation. What is stored already costs a look at the disk, so a second run takes seconds.
"""

import os
import re
import selectors
import subprocess
import sys
import time
from functools import partial
from itertools import product

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_map

FLOATS = (mx.float32, mx.bfloat16, mx.float16)
USUAL = (mx.float32, mx.int32)
STORED = (mx.float32, mx.bfloat16, mx.float16, mx.int32, mx.uint32, mx.int64, mx.uint8, mx.bool_)
BATCH, CLASSES = 4, 10


def attempt(function, *arguments, **keywords):
    """Evaluates a result that may not exist for these dtypes."""
    try:
        mx.eval(function(*arguments, **keywords))
    except (TypeError, ValueError):
        pass
    except RuntimeError as error:  # bits of floats, for instance; but a kernel must build
        if "[kernel]" in str(error):
            raise


def elementwise(name, operands):
    """One operation on arrays, and with a number on either side."""
    function = getattr(mx, name, None)
    if function is None:
        return
    for dtype in USUAL:
        x = mx.ones((3, 40), dtype)
        for arguments in ((x,),) if operands == 1 else ((x, x), (x, 2), (2, x)):
            attempt(function, *arguments)
    if operands == 1:
        attempt(function, mx.ones((3, 40), mx.bfloat16))


def arithmetic():
    """What the usual operators need for 16-bit floats, for broadcast operands and for single elements."""
    functions = (mx.add, mx.subtract, mx.multiply, mx.divide)
    for function, dtype in product(functions, FLOATS):
        x, row, column, one = (mx.ones(shape, dtype) for shape in ((3, 40), (40,), (3, 1), (1, 1)))
        for pair in ((x, x), (x, 2), (2, x), (x, row), (x, column), (x, one)):
            attempt(function, *pair)
    for function, dtype in product((mx.maximum, mx.power), FLOATS):
        attempt(function, mx.ones((3, 40), dtype), 2)
    x = mx.ones((3, 40))
    for function in (mx.equal, mx.less, mx.greater):
        attempt(function, x, mx.ones((40,)))
    mx.eval(mx.where(x > 0, x, 0), mx.where(x > 0, x, x), mx.clip(x, 0, 1))


def casts():
    for source, target in product(STORED, STORED):
        mx.eval(mx.ones((3, 40), source).astype(target))


def creation():
    for dtype in STORED:
        x = mx.arange(24).astype(dtype).reshape(4, 6)
        mx.eval(mx.zeros((4, 6), dtype), mx.concatenate([x, x]), mx.concatenate([x, x], 1),
                x.T + x.T, mx.contiguous(x[:, 1:3]), mx.stack([x, x]), mx.pad(x, 1), mx.contiguous(x.T))  # fmt: skip
        if dtype != mx.bool_:
            mx.eval(mx.arange(5, dtype=dtype))
    x = mx.ones((4, 6))
    mx.eval(mx.eye(4), mx.linspace(0, 1, 5), mx.tril(x), mx.repeat(x, 2, 1), mx.tile(x, 2))


def reductions():
    functions = (mx.sum, mx.mean, mx.max, mx.min, mx.argmax, mx.argmin, mx.var, mx.std, mx.logsumexp, mx.softmax)
    for function, dtype, shape in product(functions, (mx.float32, mx.bfloat16), ((8, 40), (3, 300, 500))):
        for axis in (None, 0, -1):
            attempt(function, mx.ones(shape, dtype), axis=axis)
    for function, dtype in product((mx.sum, mx.max, mx.min, mx.argmax), (mx.int32, mx.bool_)):
        for axis in (None, 0, -1):
            attempt(function, mx.ones((8, 40), dtype), axis=axis)
    for function in (mx.any, mx.all):
        for axis in (None, 0, -1):
            attempt(function, mx.ones((8, 40), mx.bool_), axis=axis)
    x = mx.random.uniform(shape=(8, 40))
    mx.eval(mx.allclose(x, x), mx.array_equal(x, x))


def scans_and_sorts():
    for dtype, shape in product(USUAL, ((8, 40), (70_000,), (4, 3000))):
        x = mx.random.uniform(-9, 9, shape).astype(dtype)
        for function in (mx.sort, mx.argsort, mx.cumsum):
            attempt(function, x, axis=-1)
        attempt(mx.topk, x, 3)
        attempt(mx.argpartition, x, 3)
    x = mx.random.uniform(shape=(8, 40))
    mx.eval(mx.cumsum(x, 0), mx.cumprod(x, 1), mx.cummax(x, 1), mx.sort(x, 0))


def indexing():
    for dtype in (*FLOATS, mx.int32):
        x, rows = mx.arange(48).astype(dtype).reshape(8, 6), mx.array([3, 1])
        mx.eval(
            x[rows], x[:, rows], x[rows, rows], mx.take_along_axis(x, mx.zeros((8, 1), mx.int32), 1), x[1:5, ::2] + 0
        )
        x[rows] = mx.zeros((2, 6), dtype)
        x[1:3] = 1
        mx.eval(x, x.at[rows].add(mx.ones((2, 6), dtype)))
    x, rows = mx.ones((8, 6)), mx.array([1, 2], mx.uint32)
    mx.eval(mx.take(x, rows, axis=0), mx.put_along_axis(x, mx.zeros((8, 1), mx.int32), mx.array(2.0), 1))


def randomness():
    random, shape = mx.random, (4, 6)
    mx.eval(random.normal(shape), random.normal(shape, dtype=mx.bfloat16), random.uniform(shape=shape))
    mx.eval(random.randint(0, 9, shape), random.bernoulli(0.5, shape), random.permutation(10), random.gumbel(shape))
    mx.eval(random.categorical(mx.zeros(shape)), random.truncated_normal(-1, 1, shape), random.split(random.key(1), 3))


def products():
    for dtype in FLOATS:
        for n in (1, 8, 64):
            x, w = mx.ones((n, 64), dtype), mx.ones((64, 32), dtype)
            mx.eval(x @ w, x @ mx.ones((32, 64), dtype).T, mx.addmm(mx.ones((32,), dtype), x, w))
            mx.eval(mx.ones((2, n, 64), dtype) @ mx.ones((2, 64, 32), dtype))
    x = mx.ones((2, 64))
    mx.eval(mx.outer(x[0], x[0]), mx.inner(x, x), mx.fft.fft(x), mx.fft.rfft(x), mx.fft.irfft(mx.fft.rfft(x)))


def activations():
    names = ("relu", "gelu", "gelu_approx", "silu", "sigmoid", "tanh", "softplus", "leaky_relu", "elu", "log_softmax")
    for name, dtype in product(names, (mx.float32, mx.bfloat16)):
        function, x = getattr(nn, name), mx.ones((3, 40), dtype)
        mx.eval(function(x), mx.grad(lambda x: function(x).sum())(x))


def losses():
    logits, targets, labels = mx.ones((4, 10)), mx.zeros((4, 10)), mx.array([1, 2, 3, 4])
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy", "kl_div_loss"):
        function = getattr(nn.losses, name)
        mx.eval(function(logits, targets), mx.grad(lambda x: function(x, targets, reduction="mean"))(logits))
    mx.eval(mx.grad(lambda x: nn.losses.cross_entropy(x, labels, reduction="mean"))(logits))


class Convolutional(nn.Module):
    """Two convolutions with batch normalisation and two linear layers."""

    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(1, 16, kernel_size=3, padding=1), nn.BatchNorm(16)
        self.conv2, self.norm2 = nn.Conv2d(16, 32, kernel_size=3, padding=1), nn.BatchNorm(32)
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.linear1, self.dropout, self.linear2 = nn.Linear(512, 64), nn.Dropout(0.3), nn.Linear(64, CLASSES)

    def __call__(self, images):
        x = nn.relu(self.norm1(self.conv1(images)))
        x = self.pool(nn.relu(self.norm2(self.conv2(x))))
        x = x.reshape(x.shape[0], -1)
        return self.linear2(self.dropout(nn.relu(self.linear1(x))))


class Decoder(nn.Module):
    """A language model's layers: embedding, attention with rotary positions, a gated and a plain MLP, both norms."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.embedding, self.rope = nn.Embedding(CLASSES, width), nn.RoPE(width // heads)
        self.norm1, self.norm2, self.norm3 = nn.RMSNorm(width), nn.RMSNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.mix = (nn.Linear(width, width) for _ in range(4))
        self.gate, self.up, self.down = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, CLASSES)

    def __call__(self, tokens, cache=None):
        x = self.embedding(tokens)
        h = self.norm1(x)
        split = lambda y: y.reshape(*y.shape[:2], self.heads, -1).transpose(0, 2, 1, 3)
        offset = cache[0].shape[2] if cache else 0
        q, k, v = (split(layer(h)) for layer in (self.query, self.key, self.value))
        q, k = self.rope(q, offset=offset), self.rope(k, offset=offset)
        if cache:
            k, v = mx.concatenate([cache[0], k], 2), mx.concatenate([cache[1], v], 2)
        mask = None if cache else "causal"
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=q.shape[-1] ** -0.5, mask=mask)
        x = x + self.mix(y.transpose(0, 2, 1, 3).reshape(x.shape))
        h = self.norm2(x)
        x = x + self.down(nn.silu(self.gate(h)) * self.up(h))
        return self.out(nn.gelu(self.norm3(x))), (k, v)


def train(model, optimizer, inputs, labels, forward=lambda model, x: model(x)):
    """Steps in eager code, where groups of operations get kernels once they have come up often, and compiled ones."""

    def loss_fn(inputs, labels):
        return nn.losses.cross_entropy(forward(model, inputs), labels, reduction="mean")

    def step(inputs, labels):
        loss, gradients = nn.value_and_grad(model, loss_fn)(inputs, labels)
        optimizer.update(model, gradients)
        return loss

    state = [model.state, optimizer.state, mx.random.state]
    for _ in range(40):
        mx.eval(step(inputs, labels), state)
    compiled = mx.compile(step, inputs=state, outputs=state)
    for _ in range(2):
        mx.eval(compiled(inputs, labels), state)
    mx.eval(mx.mean(mx.argmax(forward(model, inputs), axis=-1) == labels))


def labels():
    return mx.array([1, 2, 3, 4], mx.uint32)


def training_a_perceptron():
    for optimizer in (optim.Adam(1e-3), optim.SGD(1e-2, momentum=0.9), optim.SGD(1e-2)):
        model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, CLASSES))
        train(model, optimizer, mx.random.normal((BATCH, 2)), labels())


def fitting_a_function():
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = optim.Adam(learning_rate=1e-2)
    x = mx.random.normal((256, 2))
    y = x[:, :1] * x[:, 1:] + 0.5
    for _ in range(40):
        loss, gradients = nn.value_and_grad(model, lambda x, y: mx.mean(mx.square(model(x) - y)))(x, y)
        optimizer.update(model, gradients)
        mx.eval(loss, model.parameters(), optimizer.state)


def training_a_convolutional_network():
    optimizer = optim.AdamW(optim.cosine_decay(2e-3, 100, 1e-5), weight_decay=1e-2)
    train(Convolutional(), optimizer, mx.random.uniform(shape=(BATCH, 8, 8, 1)), labels())


def training_a_transformer():
    tokens = mx.array([[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 3]])
    train(Decoder(32, 4), optim.AdamW(1e-3), tokens, tokens, forward=lambda model, x: model(x)[0])
    encoder = [nn.Embedding(CLASSES, 32), nn.TransformerEncoder(1, 32, 4, 64, norm_first=True), nn.Linear(32, CLASSES)]
    forward = lambda model, x: model.layers[2](model.layers[1](model.layers[0](x), None))
    train(nn.Sequential(*encoder), optim.AdamW(1e-3), tokens, tokens, forward)


def generation():
    """Greedy and sampled tokens from models in the usual precisions, quantised ones too."""
    for dtype, bits in product(FLOATS, (None, 4)):
        model = Decoder(64, 2)
        model.update(tree_map(lambda p: p.astype(dtype), model.parameters()))
        if bits:
            nn.quantize(model, group_size=64, bits=bits)
        tokens, cache = mx.array([[1, 2, 3]]), None
        for step in range(12):
            logits, cache = model(tokens, cache)
            logits = logits[:, -1, :]
            greedy, sampled = mx.argmax(logits, axis=-1), mx.random.categorical(logits * (1 / 0.7))
            tokens = (sampled if step % 2 else greedy)[:, None]
            mx.eval(tokens, cache, logits - mx.logsumexp(logits, keepdims=True))


JOBS = (
    training_a_perceptron, fitting_a_function, training_a_convolutional_network, training_a_transformer, generation,
    arithmetic, casts, creation, reductions, scans_and_sorts, indexing, randomness, products, activations, losses,
)  # fmt: skip


def tasks():
    """(title, function, whether a device of these facts needs it) for everything that is built; the longest first.

    Kits run single elementwise operations on OpenCL's CPU devices; others have a kernel for each.
    """
    info = mx._runtime_info()
    jobs = [(job.__name__.replace("_", " "), job, lambda facts: True) for job in JOBS]
    kits = [(f"kit {name}", partial(mx._build_kit, name), lambda facts: facts["is_cpu"]) for name in info["kits"]]
    rows = [(name, partial(elementwise, name, operands), lambda facts: not facts["is_cpu"])
            for name, operands in info["elementwise"]]  # fmt: skip
    return jobs + kits + rows


def work():
    """A worker: runs the tasks whose numbers it reads, and says when each is done."""
    listed = tasks()
    for line in sys.stdin:
        device, number = line.split()
        title, run, _ = listed[int(number)]
        try:
            with mx.stream(getattr(mx, device)):
                mx.set_default_device(getattr(mx, device))
                run()
            print("done", flush=True)
        except Exception as error:  # one program that fails must not leave the rest unprepared
            print(f"{title}: {type(error).__name__}: {str(error).splitlines()[0]}", flush=True)
    return 0


class Worker:
    def __init__(self):
        command = [sys.executable, "-m", "mlx", "prepare", "--worker"]
        # There are as many workers as are to run, and they build what later processes look for.
        environment = {**os.environ, "MLX_CL_AHEAD": "0", "MLX_CL_INTERPRET": "0"}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def give(self, device, number):
        self.process.stdin.write(f"{device} {number}\n")
        self.process.stdin.flush()


def show(done, total, started):
    """Draws the bar again; away from a terminal, a line at the end is enough."""
    if not sys.stdout.isatty():
        return
    filled = 40 * done // total
    seconds = time.perf_counter() - started
    print(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done}/{total}, {seconds:.0f} s ", end="", flush=True)


def prepare(processes=None, only=""):
    """Runs the tasks whose titles match on every device, with several processes at once; returns how many failed."""
    info = mx._runtime_info()
    if not info["cache"]["folder"]:
        print("There is no folder to keep kernels in: MLX_CL_CACHE is off, or names one that cannot be written.")
        return 1
    waiting = [(device, number) for device, facts in info["devices"].items()
               for number, (title, _, needs) in enumerate(tasks())
               if needs(facts) and re.fullmatch(only or ".*", title)]  # fmt: skip
    total, done, started, problems = len(waiting), 0, time.perf_counter(), []
    waiting.reverse()
    selector = selectors.DefaultSelector()
    workers = [Worker() for _ in range(min(processes or os.cpu_count() or 1, total))]
    for worker in workers:
        selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
        worker.give(*waiting.pop())
    while selector.get_map():
        for key, _ in selector.select():
            worker = key.data
            answer = worker.process.stdout.readline().strip()
            done += 1
            if answer != "done":
                problems.append(answer or f"a worker ended with status {worker.process.wait()}")
            show(done, total, started)
            if answer and waiting:
                worker.give(*waiting.pop())
            else:
                selector.unregister(worker.process.stdout)
                worker.process.stdin.close()
    for worker in workers:
        worker.process.wait()
    cache = mx._runtime_info()["cache"]
    if sys.stdout.isatty():
        print()
    print(f"did {total - len(problems)} of {total} pieces of work in {time.perf_counter() - started:.0f} s: "
          f"{cache['entries']} kernels, {cache['bytes'] / 2**20:.0f} MiB in {cache['folder']}")  # fmt: skip
    for problem in problems:
        print(f"  {problem}")
    return len(problems) + len(waiting)
