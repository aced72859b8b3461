"""What the processes of test_distributed_runs.py do: checks by name, each on all ranks of a run."""

import sys
import threading

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from mlx.nn.layers.distributed import shard_inplace, shard_linear, sum_gradients
from mlx.utils import tree_flatten

group = mx.distributed.init(strict=True)
rank, size = group.rank(), group.size()
SMALL, LARGE = (3, 5), (size * 7, 4001)  # one travels with its header, the other in rounds and pieces
DTYPES = [mx.bool_, mx.uint8, mx.int8, mx.uint16, mx.int16, mx.uint32, mx.int32, mx.uint64, mx.int64,
          mx.float16, mx.bfloat16, mx.float32, mx.complex64]  # fmt: skip


def values(of, shape, dtype):
    """What a rank has: whole numbers, so that sums are exact."""
    numbers = np.random.default_rng(of).integers(0, 2 if dtype == mx.bool_ else 6, shape)
    x = mx.array(numbers).astype(dtype)
    return x * (1 - 2j) if dtype == mx.complex64 else x


def everybody(shape, dtype):
    return [values(of, shape, dtype) for of in range(size)]


def same(got, expected):
    assert got.dtype == expected.dtype and got.shape == expected.shape, (got.dtype, got.shape)
    assert mx.array_equal(got, expected).item(), (rank, got, expected)


def fold(op, arrays):
    total = arrays[0]
    for x in arrays[1:]:
        total = op(total, x)
    return total


def reductions():
    for shape in (SMALL, LARGE):
        for dtype in DTYPES:
            mine, all_of_them = values(rank, shape, dtype), everybody(shape, dtype)
            add = mx.logical_or if dtype == mx.bool_ else mx.add
            same(mx.distributed.all_sum(mine), fold(add, all_of_them))
            if dtype not in (mx.bool_, mx.complex64):
                same(mx.distributed.all_max(mine), fold(mx.maximum, all_of_them))
                same(mx.distributed.all_min(mine), fold(mx.minimum, all_of_them))
            same(mx.distributed.all_gather(mine), mx.concatenate(all_of_them))
    x = mx.array([1.0, 2.0, 3.0]) * (rank + 1)
    x[rank % 3] = mx.nan
    for reduce in (mx.distributed.all_max, mx.distributed.all_min):
        assert mx.isnan(reduce(x)).sum().item() == min(size, 3), "NaN wins"
    same(mx.distributed.all_gather(mx.array(rank)), mx.arange(size))
    same(mx.distributed.all_sum(mx.zeros((0, 3))), mx.zeros((0, 3)))


def halves():
    """Summed in float32: each of these is lost beside 1024 in 16 bits, all together are not."""
    for dtype, tiny in ((mx.float16, 0.25), (mx.bfloat16, 1.0)):
        for shape in ((4,), (100_003,)):
            x = mx.full(shape, 1024.0 if rank == 0 else tiny, dtype)
            expected = mx.array(1024.0 + tiny * (size - 1)).astype(dtype)
            same(mx.distributed.all_sum(x), mx.full(shape, expected))


def scatters():
    for rows in (size, 7 * size):
        for dtype in (mx.float32, mx.int16, mx.bfloat16):
            shape = (rows, 5003)
            total = fold(mx.add, everybody(shape, dtype))
            step = rows // size
            same(mx.distributed.sum_scatter(values(rank, shape, dtype)), total[rank * step : (rank + 1) * step])
    for shape in ((), (size + 1, 2)):
        fails(ValueError, "cannot be divided", lambda: mx.distributed.sum_scatter(mx.zeros(shape)))


def fails(error, words, call):
    try:
        mx.eval(call())
    except error as e:
        assert words in str(e), e
    else:
        raise AssertionError(f"{words}: nothing was raised")


def transformations():
    x = values(rank, SMALL, mx.float32)
    total = fold(mx.add, everybody(SMALL, mx.float32))
    d = mx.distributed
    same(mx.grad(lambda t: (d.all_sum(t) ** 2).sum())(x), 2 * total)
    same(mx.grad(lambda t: (d.all_gather(t) ** 2).sum())(x), 2 * x)
    same(mx.jvp(d.all_sum, [x], [x])[1][0], total)
    wide = values(rank, (2 * size, 3), mx.float32)
    scattered = d.sum_scatter(wide)
    same(mx.grad(lambda t: (d.sum_scatter(t) ** 2).sum())(wide), d.all_gather(2 * scattered))
    for axis in (0, 1):
        same(mx.vmap(d.all_sum, axis, axis)(x), total)
        rows = [d.all_gather(mx.take(x, i, axis)) for i in range(x.shape[axis])]
        same(mx.vmap(d.all_gather, axis, 0)(x), mx.stack(rows))
    same(mx.vmap(d.all_gather)(x[0]), mx.stack([d.all_gather(v) for v in x[0]]))
    columns = mx.stack([d.sum_scatter(wide[:, i]) for i in range(3)])
    same(mx.vmap(d.sum_scatter, 1, 0)(wide), columns)
    compiled = mx.compile(lambda t: d.all_sum(t * 2) + 1)
    for _ in range(2):
        same(compiled(x), total * 2 + 1)
    strided = values(rank, (6, 10), mx.float32)
    parts = [values(of, (6, 10), mx.float32)[::2, 1::3].T for of in range(size)]
    same(d.all_sum(strided[::2, 1::3].T), fold(mx.add, parts))


