"""tqdm over arrays and around training loops."""

import io

import mlx.core as mx
from tqdm import tqdm, trange


def test_an_array_is_walked_by_rows():
    told = io.StringIO()
    rows = [row.tolist() for row in tqdm(mx.arange(6).reshape(3, 2), file=told)]
    assert rows == [[0, 1], [2, 3], [4, 5]]
    assert "3/3" in told.getvalue()


def test_losses_are_shown():
    told = io.StringIO()
    with trange(3, file=told) as bar:
        for step in bar:
            bar.set_postfix(loss=mx.array(0.5) * step, rate=mx.array(1e-3))
    assert "loss=array(1, dtype=float32)" in told.getvalue()


def test_a_total_may_be_an_item():
    with tqdm(total=mx.array([1, 2, 3]).sum().item(), file=io.StringIO()) as bar:
        bar.update(mx.array(4).item())
        assert bar.n == 4 and bar.total == 6
