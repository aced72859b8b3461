"""Train a digit classifier data-parallel: every process takes its share of each batch and gradients are averaged.

Run it as it is for one process, or with `mlx.launch -n 4 data_parallel.py` for four. All processes start from the same
parameters and the batch is the same in total, so the result does not depend on their number (but for rounding). Expect
five seconds and 98 % of the held-out digits.
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
from mlx.utils import tree_flatten, tree_map
from sklearn.datasets import load_digits
from tqdm import tqdm


class Classifier(nn.Module):
    """Convolutions with layer normalisation, which, unlike batch normalisation, sees one image at a time."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(1, width, 3, padding=1), nn.LayerNorm(width)
        self.conv2, self.norm2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.LayerNorm(2 * width)
        self.head = nn.Linear(4 * 4 * 2 * width, 10)

    def __call__(self, x):
        x = nn.gelu(self.norm1(self.conv1(x)))
        x = nn.gelu(self.norm2(self.conv2(x)))
        return self.head(x.reshape(x.shape[0], -1))


def save_picture(path: Path, losses, accuracies, processes: int):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
    left.plot(losses, linewidth=1)
    left.set(xlabel="step", ylabel="loss over all processes", yscale="log")
    right.plot(range(1, len(accuracies) + 1), [100 * a for a in accuracies], marker="o", markersize=3)
    right.set(xlabel="epoch", ylabel="held-out accuracy (%)")
    figure.suptitle(f"Data-parallel training on {processes} process{'es' if processes > 1 else ''}")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=64, help="images per step, over all processes")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    world = mx.distributed.init()
    rank, processes = world.rank(), world.size()
    if args.batch % processes:
        raise SystemExit(f"--batch {args.batch} does not divide among {processes} processes")

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    images = mx.array((digits.images[order] / 16).astype(np.float32)[..., None])
    labels = mx.array(digits.target[order].astype(np.uint32))
    train_x, train_y, test_x, test_y = images[360:], labels[360:], images[:360], labels[:360]

    mx.random.seed(0)
    model = Classifier()
    # The first process decides what all start from: the others contribute zeros to the sum.
    model.update(tree_map(lambda p: mx.distributed.all_sum(p if rank == 0 else mx.zeros_like(p)), model.parameters()))
    steps_per_epoch = train_x.shape[0] // args.batch
    optimizer = optim.AdamW(learning_rate=optim.cosine_decay(2e-3, args.epochs * steps_per_epoch), weight_decay=1e-2)

    def loss_fn(x, y):
        return nn.losses.cross_entropy(model(x), y, reduction="mean")

    @partial(mx.compile, inputs=model.state, outputs=model.state)
    def local_gradients(x, y):
        return nn.value_and_grad(model, loss_fn)(x, y)

    def accuracy():
        """Every process counts its share of the held-out digits."""
        right = mx.sum(mx.argmax(model(test_x[rank::processes]), axis=1) == test_y[rank::processes])
        return mx.distributed.all_sum(right).item() / test_y.size

    losses, accuracies = [], []
    shuffle = np.random.default_rng(1)  # the same order on every process
    began = time.perf_counter()
    for _ in (progress := tqdm(range(args.epochs), unit="epoch", disable=rank > 0)):
        shuffled = shuffle.permutation(train_x.shape[0])
        for step in range(steps_per_epoch):
            batch = shuffled[step * args.batch : (step + 1) * args.batch]
            mine = mx.array(batch[rank::processes])
            loss, gradients = local_gradients(train_x[mine], train_y[mine])
            gradients = nn.average_gradients(gradients)
            optimizer.update(model, gradients)
            loss = mx.distributed.all_sum(loss) / processes
            mx.eval(loss, model.parameters(), optimizer.state)
            losses.append(loss.item())
        accuracies.append(accuracy())
        progress.set_postfix(loss=f"{losses[-1]:.4f}", held_out=f"{accuracies[-1]:.2%}")

    # Every process must have come to the same parameters.
    sums = mx.stack([p.sum() for _, p in tree_flatten(model.parameters())])
    apart = mx.max(mx.abs(mx.distributed.all_max(sums) - sums)).item()
    if rank == 0:
        seconds = time.perf_counter() - began
        print(f"{processes} process(es), {args.batch // processes} images each per step, {seconds:.1f} s "
              f"({mx.default_device()})")  # fmt: skip
        print(f"last loss {losses[-1]:.4f}; parameters of the processes differ by {apart:.0e}")
        print(f"held-out accuracy: {accuracies[-1]:.2%} of {test_y.size} digits")
        picture = args.out / "data_parallel.png"
        save_picture(picture, losses, accuracies, processes)
        print(f"picture: {picture}")


if __name__ == "__main__":
    main()