def two_by_two():
    """A ring of messages, large and small, in both directions at once; and one in a compiled function."""
    d, right, left = mx.distributed, (rank + 1) % size, (rank - 1) % size
    for shape, dtype in ((SMALL, mx.bfloat16), (LARGE, mx.float32), ((), mx.int32)):
        x = values(rank, shape, dtype)
        sent, got = d.send(x, right), d.recv_like(x, left)
        mx.eval(sent, got)
        same(got, values(left, shape, dtype))
        same(sent, x)
        back = d.recv(shape, dtype, right)
        mx.eval(d.send(x + 1, left), back)
        same(back, values(right, shape, dtype) + 1)
    pass_on = mx.compile(lambda t: (d.send(t, right), d.recv_like(t, left)))
    for i in range(3):
        mx.eval(result := pass_on(mx.array([rank + i])))
        assert result[1].item() == left + i
    for bad in (-1, rank, size):
        fails(ValueError, "rank of another process", lambda: d.send(x, bad))
        fails(ValueError, "rank of another process", lambda: d.recv((2,), mx.int32, bad))


def splits():
    part = group.split(rank % 2, -rank if rank else 0)
    members = [r for r in range(size) if r % 2 == rank % 2]
    assert part.size() == len(members)
    same(mx.distributed.all_sum(mx.array(rank), group=part), mx.array(sum(members)))
    reversed_group = group.split(7, size - rank)
    assert (reversed_group.rank(), reversed_group.size()) == (size - 1 - rank, size)
    order = mx.distributed.all_gather(mx.array([rank]), group=reversed_group)
    same(order, mx.arange(size - 1, -1, -1))
    assert group == mx.distributed.init() and hash(group) == hash(mx.distributed.init())


def streams():
    """The order of messages is the graph's on any stream, and kernels of other streams go on."""
    for where in (None, mx.cpu, mx.default_device(), mx.new_stream(mx.cpu), mx.default_stream(mx.cpu)):
        x = mx.ones((1000,)) * rank
        for i in range(5):
            x = mx.distributed.all_sum(x, stream=where) / size + mx.sin(x) * 0
        assert abs(x[3].item() - (size - 1) / 2) < 1e-4


def threads():
    """While one thread waits for a message, another computes and evaluates."""
    passed = []

    def compute():
        for i in range(20):
            passed.append(mx.sum(mx.arange(1000) + i).item())

    waiting = mx.distributed.recv((2,), mx.float32, 0) if rank == 1 else None
    if rank == 1:
        mx.async_eval(waiting)
    if rank < 2:
        worker = threading.Thread(target=compute)
        worker.start()
        worker.join()
        assert len(passed) == 20
    if rank == 0:
        mx.eval(mx.distributed.send(mx.array([1.0, 2.0]), 1))
    if rank == 1:
        assert waiting.tolist() == [1.0, 2.0]


def gradients():
    tree = {"a": mx.ones((10, 3)) * rank, "b": [mx.full((5,), rank, mx.bfloat16), mx.ones((4,)) * (rank + 1)]}
    for limit in (0, 64, 1 << 20):
        for averaged in (nn.average_gradients(tree, all_reduce_size=limit), nn.average_gradients(tree, group, limit)):
            same(averaged["a"], mx.full((10, 3), (size - 1) / 2))
            same(averaged["b"][0], mx.full((5,), (size - 1) / 2, mx.bfloat16))
            same(averaged["b"][1], mx.full((4,), (size + 1) / 2))
    whole = mx.arange(size * 4, dtype=mx.float32)
    share = whole.reshape(size, 4)[rank]
    clipped, norm = nn.utils.clip_grad_norm_sharded({"w": share}, 1.0)
    assert abs(norm.item() - mx.linalg.norm(whole).item()) < 1e-3
    assert mx.allclose(clipped["w"], share / norm, atol=1e-5).item()
    same(
        mx.grad(lambda t: (sum_gradients(group)(t) * (rank + 1)).sum())(mx.ones(3)),
        mx.full((3,), size * (size + 1) / 2),
    )


