"""Train a small CNN on scikit-learn's handwritten digits and save its curve as a picture."""

import time

STARTED = time.perf_counter()  # before the imports: a user waits for these too

import argparse
import importlib.util
from functools import partial
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from tqdm import tqdm


class DigitsNet(nn.Module):
    """Two convolutions with batch normalisation and two linear layers, for 8x8 images."""

    def __init__(self, classes: int = 10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.norm1 = nn.BatchNorm(16)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.norm2 = nn.BatchNorm(32)
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.linear1 = nn.Linear(4 * 4 * 32, 64)
        self.dropout = nn.Dropout(0.3)
        self.linear2 = nn.Linear(64, classes)

    def __call__(self, images):
        x = nn.relu(self.norm1(self.conv1(images)))
        x = self.pool(nn.relu(self.norm2(self.conv2(x))))
        x = x.reshape(x.shape[0], -1)
        return self.linear2(self.dropout(nn.relu(self.linear1(x))))


def read_digits():
    """Images (1797, 8, 8) from 0 to 16 and labels, from scikit-learn's file: importing all of it takes a second."""
    folder = Path(importlib.util.find_spec("sklearn").origin).parent
    table = np.loadtxt(folder / "datasets/data/digits.csv.gz", delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1]


def load_split(held_out_share: float = 0.2):
    """Return (train images, train labels, held-out images, held-out labels), images NHWC in [0, 1]."""
    images, labels = read_digits()
    order = np.random.default_rng(0).permutation(len(labels))
    images = (images[order] / 16.0).astype(np.float32)[..., None]
    labels = labels[order].astype(np.uint32)
    held_out = int(len(labels) * held_out_share)
    return images[held_out:], labels[held_out:], images[:held_out], labels[:held_out]


def save_curve(path: Path, losses, accuracies):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
    left.plot(losses, linewidth=1)
    left.set(xlabel="step", ylabel="training loss (nats)", yscale="log")
    right.plot(range(1, len(accuracies) + 1), [100 * a for a in accuracies], marker="o", markersize=3)
    right.set(xlabel="epoch", ylabel="held-out accuracy (%)")
    figure.suptitle("Handwritten digits")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=None, help="stop after this many steps")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    mx.random.seed(0)
    shuffle = np.random.default_rng(1)
    train_x, train_y, test_x, test_y = load_split()
    test_x, test_y = mx.array(test_x), mx.array(test_y)
    model = DigitsNet()
    steps_per_epoch = len(train_y) // args.batch
    schedule = optim.cosine_decay(2e-3, args.epochs * steps_per_epoch, 1e-5)
    optimizer = optim.AdamW(learning_rate=schedule, weight_decay=1e-2)

    def loss_fn(images, labels):
        return nn.losses.cross_entropy(model(images), labels, reduction="mean")

    # Everything that a step reads and changes: parameters, optimizer state and the dropout's key.
    state = [model.state, optimizer.state, mx.random.state]

    @partial(mx.compile, inputs=state, outputs=state)
    def step(images, labels):
        loss, gradients = nn.value_and_grad(model, loss_fn)(images, labels)
        optimizer.update(model, gradients)
        return loss

    def accuracy():
        model.eval()
        correct = mx.mean(mx.argmax(model(test_x), axis=1) == test_y).item()
        model.train()
        return correct

    losses, accuracies = [], []
    total = args.epochs * steps_per_epoch if args.steps is None else args.steps
    with tqdm(total=total, unit="step") as progress:
        for _ in range(args.epochs):
            order = shuffle.permutation(len(train_y))
            for start in range(0, steps_per_epoch * args.batch, args.batch):
                if len(losses) == total:
                    break
                batch = order[start : start + args.batch]
                loss = step(mx.array(train_x[batch]), mx.array(train_y[batch]))
                mx.eval(loss, state)
                if not losses:
                    progress.write(f"time to the first step: {time.perf_counter() - STARTED:.2f} s")
                losses.append(loss.item())
                progress.update()
                progress.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
            accuracies.append(accuracy())
            progress.set_postfix(loss=f"{losses[-1]:.3f}", held_out=f"{accuracies[-1]:.2%}")
            if len(losses) == total:
                break

    picture = args.out / "digits.png"
    save_curve(picture, losses, accuracies)
    print(f"held-out accuracy: {accuracies[-1]:.2%} on {test_y.size} digits ({mx.default_device()})")
    print(f"picture: {picture}")


if __name__ == "__main__":
    main()
