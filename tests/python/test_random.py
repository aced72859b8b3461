"""Random numbers: the generator's bits, the global state, and each distribution's moments and bounds."""

import threading

import mlx.core as mx
import numpy as np
import pytest
from support import check_vmap, name_of, same

pytestmark = pytest.mark.core
N = 20000


def threefry(key, x, y):
    """Threefry-2x32 with 20 rounds (Salmon et al. 2011), on uint64 values below 2**32."""
    mask = 0xFFFFFFFF
    ks = [int(key[0]), int(key[1]), int(key[0]) ^ int(key[1]) ^ 0x1BD11BDA]
    x, y = (x + ks[0]) & mask, (y + ks[1]) & mask
    for group in range(5):
        for r in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            x = (x + y) & mask
            y = ((y << r) | (y >> (32 - r))) & mask
            y ^= x
        x, y = (x + ks[(group + 1) % 3]) & mask, (y + ks[(group + 2) % 3] + group + 1) & mask
    return x, y


def words(key, count):
    """`count` 32-bit words of one key, as the library lays them out."""
    half, odd = divmod(count, 2)
    out = [0] * count
    for i in range(half):
        out[i], out[i + half + odd] = threefry(key, i, i + half + odd)
    if odd:
        out[half] = threefry(key, half, 0)[0]
    return np.array(out, np.uint32)


def test_split_check_values():
    same(mx.random.split(mx.random.key(0)), np.array([[4146024105, 967050713], [2718843009, 1272950319]]))
    same(mx.random.split(mx.random.key(0), 3),
         np.array([[2467461003, 428148500], [3186719485, 3840466878], [2562233961, 1946702221]]))  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 5, 2**63])
def test_key_holds_the_seed(seed):
    key = mx.random.key(seed)
    assert key.dtype == mx.uint32 and key.tolist() == [seed >> 32, seed & 0xFFFFFFFF]


@pytest.mark.parametrize("seed, count", [(0, 1), (1, 1), (7, 2), (7, 5), (123456789, 64), (3, 1001)])
def test_uniform_bits(seed, count):
    key = mx.random.key(seed)
    u = np.minimum(words([seed >> 32, seed & 0xFFFFFFFF], count).astype(np.float32) / np.float32(2**32),
                   np.float32(0.99999994))  # fmt: skip
    same(mx.random.uniform(shape=(count,), key=key), u)
    same(mx.random.uniform(-2, 3, (count,), key=key), (np.float32(5) * u + np.float32(-2)), 1e-6, 1e-6)


@pytest.mark.parametrize("count", [4, 9])
def test_split_is_the_bits_of_the_key(count):
    same(mx.random.split(mx.random.key(11), count), words([0, 11], 2 * count).reshape(count, 2))


def test_bernoulli_bits():
    bits = words([0, 5], 1000).astype(np.float32)
    same(mx.random.bernoulli(0.3, (1000,), key=mx.random.key(5)), bits < np.float32(0.3) * np.float32(4294967808))


def test_permutation_is_the_order_of_the_bits():
    same(mx.random.permutation(100, key=mx.random.key(3)), np.argsort(words([0, 3], 100), kind="stable"))


def test_randint_bits():
    u = words([0, 9], 500).astype(np.float32) / np.float32(2**32)
    same(
        mx.random.randint(-3, 12, (500,), key=mx.random.key(9)), np.clip(np.floor(u * 15 - 3), -3, 11).astype(np.int32)
    )


def test_global_state_is_split_once_per_call():
    mx.random.seed(42)
    keys = mx.random.split(mx.random.key(42))
    same(mx.random.uniform(shape=(7,)), mx.random.uniform(shape=(7,), key=keys[1]))
    assert mx.random.state[0].tolist() == keys[0].tolist()
    assert len(mx.random.state) == 1


def test_seed_repeats_the_sequence():
    mx.random.seed(3)
    first = [mx.random.normal((4,)).tolist() for _ in range(3)]
    mx.random.seed(3)
    assert [mx.random.normal((4,)).tolist() for _ in range(3)] == first
    assert first[0] != first[1]


def test_seed_acts_on_the_calling_thread_only():
    mx.random.seed(8)
    want = mx.random.uniform(shape=(3,)).tolist()
    mx.random.seed(8)
    got = []

    def other():
        mx.random.seed(99)
        got.append(mx.random.uniform(shape=(3,)).tolist())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert mx.random.uniform(shape=(3,)).tolist() == want and got[0] != want


