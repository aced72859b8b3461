"""Train a 1-d convolutional network to name short sounds (tones, sweeps, pulses) under noise.

Shows strided convolutions on raw samples, and training on data that is made anew at every step. Expect half a minute;
the network names nearly all sounds while they are as loud as the noise, and guesses when they are 15 dB below it.
"""

import argparse
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

RATE, SECONDS = 8000, 0.5
COMMANDS = ["tone", "chord", "rising", "falling", "warble", "pulses", "silence"]


def clean_sound(command: str, times, draws) -> np.ndarray:
    """One sound of about unit amplitude, at a random pitch and somewhere between the first and the last of `times`."""
    pitch, phase = draws.uniform(300, 1500), draws.uniform(0, 2 * np.pi)
    sweep = draws.uniform(0.3, 0.8) * pitch * (times / SECONDS - 0.5)
    wobble = 0.08 * pitch * np.sin(2 * np.pi * draws.uniform(5, 9) * times)
    frequency = pitch + {"rising": sweep, "falling": -sweep, "warble": wobble}.get(command, np.zeros_like(times))
    angle = 2 * np.pi * np.cumsum(frequency) / RATE + phase
    sound = np.sin(angle)
    if command == "chord":
        sound = (sound + np.sin(1.25 * angle) + np.sin(1.5 * angle)) / np.sqrt(3)
    elif command == "pulses":
        sound = sound * (np.sin(2 * np.pi * draws.uniform(5, 9) * times + phase) > 0)
    elif command == "silence":
        sound = 0 * sound
    start, length = draws.uniform(0, 0.2) * SECONDS, draws.uniform(0.7, 0.8) * SECONDS
    fade = np.minimum(times - start, start + length - times) / 0.02  # in and out, in 20 ms
    return sound * np.clip(fade, 0, 1)


def synthesise(count: int, draws, decibels=None):
    """Return sounds (count, samples, 1) with noise, their labels and their signal-to-noise ratios in dB."""
    times = np.arange(int(RATE * SECONDS)) / RATE
    labels = draws.integers(len(COMMANDS), size=count)
    decibels = draws.uniform(-15, 15, count) if decibels is None else np.broadcast_to(decibels, count)
    sounds = np.empty((count, len(times), 1), np.float32)
    for i, label in enumerate(labels):
        sound = clean_sound(COMMANDS[label], times, draws)
        noise = draws.normal(size=len(times)) * np.sqrt(0.5) * 10 ** (-decibels[i] / 20)  # a sine has power 1/2
        sounds[i, :, 0] = (sound + noise) / (sound + noise).std()
    return sounds, labels.astype(np.uint32), decibels


class CommandNet(nn.Module):
    """Strided convolutions down to 31 frames, then the mean and the maximum over time."""

    def __init__(self, width: int):
        super().__init__()
        sizes = [(1, width, 64, 8), (width, width, 8, 4), (width, 2 * width, 5, 2), (2 * width, 2 * width, 5, 2)]
        self.convolutions = [nn.Conv1d(i, o, k, stride=s, padding=k // 2, bias=False) for i, o, k, s in sizes]
        self.norms = [nn.BatchNorm(o) for _, o, _, _ in sizes]
        self.head = nn.Linear(4 * width, len(COMMANDS))

    def __call__(self, x):
        for convolution, norm in zip(self.convolutions, self.norms):
            x = nn.relu(norm(convolution(x)))
        return self.head(mx.concatenate([x.mean(axis=1), x.max(axis=1)], axis=-1))


def save_picture(path: Path, sounds, labels, probabilities, decibels, curve):
    figure = plt.figure(figsize=(13, 5.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[5, 2])
    panels = left.subplots(4, 4, sharex=True, height_ratios=[2, 3, 2, 3])
    for i, sound in enumerate(sounds[..., 0]):
        wave, spectrum = panels[i // 4 * 2 : i // 4 * 2 + 2, i % 4]
        best = probabilities[i].argmax()
        correction = "" if best == labels[i] else f", was {COMMANDS[labels[i]]}"
        wave.set_title(f"{COMMANDS[best]} ({probabilities[i, best]:.0%}){correction}, {decibels[i]:+.0f} dB",
                       fontsize=9, color="C3" if correction else "C2")  # fmt: skip
        wave.plot(np.arange(len(sound)) / RATE, sound, linewidth=0.3)
        spectrum.specgram(sound, NFFT=256, noverlap=192, Fs=RATE, vmin=-60, vmax=-20)
        spectrum.set(ylim=(0, 3000), yticks=[], xlim=(0, SECONDS))
        wave.set(yticks=[])
    left.supxlabel("seconds (spectra from 0 to 3 kHz)", fontsize=9)
    axes = right.subplots()
    axes.plot(list(curve), [100 * a for a in curve.values()], marker="o")
    axes.axhline(100 / len(COMMANDS), color="0.6", linestyle="--", label="chance")
    axes.set(xlabel="signal to noise (dB)", ylabel="accuracy (%)", ylim=(0, 103), title="New sounds")
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--tests", type=int, default=400, help="sounds to test with at each level of noise")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    mx.random.seed(0)
    draws = np.random.default_rng(0)
    model = CommandNet(args.width)
    parameters = sum(p.size for _, p in tree_flatten(model.trainable_parameters()))
    print(f"{len(COMMANDS)} commands of {SECONDS} s at {RATE} Hz; {parameters:,} parameters")
    optimizer = optim.AdamW(learning_rate=optim.cosine_decay(3e-3, args.steps, 1e-5), weight_decay=1e-2)
    state = [model.state, optimizer.state]

    def loss_fn(sounds, labels):
        return nn.losses.cross_entropy(model(sounds), labels, reduction="mean")

    @partial(mx.compile, inputs=state, outputs=state)
    def step(sounds, labels):
        loss, gradients = nn.value_and_grad(model, loss_fn)(sounds, labels)
        optimizer.update(model, gradients)
        return loss

    training = 0.0
    began = time.perf_counter()
    for _ in (progress := tqdm(range(args.steps), unit="step")):
        sounds, labels, _ = synthesise(args.batch, draws)  # new sounds at every step
        started = time.perf_counter()
        loss = step(mx.array(sounds), mx.array(labels))
        mx.eval(loss, state)
        training += time.perf_counter() - started
        progress.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    print(f"{time.perf_counter() - began:.0f} s, of which {training:.0f} s training and the rest synthesis, "
          f"on {mx.default_device()}")  # fmt: skip

    model.eval()
    curve = {}
    for decibels in range(-20, 21, 5):
        sounds, labels, _ = synthesise(args.tests, draws, decibels)
        curve[decibels] = np.mean(np.array(mx.argmax(model(mx.array(sounds)), axis=1)) == labels)
    print("accuracy on new sounds:", ", ".join(f"{a:.1%} at {d:+} dB" for d, a in curve.items()))
    sounds, labels, decibels = synthesise(8, draws, np.linspace(-10, 11, 8))
    probabilities = np.array(mx.softmax(model(mx.array(sounds)), axis=-1))
    picture = args.out / "tones.png"
    save_picture(picture, sounds, labels, probabilities, decibels, curve)
    print(f"picture: {picture}")


if __name__ == "__main__":
    main()
