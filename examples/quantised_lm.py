"""Train a small language model on Debian's licence texts, quantise it to 4 bits, and generate text from both.

Shows a Llama-like transformer with a key-value cache, a compiled training step, `nn.quantize` and sampling. Expect a
minute of training; then weights of a sixth of the size, a loss hardly higher, and text that sounds like law.
"""

import argparse
import math
import re
import time
from collections import Counter
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten
from tqdm import tqdm

FOLDER = Path("/usr/share/common-licenses")
HELD_OUT = FOLDER / "MPL-2.0"


class Tokenizer:
    """Common words, with the space before them, are tokens; all else is spelled, less characters never seen."""

    def __init__(self, text: str, at_least: int = 4):
        counts = Counter(self.split(text))
        words = [word for word, count in counts.items() if count >= at_least]
        self.tokens = sorted(set(text) | set(words))
        self.numbers = {token: number for number, token in enumerate(self.tokens)}

    @staticmethod
    def split(text: str):
        return re.findall(r" ?\w+|\s+|[^\w\s]", text)

    def encode(self, text: str) -> list[int]:
        numbers = []
        for piece in self.split(text):
            if piece in self.numbers:
                numbers.append(self.numbers[piece])
            else:
                numbers += [self.numbers[character] for character in piece if character in self.numbers]
        return numbers

    def decode(self, numbers) -> str:
        return "".join(self.tokens[n] for n in numbers)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.rope = nn.RoPE(width // heads)

    def __call__(self, x, cache=None):
        """Return the mixed values and the keys and values so far; `cache` holds those of earlier tokens."""
        batch, length, width = x.shape
        q, k, v = (
            layer(x).reshape(batch, length, self.heads, -1).transpose(0, 2, 1, 3)
            for layer in (self.query, self.key, self.value)
        )
        offset = 0 if cache is None else cache[0].shape[2]
        q, k = self.rope(q, offset=offset), self.rope(k, offset=offset)
        if cache is not None:
            k, v = mx.concatenate([cache[0], k], axis=2), mx.concatenate([cache[1], v], axis=2)
        mixed = mx.fast.scaled_dot_product_attention(q, k, v, scale=q.shape[-1] ** -0.5, mask="causal")
        return self.out(mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)), (k, v)


