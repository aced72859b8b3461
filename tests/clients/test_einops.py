"""einops on arrays of mlx: rearrange, reduce, einsum, pack, and gradients through them."""

import einops
import mlx.core as mx
import numpy as np
import pytest

VALUES = np.arange(2 * 4 * 6 * 3, dtype=np.float32).reshape(2, 4, 6, 3)

# No repeat: einops 0.8.2 calls its own mlx backend with an argument which that does not take, whichever mlx it is.
CALLS = [
    (einops.rearrange, "b h w c -> b c h w", {}),
    (einops.rearrange, "b (h p) (w q) c -> b (h w) (p q c)", dict(p=2, q=3)),
    (einops.rearrange, "b h w c -> (b h w c)", {}),
    (einops.rearrange, "(b1 b2) h w c -> b1 b2 1 h w c", dict(b1=2)),
    (einops.reduce, "b h w c -> b c", dict(reduction="mean")),
    (einops.reduce, "b (h p) (w q) c -> b h w c", dict(reduction="max", p=2, q=2)),
    (einops.reduce, "b h w c -> h", dict(reduction="sum")),
    (einops.reduce, "b h w c -> w ()", dict(reduction="min")),
]


@pytest.mark.parametrize("function, pattern, options", CALLS, ids=lambda value: str(getattr(value, "__name__", value)))
def test_results_are_those_on_numpy(function, pattern, options):
    got = function(mx.array(VALUES), pattern, **options)
    assert isinstance(got, mx.array)
    np.testing.assert_allclose(np.array(got), function(VALUES, pattern, **options), rtol=1e-6)


def test_a_list_of_arrays_is_stacked():
    got = einops.rearrange([mx.array(VALUES[0]), mx.array(VALUES[1])], "b h w c -> h w (b c)")
    np.testing.assert_array_equal(np.array(got), einops.rearrange(list(VALUES), "b h w c -> h w (b c)"))


def test_einsum():
    a, b = VALUES[0, :, :, 0], VALUES[0, 0]
    got = einops.einsum(mx.array(a), mx.array(b), "i j, j k -> i k")
    np.testing.assert_allclose(np.array(got), a @ b, rtol=1e-6)


def test_pack_and_unpack():
    parts = [mx.array(VALUES[0]), mx.array(VALUES[0, 0])]
    packed, shapes = einops.pack(parts, "* c")
    assert packed.shape == (4 * 6 + 6, 3)
    for part, back in zip(parts, einops.unpack(packed, shapes, "* c")):
        assert mx.array_equal(part, back)


def test_parse_shape_and_asnumpy():
    x = mx.array(VALUES)
    assert einops.parse_shape(x, "b h _ c") == {"b": 2, "h": 4, "c": 3}
    np.testing.assert_array_equal(einops.asnumpy(x), VALUES)


def test_gradients_and_compilation_pass_through():
    pooled = lambda x: einops.reduce(x, "b (h p) w c -> b h w c", "mean", p=2)
    gradient = mx.grad(lambda x: mx.sum(mx.square(pooled(x))))(mx.array(VALUES))
    means = VALUES.reshape(2, 2, 2, 6, 3).mean(2, keepdims=True)
    np.testing.assert_allclose(np.array(gradient).reshape(2, 2, 2, 6, 3), np.broadcast_to(means, (2, 2, 2, 6, 3)))
    np.testing.assert_allclose(np.array(mx.compile(pooled)(mx.array(VALUES))), means[:, :, 0])


def test_a_shape_that_does_not_fit_is_an_error():
    with pytest.raises(einops.EinopsError):
        einops.rearrange(mx.array(VALUES), "b (h p) w c -> b h p w c", p=3)
