"""Train a variational autoencoder on scikit-learn's digits, and draw the plane that it folds them into.

Shows sampling inside a compiled step and a loss of several parts. Expect 15 seconds and 24 nats per held-out digit; in
the picture the ten digits lie apart in the plane, and a walk over it turns one into another.
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
from sklearn.datasets import load_digits
from tqdm import tqdm


class VAE(nn.Module):
    """64 pixels -> mean and log variance of a point in the plane -> logits of 64 pixels."""

    def __init__(self, width: int, latent: int = 2):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(64, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 2 * latent)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 64)
        )

    def encode(self, images):
        mean, log_variance = mx.split(self.encoder(images), 2, axis=-1)
        return mean, log_variance

    def __call__(self, images):
        mean, log_variance = self.encode(images)
        point = mean + mx.exp(0.5 * log_variance) * mx.random.normal(mean.shape)
        return self.decoder(point), mean, log_variance


def negative_elbo(model, images):
    """Mean over images of reconstruction plus Kullback-Leibler divergence, in nats: (sum, reconstruction, KL)."""
    logits, mean, log_variance = model(images)
    reconstruction = nn.losses.binary_cross_entropy(logits, images, reduction="none").sum(axis=-1).mean()
    divergence = 0.5 * (mx.exp(log_variance) + mean.square() - 1 - log_variance).sum(axis=-1).mean()
    return reconstruction + divergence, reconstruction, divergence


def tile(images, gap: int = 2) -> np.ndarray:
    """Put images of shape (rows, columns, height, width) into one picture, a gap below and right of each."""
    rows, columns, height, width = images.shape
    spaced = np.pad(np.array(images), ((0, 0), (0, 0), (0, gap), (0, gap)))
    return spaced.transpose(0, 2, 1, 3).reshape(rows * (height + gap), columns * (width + gap))


def save_picture(path: Path, model, test_x, train_x, train_y):
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    rebuilt = mx.sigmoid(model.decoder(model.encode(test_x[:60])[0]))
    pairs = mx.stack([test_x[:60], rebuilt], axis=1)  # each digit above its reconstruction
    left.imshow(tile(pairs.reshape(6, 10, 16, 8), gap=3), cmap="gray_r")
    left.set_title("Held-out digits, reconstructions below")
    left.axis("off")

    points = np.array(model.encode(train_x)[0])
    scatter = middle.scatter(*points.T, c=train_y, cmap="tab10", s=6, vmin=-0.5, vmax=9.5)
    figure.colorbar(scatter, ax=middle, ticks=range(10))
    middle.set(title="Training digits in the latent plane", aspect="equal", xlim=(-3.5, 3.5), ylim=(-3.5, 3.5))

    line = mx.linspace(-2.4, 2.4, 17)
    grid = mx.stack(mx.meshgrid(line, -line, indexing="xy"), axis=-1)  # row 0 is the top
    drawn = mx.sigmoid(model.decoder(grid)).reshape(17, 17, 8, 8)
    right.imshow(tile(drawn), cmap="gray_r", extent=(-2.55, 2.55, -2.55, 2.55))
    right.set_title("What the decoder draws over that plane")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    mx.random.seed(0)
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    images = mx.array((digits.data[order] / 16).astype(np.float32))
    train_x, test_x = images[360:], images[:360]
    model = VAE(args.width)
    steps = train_x.shape[0] // args.batch
    optimizer = optim.Adam(learning_rate=optim.cosine_decay(1e-3, args.epochs * steps, 1e-5))
    state = [model.state, optimizer.state, mx.random.state]

    @partial(mx.compile, inputs=state, outputs=state)
    def step(batch):
        (loss, *_), gradients = nn.value_and_grad(model, negative_elbo)(model, batch)
        optimizer.update(model, gradients)
        return loss

    began = time.perf_counter()
    for _ in (progress := tqdm(range(args.epochs), unit="epoch")):
        shuffled = mx.random.permutation(train_x.shape[0])[: steps * args.batch]
        losses = []
        for batch in mx.split(shuffled, steps):
            losses.append(step(train_x[batch]))
            mx.eval(losses[-1], state)
        progress.set_postfix(loss=f"{sum(loss.item() for loss in losses) / steps:.2f}", refresh=False)

    print(f"{args.epochs} epochs in {time.perf_counter() - began:.0f} s ({mx.default_device()})")
    draws = mx.array([negative_elbo(model, test_x) for _ in range(20)])  # each draws other latent points
    total, reconstruction, divergence = draws.mean(axis=0).tolist()
    print(f"held-out digits: {total:.2f} nats = {reconstruction:.2f} reconstruction + {divergence:.2f} divergence")
    picture = args.out / "vae.png"
    save_picture(picture, model, test_x, train_x, digits.target[order][360:])
    print(f"picture: {picture}")


if __name__ == "__main__":
    main()
