"""Train a small character-level GPT on the licence texts that Debian ships, then sample from it."""

import argparse
import math
import time
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

TEXT_FOLDERS = [Path("/usr/share/common-licenses"), Path("/usr/share/doc")]


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.rope = nn.RoPE(width // heads)

    def __call__(self, x):
        batch, length, width = x.shape
        q, k, v = (
            part.reshape(batch, length, self.heads, -1).transpose(0, 2, 1, 3)
            for part in mx.split(self.qkv(x), 3, axis=-1)
        )
        scale = 1 / math.sqrt(width // self.heads)
        mixed = mx.fast.scaled_dot_product_attention(self.rope(q), self.rope(k), v, scale=scale, mask="causal")
        return self.out(mixed.transpose(0, 2, 1, 3).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1 = nn.RMSNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.RMSNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def __call__(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class CharTransformer(nn.Module):
    def __init__(self, vocabulary: int, layers: int, width: int, heads: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = [Block(width, heads) for _ in range(layers)]
        self.norm = nn.RMSNorm(width)

    def __call__(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.embedding.as_linear(self.norm(x))


def read_text(least: int = 20_000) -> str:
    """Return the GPL's text followed by the other licences found; any long text elsewhere failing that."""
    for folder in TEXT_FOLDERS:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
        files.sort(key=lambda path: path.name != "GPL-3")  # stable: GPL-3 first, the rest by name
        texts = []
        for path in files:
            content = path.read_bytes()
            if content.isascii() and len(content) > 1000:
                texts.append(content.decode("ascii"))
            if sum(map(len, texts)) > 400_000:
                break
        if sum(map(len, texts)) >= least:
            return "\n".join(texts)
    raise SystemExit(f"found no long text under {', '.join(map(str, TEXT_FOLDERS))}; give one with --text FILE")


def split_text(text: str, chunk: int = 2000, every: int = 12):
    """Cut the text into chunks and hold out every `every`-th: (training text, held-out text)."""
    chunks = [text[i : i + chunk] for i in range(0, len(text), chunk)]
    training = "".join(c for i, c in enumerate(chunks) if i % every != every - 1)
    held_out = "".join(c for i, c in enumerate(chunks) if i % every == every - 1)
    return training, held_out


def sample(model, prompt: str, encode, characters, count: int, context: int, temperature: float) -> str:
    model.eval()
    tokens = [encode[c] for c in prompt]
    for _ in tqdm(range(count), desc="sampling", unit="char", leave=False):
        # A window of constant length keeps the shapes, and with them the kernels, the same.
        window = tokens[-context:]
        last = len(window) - 1
        window = mx.array(window + [0] * (context - len(window)))[None]
        logits = model(window)[0, last]
        tokens.append(mx.random.categorical(logits / temperature).item())
    return "".join(characters[t] for t in tokens)


def save_curve(path: Path, losses, held_out):
    figure, axes = plt.subplots(figsize=(6, 3.5))
    axes.plot(losses, linewidth=0.7, label="training")
    axes.plot([s for s, _ in held_out], [v for _, v in held_out], marker="o", label="held out")
    axes.set(xlabel="step", ylabel="nats per character", title="Character transformer")
    axes.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, default=None, help="train on this file instead")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=170, help="stop training after this long")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--context", type=int, default=96)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--width", type=int, default=96)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--sample", type=int, default=300, help="characters to sample at the end")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    mx.random.seed(0)
    text = args.text.read_text() if args.text else read_text()
    characters = sorted(set(text))
    encode = {c: i for i, c in enumerate(characters)}
    training, held_out = (np.array([encode[c] for c in part], np.int32) for part in split_text(text))
    model = CharTransformer(len(characters), args.layers, args.width, args.heads)
    parameters = sum(p.size for _, p in tree_flatten(model.parameters()))
    print(f"{len(text):,} characters, {len(characters)} distinct; {parameters:,} parameters")

    warmup = max(1, args.steps // 20)
    schedule = optim.join_schedules(
        [optim.linear_schedule(1e-5, args.rate, warmup), optim.cosine_decay(args.rate, args.steps, args.rate / 10)],
        [warmup],
    )
    optimizer = optim.AdamW(learning_rate=schedule, weight_decay=0.05, betas=[0.9, 0.98])
    draws = np.random.default_rng(0)

    def batch_of(data, starts):
        windows = data[starts[:, None] + np.arange(args.context + 1)]
        return mx.array(windows[:, :-1]), mx.array(windows[:, 1:])

    def loss_fn(inputs, targets):
        return nn.losses.cross_entropy(model(inputs), targets, reduction="mean")

    state = [model.state, optimizer.state]

    @partial(mx.compile, inputs=state, outputs=state)
    def step(inputs, targets):
        loss, gradients = nn.value_and_grad(model, loss_fn)(inputs, targets)
        gradients, _ = optim.clip_grad_norm(gradients, 1.0)
        optimizer.update(model, gradients)
        return loss

    def held_out_loss(batches: int = 8):
        """Mean loss over evenly spaced windows, the same at every call."""
        starts = np.linspace(0, len(held_out) - args.context - 1, batches * args.batch).astype(np.int64)
        return sum(loss_fn(*batch_of(held_out, part)).item() for part in np.split(starts, batches)) / batches

    losses, evaluations = [], []
    began = time.perf_counter()
    with tqdm(total=args.steps, unit="step") as progress:
        for i in range(args.steps):
            loss = step(*batch_of(training, draws.integers(0, len(training) - args.context - 1, args.batch)))
            mx.eval(loss, state)
            losses.append(loss.item())
            late = time.perf_counter() - began > args.seconds
            if (i + 1) % 100 == 0 or i + 1 == args.steps or late:
                evaluations.append((i + 1, held_out_loss()))
            progress.update()
            shown = f"{evaluations[-1][1]:.3f}" if evaluations else "-"
            progress.set_postfix(loss=f"{losses[-1]:.3f}", held_out=shown, refresh=False)
            if late:
                break

    print(f"held-out loss: {evaluations[-1][1]:.3f} nats per character ", end="")
    print(f"after {len(losses)} steps in {time.perf_counter() - began:.0f} s ({mx.default_device()})")
    picture = args.out / "char_transformer.png"
    save_curve(picture, losses, evaluations)
    print(f"picture: {picture}")
    if args.sample > 0:
        prompt = "The licensee "
        prompt = prompt if set(prompt) <= set(characters) else text[:1]
        print("--- sample ---")
        print(sample(model, prompt, encode, characters, args.sample, args.context, temperature=0.7))


if __name__ == "__main__":
    main()