def layers():
    mx.random.seed(7)
    linear, x = nn.Linear(64 * size, 32 * size), mx.random.normal((4, 64 * size))
    packed = nn.QuantizedLinear.from_linear(linear, 32, 8)
    for whole, tolerance in ((linear, 1e-4), (packed, 1e-3)):
        outputs = shard_linear(whole, "all-to-sharded")
        got = mx.distributed.all_gather(outputs(x).T).T
        assert mx.allclose(got, whole(x), atol=tolerance).item()
        inputs = shard_linear(whole, "sharded-to-all")
        own = mx.split(x, size, axis=-1)[rank]
        assert mx.allclose(inputs(own), whole(x), atol=tolerance).item()
    mlp = nn.Sequential(nn.Linear(32, 16 * size), nn.ReLU(), nn.Linear(16 * size, 32))
    x = mx.random.normal((4, 32))
    value, gradient = mx.value_and_grad(lambda t: (mlp(t) ** 2).sum())(x)
    mlp.layers[0] = shard_linear(mlp.layers[0], "all-to-sharded")
    mlp.layers[2] = shard_linear(mlp.layers[2], "sharded-to-all")
    split_value, split_gradient = mx.value_and_grad(lambda t: (mlp(t) ** 2).sum())(x)
    assert mx.allclose(value, split_value, rtol=1e-4).item() and mx.allclose(gradient, split_gradient, atol=1e-3).item()
    norm = nn.Linear(8, 4 * size)
    expected = mx.split(norm.weight, size)[rank]
    shard_inplace(norm, "all-to-sharded")
    same(norm.weight, expected)


def trained(model, batch, group_of_data=None):
    def loss(model, x, y):
        return nn.losses.mse_loss(model(x), y)

    optimizer, losses = optim.Adam(1e-2), []
    step = nn.value_and_grad(model, loss)
    for _ in range(4):
        value, gradients = step(model, *batch)
        if group_of_data is not None:
            gradients = nn.average_gradients(gradients, group_of_data)
            value = mx.distributed.all_sum(value) / size
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state)
        losses.append(value.item())
    return losses


def model_of_two():
    mx.random.seed(3)
    return nn.Sequential(nn.Linear(8, 16 * size), nn.Tanh(), nn.Linear(16 * size, size))


def training():
    """Data-parallel and fully sharded training lose what one process loses."""
    x = mx.random.normal((8 * size, 8), key=mx.random.key(1))
    y = mx.sin(x[:, :1]) * mx.ones((1, size))
    alone = trained(model_of_two(), (x, y))
    own = (mx.split(x, size)[rank], mx.split(y, size)[rank])
    np.testing.assert_allclose(trained(model_of_two(), own, group), alone, rtol=1e-5)
    sharded = nn.fully_shard(model_of_two())
    assert isinstance(sharded, nn.FullyShardedModule)
    held = sum(p.size for _, p in tree_flatten(sharded.parameters()))
    assert held * size == sum(p.size for _, p in tree_flatten(model_of_two().parameters()))
    shares = trained(sharded, own)
    together = [mx.distributed.all_sum(mx.array(value)).item() / size for value in shares]
    np.testing.assert_allclose(together, alone, rtol=1e-4)


class SmallTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        mx.random.seed(5)
        self.embedding = nn.Embedding(11, 16)
        self.encoder = nn.TransformerEncoder(num_layers=1, dims=16, num_heads=2, mlp_dims=32)
        self.head = nn.Linear(16, 3)

    def __call__(self, tokens):
        x = self.embedding(tokens)
        return self.head(self.encoder(x, nn.MultiHeadAttention.create_additive_causal_mask(x.shape[1])))


def transformer():
    """Data-parallel training of a transformer loses what one process loses with all of the batch."""
    tokens = mx.random.randint(0, 11, (2 * size, 7), key=mx.random.key(1))
    wanted = mx.random.normal((2 * size, 7, 3), key=mx.random.key(2))
    alone = trained(SmallTransformer(), (tokens, wanted))
    own = mx.split(tokens, size)[rank], mx.split(wanted, size)[rank]
    np.testing.assert_allclose(trained(SmallTransformer(), own, group), alone, rtol=1e-5)


CHECKS = [
    transformer,
    reductions,
    halves,
    scatters,
    transformations,
    two_by_two,
    splits,
    streams,
    threads,
    gradients,
    layers,
    training,
]


def disagree(kind):
    """Not all ranks ask for the same; each says so, and the group stays unusable."""
    d, last = mx.distributed, rank == size - 1
    calls = {
        "shape": lambda: d.all_sum(mx.zeros((3 if last else 4,))),
        "dtype": lambda: d.all_sum(mx.zeros((4,), mx.int32 if last else mx.float32)),
        "large": lambda: d.all_gather(mx.zeros((100_000 if last else 4,))),
        "operation": lambda: (d.all_max if last else d.all_sum)(mx.zeros((4,))),
        "message": lambda: d.send(mx.zeros((2,)), 1) if rank == 0 else d.recv((3,), mx.float32, 0),
    }
    if kind != "message":
        fails(RuntimeError, "calls", lambda: calls[kind]() * 2)
        fails(RuntimeError, "calls", lambda: d.all_sum(mx.zeros(1)) * 2)
    elif rank == 1:
        fails(
            RuntimeError, "rank 0 sends float32 (2), where this process receives float32 (3)", lambda: calls[kind]() * 2
        )
    elif rank == 0:
        try:
            mx.eval(calls[kind]())  # a small message may be on its way before it is refused
        except RuntimeError as e:
            assert "rank 1" in str(e), e


if __name__ == "__main__":
    for name in sys.argv[1:]:
        if name.startswith("disagree"):
            disagree(name.split("-")[1])
        else:
            next(check for check in CHECKS if check.__name__ == name)()
    print(f"rank {rank} of {size} done", flush=True)