class Block(nn.Module):
    """Attention, then a gated feed-forward layer (SwiGLU), as Llama has them."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.attention = Attention(width, heads)
        self.gate = nn.Linear(width, 2 * width, bias=False)
        self.up = nn.Linear(width, 2 * width, bias=False)
        self.down = nn.Linear(2 * width, width, bias=False)

    def __call__(self, x, cache=None):
        mixed, cache = self.attention(self.norm1(x), cache)
        x = x + mixed
        y = self.norm2(x)
        return x + self.down(nn.silu(self.gate(y)) * self.up(y)), cache


class LanguageModel(nn.Module):
    def __init__(self, vocabulary: int, layers: int, width: int, heads: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.dropout = nn.Dropout(0.1)
        self.blocks = [Block(width, heads) for _ in range(layers)]
        self.norm = nn.RMSNorm(width)

    def __call__(self, tokens, cache=None):
        x = self.dropout(self.embedding(tokens))
        caches = []
        for block, earlier in zip(self.blocks, cache or [None] * len(self.blocks)):
            x, later = block(x, earlier)
            caches.append(later)
        return self.embedding.as_linear(self.norm(x)), caches


def generate(model, tokenizer, prompt: str, count: int, temperature: float):
    """Return `count` sampled tokens as text, and the tokens per second at the median time of one."""
    tokens = mx.array([tokenizer.encode(prompt)])  # all of the prompt first, then one at a time
    cache, made, times = None, [], []
    for _ in tqdm(range(count), desc="generating", unit="token", leave=False):
        began = time.perf_counter()
        logits, cache = model(tokens, cache)
        tokens = mx.random.categorical(logits[:, -1:] / temperature)
        made.append(tokens.item())
        times.append(time.perf_counter() - began)
    return tokenizer.decode(made), 1 / np.median(times)


def save_picture(path: Path, losses, evaluations, rows):
    """`evaluations` are (step, held-out loss); `rows` are (name, bytes, held-out loss, tokens per second)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), width_ratios=[2, 1])
    left.plot(losses, linewidth=0.7, label="training")
    left.plot(*zip(*evaluations), marker="o", label="held out")
    left.set(xlabel="step", ylabel="nats per token", title="Training in float32")
    left.legend()
    bars = right.bar([name for name, *_ in rows], [size / 2**20 for _, size, *_ in rows], color=["C0", "C2"])
    right.bar_label(bars, [f"loss {loss:.3f}\n{speed:.0f} tokens/s" for *_, loss, speed in rows])
    right.set(ylabel="weights (MiB)", title="Quantised", ylim=(0, rows[0][1] / 2**20 * 1.25))
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--context", type=int, default=64)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--width", type=int, default=128, help="a multiple of 64, the size of a quantisation group")
    parser.add_argument("--bits", type=int, default=4)
    parser.add_argument("--sample", type=int, default=120, help="tokens to generate from each model")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    mx.random.seed(0)
    files = [path for path in sorted(FOLDER.glob("*")) if not path.is_symlink() and path != HELD_OUT]
    text = "\n".join(path.read_text() for path in files)
    tokenizer = Tokenizer(text)
    training = np.array(tokenizer.encode(text))
    held_out = np.array(tokenizer.encode(HELD_OUT.read_text()))
    model = LanguageModel(len(tokenizer.tokens), args.layers, args.width, heads=args.width // 32)
    parameters = sum(p.size for _, p in tree_flatten(model.parameters()))
    print(f"{len(files)} licences, {len(training):,} tokens of {len(tokenizer.tokens):,} kinds; "
          f"{parameters:,} parameters")  # fmt: skip

    warmup = max(1, args.steps // 10)
    schedule = optim.join_schedules(
        [optim.linear_schedule(1e-5, 2e-3, warmup), optim.cosine_decay(2e-3, args.steps, 1e-4)], [warmup]
    )
    optimizer = optim.AdamW(learning_rate=schedule, weight_decay=0.1)
    draws = np.random.default_rng(0)

    def loss_fn(windows):
        return nn.losses.cross_entropy(model(windows[:, :-1])[0], windows[:, 1:], reduction="mean")

    def windows_of(data, starts):
        return mx.array(data[starts[:, None] + np.arange(args.context + 1)])

    def held_out_loss():
        """Mean loss over windows that cover the held-out licence."""
        starts = np.arange(0, len(held_out) - args.context - 1, args.context)
        return np.mean([loss_fn(windows_of(held_out, part)).item() for part in np.array_split(starts, 4)])

    state = [model.state, optimizer.state, mx.random.state]

    @partial(mx.compile, inputs=state, outputs=state)
    def step(windows):
        loss, gradients = nn.value_and_grad(model, loss_fn)(windows)
        gradients, _ = optim.clip_grad_norm(gradients, 1.0)
        optimizer.update(model, gradients)
        return loss

    losses, evaluations = [], []
    began = time.perf_counter()
    for i in (progress := tqdm(range(args.steps), unit="step")):
        loss = step(windows_of(training, draws.integers(0, len(training) - args.context - 1, args.batch)))
        mx.eval(loss, state)
        losses.append(loss.item())
        if (i + 1) % 100 == 0 or i + 1 == args.steps:
            model.eval()
            evaluations.append((i + 1, held_out_loss()))
            model.train()
        progress.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
    print(f"trained in {time.perf_counter() - began:.0f} s on {mx.default_device()}")

    prompt = "You may copy and distribute"

    def measure(name: str):
        """Return a row for the picture and a sample of the model as it is now."""
        loss = held_out_loss()
        generate(model, tokenizer, prompt, args.sample, 0.7)  # not timed: builds the kernels
        sample, speed = generate(model, tokenizer, prompt, args.sample, 0.7)
        size = sum(p.nbytes for _, p in tree_flatten(model.parameters()))
        print(f"{name}: {size / 2**20:.2f} MiB, held-out loss {loss:.3f} nats per token "
              f"(perplexity {math.exp(loss):.1f}), {speed:.0f} tokens/s")  # fmt: skip
        return (name, size, loss, speed), sample

    model.eval()
    full, _ = measure("float32")
    nn.quantize(model, group_size=64, bits=args.bits)
    quantised, sample = measure(f"{args.bits} bits")

    picture = args.out / "quantised_lm.png"
    save_picture(picture, losses, evaluations, [full, quantised])
    print(f"picture: {picture}")
    print(f"--- sample at {args.bits} bits ---\n{prompt}{sample}")


if __name__ == "__main__":
    main()