MOMENTS = {
    "uniform": (lambda k: mx.random.uniform(2, 4, (N,), key=k), 3, 4 / 12),
    "normal": (lambda k: mx.random.normal((N,), loc=1.0, scale=2.0, key=k), 1, 4),
    "bernoulli": (lambda k: mx.random.bernoulli(0.3, (N,), key=k), 0.3, 0.21),
    "randint": (lambda k: mx.random.randint(0, 10, (N,), key=k), 4.5, 99 / 12),
    "gumbel": (lambda k: mx.random.gumbel((N,), key=k), 0.5772, np.pi**2 / 6),
    "laplace": (lambda k: mx.random.laplace((N,), loc=1.0, scale=0.5, key=k), 1, 0.5),
    "truncated_normal": (lambda k: mx.random.truncated_normal(-1.0, 1.0, (N,), key=k), 0, 0.2911),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_moments(name):
    draw, mean, variance = MOMENTS[name]
    x = np.array(draw(mx.random.key(17)), np.float64)
    assert abs(x.mean() - mean) < 5 * np.sqrt(variance / N)
    assert abs(x.var() - variance) < 0.1 * variance


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("name", ["uniform", "normal", "gumbel", "laplace"])
def test_dtypes(name, dtype):
    x = getattr(mx.random, name)(shape=(1000,), dtype=getattr(mx, dtype), key=mx.random.key(1))
    assert name_of(x.dtype) == dtype and mx.all(mx.isfinite(x)).item()
    if name == "uniform":
        assert mx.all(x >= 0).item() and mx.all(x < 1).item()


def test_normal_quantiles():
    x = np.sort(np.array(mx.random.normal((N,), key=mx.random.key(2))))
    for share, value in [(0.0228, -2), (0.1587, -1), (0.5, 0), (0.8413, 1), (0.9772, 2)]:
        assert abs(x[int(share * N)] - value) < 0.08


def test_complex_normal():
    x = np.array(mx.random.normal((N,), dtype=mx.complex64, key=mx.random.key(2)))
    assert abs(x.real.var() - 0.5) < 0.03 and abs(x.imag.var() - 0.5) < 0.03


def test_truncated_normal_stays_within_its_bounds():
    x = mx.random.truncated_normal(mx.array([-2.0, 0.5]), mx.array([0.0, 0.75]), (1000, 2), key=mx.random.key(4))
    low, high = np.array(x).min(0), np.array(x).max(0)
    assert low[0] >= -2 and high[0] <= 0 and low[1] >= 0.5 and high[1] <= 0.75


@pytest.mark.parametrize("arguments", [dict(num_samples=N), dict(shape=(N, 1))])
def test_categorical_follows_the_logits(arguments):
    p = np.array([0.1, 0.2, 0.0, 0.7])
    with np.errstate(divide="ignore"):
        logits = mx.array(np.log(p).astype(np.float32))[None]
    x = np.array(mx.random.categorical(logits, key=mx.random.key(6), **arguments)).reshape(-1)
    assert np.allclose(np.bincount(x, minlength=4) / N, p, atol=0.02)


def test_categorical_shapes():
    logits = mx.zeros((3, 5, 20))
    assert mx.random.categorical(logits).shape == (3, 5)
    assert mx.random.categorical(logits, axis=1).shape == (3, 20)
    assert mx.random.categorical(logits, num_samples=7).shape == (3, 5, 7)
    assert mx.random.categorical(logits, shape=(2, 3, 5)).shape == (2, 3, 5)
    assert mx.random.categorical(logits).dtype == mx.uint32


def test_permutation_of_an_array():
    x = mx.arange(12).reshape(4, 3)
    y = np.array(mx.random.permutation(x, key=mx.random.key(1)))
    assert sorted(y.tolist()) == x.tolist()
    assert sorted(np.array(mx.random.permutation(x, axis=1)).T.tolist()) == x.T.tolist()


def test_multivariate_normal():
    with mx.stream(mx.cpu):
        cov = mx.array([[2.0, 0.5], [0.5, 1.0]])
        x = np.array(mx.random.multivariate_normal(mx.array([1.0, -1.0]), cov, (N,), key=mx.random.key(5)))
    assert np.allclose(x.mean(0), [1, -1], atol=0.06) and np.allclose(np.cov(x.T), np.array(cov), atol=0.12)


def test_vmap_over_keys():
    keys = mx.random.split(mx.random.key(2), 4)
    check_vmap(lambda k: mx.random.uniform(shape=(3,), key=k), keys)
    check_vmap(lambda k: mx.random.split(k), keys)


@pytest.mark.parametrize("call", [
    lambda: mx.random.uniform(key=mx.array([1, 2])), lambda: mx.random.uniform(key=mx.array([1], dtype=mx.uint32)),
    lambda: mx.random.uniform(dtype=mx.int32), lambda: mx.random.randint(0, 3, dtype=mx.float32),
    lambda: mx.random.uniform(mx.zeros((3,)), 1, (2,)), lambda: mx.random.bernoulli(mx.array([1])),
    lambda: mx.random.categorical(mx.zeros((3,)), shape=(2,), num_samples=2),
])  # fmt: skip
def test_refused_arguments(call):
    with pytest.raises(ValueError):
        mx.eval(call())
