"""Fine-tune with LoRA: a character model of the licences learns Python's manual through low-rank adapters.

Shows how to freeze a model, put adapters in the place of its linear layers, train these alone, and fuse them. Expect a
minute; the loss on the manual falls by a third, that on the licences rises little, and fusing changes the rounding
alone.
"""

import argparse
import math
import pydoc_data.topics
import re
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
from mlx.utils import tree_flatten, tree_unflatten
from tqdm import tqdm

FOLDER = Path("/usr/share/common-licenses")


class Block(nn.Module):
    """A transformer block: causal attention, then a feed-forward layer."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.rope = nn.RoPE(width // heads)

    def __call__(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(batch, length, 3, self.heads, -1)
        q, k, v = (qkv[:, :, i].transpose(0, 2, 1, 3) for i in range(3))
        scale = 1 / math.sqrt(q.shape[-1])
        mixed = mx.fast.scaled_dot_product_attention(self.rope(q), self.rope(k), v, scale=scale, mask="causal")
        x = x + self.out(mixed.transpose(0, 2, 1, 3).reshape(batch, length, width))
        return x + self.down(nn.gelu(self.up(self.norm2(x))))


class CharModel(nn.Module):
    """Next-character logits over ASCII."""

    def __init__(self, layers: int, width: int, heads: int = 4):
        super().__init__()
        self.embedding = nn.Embedding(128, width)
        self.blocks = [Block(width, heads) for _ in range(layers)]
        self.norm = nn.RMSNorm(width)

    def __call__(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.embedding.as_linear(self.norm(x))


class LoRALinear(nn.Module):
    """A linear layer W beside a trainable product of two thin matrices: x Wᵀ + scale · (x A) B."""

    def __init__(self, linear: nn.Linear, rank: int, scale: float = 2.0):
        super().__init__()
        outputs, inputs = linear.weight.shape
        bound = 1 / math.sqrt(inputs)
        self.linear, self.scale = linear, scale
        self.lora_a = mx.random.uniform(-bound, bound, (inputs, rank))
        self.lora_b = mx.zeros((rank, outputs))  # so that training starts from the base model

    def __call__(self, x):
        return self.linear(x) + self.scale * ((x @ self.lora_a) @ self.lora_b)

    def fuse(self) -> nn.Linear:
        """Return one linear layer that computes the same."""
        self.linear.weight = self.linear.weight + self.scale * (self.lora_a @ self.lora_b).T
        return self.linear


def replace_layers(model, kind, make):
    """Put make(layer) in the place of every layer of a kind."""
    layers = [(name, make(layer)) for name, layer in model.named_modules() if isinstance(layer, kind)]
    model.update_modules(tree_unflatten(layers))


def count(parameters) -> int:
    return sum(p.size for _, p in tree_flatten(parameters))


def load_texts():
    """Return {"licences", "manual"}: (training characters, held-out characters) as codes."""
    files = [path for path in sorted(FOLDER.glob("*")) if not path.is_symlink()]
    underlines = re.compile(r"[-=*~^]{4,}\n")  # of headings
    sources = {
        "licences": [path.read_text() for path in files],
        "manual": [underlines.sub("", page) for _, page in sorted(pydoc_data.topics.topics.items())],
    }
    texts = {}
    for name, parts in sources.items():
        codes = np.frombuffer("\n".join(parts).encode("ascii", "replace"), np.uint8)[:300_000]
        texts[name] = np.split(codes, [len(codes) * 9 // 10])
    return texts


def sample(model, length: int, context: int, prompt: str = "The value of ", temperature: float = 0.6) -> str:
    codes = list(prompt.encode())
    for _ in tqdm(range(length), desc="sampling", unit="char", leave=False):
        window = codes[-context:]
        padded = mx.array(window + [0] * (context - len(window)))[None]  # one shape for every step
        codes.append(mx.random.categorical(model(padded)[0, len(window) - 1] / temperature).item())
    return bytes(codes).decode()


def save_picture(path: Path, base, tuned, held_out):
    """`base` and `tuned` are the losses while training; `held_out` has {text: loss} of each stage."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.5), width_ratios=[3, 2])
    left.plot(base, linewidth=0.7, label="all parameters, on licences")
    left.plot(range(len(base), len(base) + len(tuned)), tuned, linewidth=0.7, label="adapters only, on the manual")
    left.set(xlabel="step", ylabel="training loss (nats per character)")
    left.legend()
    for i, (stage, losses) in enumerate(held_out.items()):
        bars = right.bar(np.arange(2) + 0.4 * i - 0.2, losses.values(), 0.38, label=stage)
        right.bar_label(bars, fmt="%.2f")
    right.set(ylabel="held-out loss")
    right.margins(y=0.35)  # room for the legend
    right.set_xticks([0, 1], ["licences", "Python's manual"])
    right.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=500, help="steps of the base model")
    parser.add_argument("--tuning-steps", type=int, default=300)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--context", type=int, default=64)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--sample", type=int, default=200, help="characters to sample at the end")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    mx.random.seed(0)
    draws = np.random.default_rng(0)
    texts = load_texts()
    model = CharModel(args.layers, args.width)

    def loss_fn(windows):
        return nn.losses.cross_entropy(model(windows[:, :-1]), windows[:, 1:], reduction="mean")

    def windows_of(data, starts):
        return mx.array(data[starts[:, None] + np.arange(args.context + 1)])

    def held_out_losses():
        result = {}
        for name, (_, data) in texts.items():
            starts = np.linspace(0, len(data) - args.context - 1, 128).astype(int)
            result[name] = loss_fn(windows_of(data, starts)).item()
        return result

    def train(name: str, steps: int, rate: float = 3e-3):
        """Train whatever is not frozen on one of the texts and return the losses."""
        warmup = steps // 10 + 1
        schedule = optim.join_schedules(
            [optim.linear_schedule(1e-5, rate, warmup), optim.cosine_decay(rate, steps, rate / 20)], [warmup]
        )
        optimizer = optim.AdamW(learning_rate=schedule, weight_decay=0.01)
        state = [model.state, optimizer.state]

        @partial(mx.compile, inputs=state, outputs=state)
        def step(windows):
            loss, gradients = nn.value_and_grad(model, loss_fn)(windows)
            gradients, _ = optim.clip_grad_norm(gradients, 1.0)
            optimizer.update(model, gradients)
            return loss

        data, losses = texts[name][0], []
        began = time.perf_counter()
        for _ in (progress := tqdm(range(steps), desc=name, unit="step")):
            loss = step(windows_of(data, draws.integers(0, len(data) - args.context - 1, args.batch)))
            mx.eval(loss, state)
            losses.append(loss.item())
            progress.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
        print(f"{name}: {steps} steps in {time.perf_counter() - began:.0f} s")
        return losses

    print(f"base model: {count(model.parameters()):,} parameters ({mx.default_device()})")
    base = train("licences", args.steps)
    held_out = {"base": held_out_losses()}

    model.freeze()  # the layers inside the adapters stay so
    replace_layers(model, nn.Linear, lambda layer: LoRALinear(layer, args.rank))
    trainable = count(model.trainable_parameters())
    share = trainable / count(model.parameters())
    print(f"adapters of rank {args.rank}: {trainable:,} trainable parameters, {share:.1%} of all")
    tuned = train("manual", args.tuning_steps)
    held_out["with LoRA"] = held_out_losses()
    for stage, losses in held_out.items():
        print(f"{stage}: held-out loss {losses['licences']:.3f} on licences, {losses['manual']:.3f} on the manual")

    window = windows_of(texts["manual"][1], np.array([0]))
    before = model(window)
    replace_layers(model, LoRALinear, LoRALinear.fuse)
    difference = mx.max(mx.abs(model(window) - before)).item()
    largest = mx.max(mx.abs(before)).item()
    print(f"fused: {count(model.parameters()):,} parameters, logits up to {largest:.1f} differ by {difference:.1e}")
    assert difference < 1e-4 * largest, "fused and unfused model disagree"

    picture = args.out / "lora.png"
    save_picture(picture, base, tuned, held_out)
    print(f"picture: {picture}")
    if args.sample > 0:
        print(f"--- sample of the fused model ---\n{sample(model, args.sample, args.context)}")


if __name__ == "__main__":
    main()
