"""Every elementwise operation over dtypes, layouts, special values, gradients, vmap and compile."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from elementwise_rows import ALIASES, BINARY, ROWS
from support import (
    DTYPES,
    INTEGERS,
    LAYOUTS,
    SPECIALS,
    check,
    check_compiled,
    check_gradient,
    check_vmap,
    device_for,
    draw,
    of_kinds,
    output_of,
    same,
    to_mx,
)

TWO_OPERANDS = {row.name for row in BINARY}


def operands(row, dtype, shape=(3, 5)):
    return [draw(dtype, shape, row.low, row.high, seed) for seed in range(row.operands)]


def usual_dtype(row):
    return "float32" if "f" in row.takes else "int32"


@pytest.mark.parametrize("row, dtype", [(r, d) for r in ROWS for d in of_kinds(r.takes)], ids=str)
def test_values_in_every_dtype(row, dtype):
    gives = row.result(dtype, DTYPES[dtype].kind)
    ulps = row.complex_ulps if DTYPES[dtype].kind == "c" else row.ulps
    bound = dict(rtol=row.float64, atol=0) if dtype == "float64" else dict(ulps=ulps)
    check(row.call, row.expected, *operands(row, dtype), dtype=dtype, gives=gives, **bound)


@pytest.mark.core
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "contiguous"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_values_in_every_layout(row, layout):
    dtype = usual_dtype(row)
    check(row.call, row.expected, *operands(row, dtype), dtype=dtype, layout=layout, ulps=row.ulps)


@pytest.mark.parametrize("row", [r for r in ROWS if r.specials and "f" in r.takes], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_special_values(row, dtype):
    with np.errstate(over="ignore"):
        specials = SPECIALS.astype(DTYPES[dtype].numpy)
    if row.operands == 1:
        values = [specials]
    else:
        grid = np.meshgrid(*[specials] * row.operands, indexing="ij")
        values = [g.reshape(-1) for g in grid]
    with np.errstate(all="ignore"):
        # The expected values overflow where the dtype does.
        expected = lambda *v: np.asarray(row.expected(*v)).astype(DTYPES[dtype].numpy if row.gives != "bool" else bool)
        check(row.call, expected, *values, dtype=dtype, ulps=row.ulps)


@pytest.mark.core
@pytest.mark.parametrize("row", BINARY, ids=str)
@pytest.mark.parametrize("shapes", [((3, 1), (1, 4)), ((4,), (2, 3, 4)), ((), (3,)), ((1, 1), (5,)), ((0, 1), (1, 3))])
def test_operands_broadcast(row, shapes):
    dtype = usual_dtype(row)
    values = [draw(dtype, s, row.low, row.high, k) for k, s in enumerate(shapes)]
    arrays = [to_mx(v, dtype) for v in values]
    same(row.call(*arrays), row.expected(*values), 2e-5, 1e-6)


@pytest.mark.core
@pytest.mark.parametrize("row", [r for r in ROWS if r.gradient and "f" in r.takes], ids=str)
def test_gradient(row):
    values = [draw("float64", (2, 3), row.low, row.high, seed) for seed in range(row.operands)]
    check_gradient(row.call, *values, expected=row.expected)


@pytest.mark.parametrize("row", [r for r in ROWS if r.takes in ("buif", "buifc") and not r.gradient], ids=str)
def test_no_gradient_flows_through_steps(row):
    if row.gives == "bool" or row.name == "imag":
        x = mx.array([0.3, -1.7])
        gradient = mx.grad(lambda x: row.call(*[x] * row.operands).astype(mx.float32).sum())(x)
    else:
        gradient = mx.grad(lambda x: row.call(x).sum())(mx.array([0.3, -1.7]))
    same(gradient, np.zeros(2))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_vmap(row):
    dtype = usual_dtype(row)
    arrays = [to_mx(v, dtype) for v in operands(row, dtype, (3, 3))]
    check_vmap(row.call, *arrays, in_axes=0, out_axes=1)
    if row.operands == 2:
        check_vmap(row.call, *arrays, in_axes=(1, None))
        check_vmap(row.call, *arrays, in_axes=(0, 1))


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32"])
def test_compiled_in_a_chain(row, dtype):
    if DTYPES[dtype].kind not in row.takes:
        dtype = usual_dtype(row)
    arrays = [to_mx(v, dtype) for v in operands(row, dtype)]
    tolerance = DTYPES[dtype]

    def chain(*xs):
        y = row.call(*(x + 0 for x in xs))
        return mx.where(y > 0, y, xs[0].astype(y.dtype)) * 1

    check_compiled(chain, *arrays, rtol=max(tolerance.rtol, 1e-6), atol=max(tolerance.atol, 1e-6))


@pytest.mark.parametrize("alias, name", ALIASES.items())
def test_alias_is_the_same_function(alias, name):
    arrays = [mx.array([1, 2]) if "shift" in name else mx.array([0.25, 0.5])] * (2 if name in TWO_OPERANDS else 1)
    same(getattr(mx, alias)(*arrays), getattr(mx, name)(*arrays))


def test_integers_divided_by_zero_do_not_end_the_process():
    output_of("""
        import mlx.core as mx
        for name in "uint8 uint16 uint32 uint64 int8 int16 int32 int64".split():
            x = mx.array([1, 2, 3], dtype=getattr(mx, name))
            quotient, rest = mx.divmod(x, mx.zeros_like(x))
            assert (x // mx.zeros_like(x)).tolist() == quotient.tolist() == [0, 0, 0]
            assert (x % mx.zeros_like(x)).tolist() == rest.tolist() == [1, 2, 3]
    """)
    assert (mx.array([True, False]) % False).tolist() == [True, False]
    assert (mx.array([-3, 3]) % 0).tolist() == [-3, 3]


@pytest.mark.parametrize(
    "a, b, quotient, remainder", [(-7, 2, -4, 1), (7, -2, -4, -1), (-8, 2, -4, 0), (7.5, 2, 3, 1.5)]
)
def test_divmod_floors(a, b, quotient, remainder):
    result = mx.divmod(mx.array(a), mx.array(b))
    assert isinstance(result, list)
    assert [r.item() for r in result] == [quotient, remainder]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_division_rounds_down(dtype):
    info = np.iinfo(dtype)
    ends = [info.min, info.min + 1, info.max - 1, info.max]
    a, b = (
        x.ravel().astype(dtype) for x in np.meshgrid([*range(-9 if info.min else 0, 10), *ends], [1, 2, 3, 7, *ends])
    )
    if info.min:
        b = np.concatenate([b, -b])
        a = np.concatenate([a, a])
    a, b = a[b != 0], b[b != 0]
    with np.errstate(over="ignore"):
        same(mx.array(a) // mx.array(b), a // b)
        same(mx.array(a) % mx.array(b), a % b)
        same(mx.divmod(mx.array(a), mx.array(b)), [a // b, a % b])


def test_floor_division_of_bools_and_numbers():
    yes = mx.array([True, True])
    same(mx.array([True, False]) // yes, [True, False])
    same(mx.array([True, False]) % yes, [False, False])
    assert mx.floor_divide(-7, 2).item() == -4 and mx.remainder(-7, 2).item() == 1
    same(-7 // mx.array([2, -2]), [-4, 3])
    same(mx.array([-7.0, 7.0]) // mx.array([2.0, -2.0]), [-4, -4])


@pytest.mark.parametrize(
    "arguments, want", [((1.0, 2), 0.4636476), ((1, mx.array([2])), [0.4636476]), ((True, 2), 0.4636476)]
)
def test_arctan2_takes_numbers(arguments, want):
    got = mx.arctan2(*arguments)
    assert got.dtype == mx.float32
    same(got, np.array(want, np.float32), 1e-6)
    assert mx.arctan2(mx.array([1.0], mx.float16), 2.0).dtype == mx.float16


def test_degrees_and_radians_take_numbers():
    same(mx.degrees(1.5), np.float32(np.degrees(1.5)), 1e-6)
    same(mx.radians(180), np.float32(np.pi), 1e-6)


def test_power_of_a_bool_exponent():
    true = mx.array(True)
    same(mx.power(mx.array([3, 2]), true), [3, 2])
    same(mx.array(True) ** true, True)
    same(2.5**true, 2.5)


def test_integer_power_with_negative_exponent_is_zero():
    same(mx.power(mx.array([1, 2, 3]), mx.array([-1, -2, -1])), [0, 0, 0])


@pytest.mark.parametrize("decimals, values, want", [
    (0, [0.5, 1.5, 2.5, -0.5], [0, 2, 2, 0]), (1, [0.25, 0.35, 1.05], None), (-1, [15, 25, 26], [20, 20, 30]),
])  # fmt: skip
def test_round_is_half_to_even(decimals, values, want):
    got = mx.round(mx.array(values), decimals)
    same(got, np.round(np.array(values, np.float32), decimals) if want is None else want, 1e-6, 1e-6)


def test_nan_to_num_replaces_by_the_dtypes_bounds():
    x = mx.array([mx.nan, mx.inf, -mx.inf, 1.5])
    same(mx.nan_to_num(x), np.nan_to_num(to_np := np.array([np.nan, np.inf, -np.inf, 1.5], np.float32)))
    same(mx.nan_to_num(x, nan=1.0, posinf=2.0, neginf=3.0), np.nan_to_num(to_np, nan=1.0, posinf=2.0, neginf=3.0))


@pytest.mark.parametrize("number", [-1, 300, 2**40, 0, 0.5, True])
def test_logical_operands_may_be_any_number(number):
    x = mx.array([3, 0], mx.uint8)
    assert mx.logical_and(x, number).tolist() == [bool(number), False]
    assert mx.logical_or(number, x).tolist() == [True, bool(number)]


@pytest.mark.parametrize("bounds", [(None, 0.5), (-0.5, None), (-0.5, 0.5)])
def test_clip_with_scalar_bounds(bounds):
    x = draw("float32", (4, 3), -1, 1)
    same(mx.clip(mx.array(x), *bounds), np.clip(x, *bounds))


@pytest.mark.parametrize("source", list(DTYPES))
def test_astype_every_dtype(source):
    values = draw(source, (7,), 0, 3)
    for target, row in DTYPES.items():
        if DTYPES[source].kind == "c" and row.kind != "c":
            continue
        with device_for(source, target):
            got = to_mx(values, source).astype(row.mx)
            want = values.astype(row.numpy)
            same(got, want, 1e-2 if target == "bfloat16" else 1e-3 if target == "float16" else 0, 0, target)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_astype_bool_is_not_zero(dtype):
    x = mx.array([0.0, -0.0, 1e-7 if dtype == "float16" else 1e-38, mx.nan, 2.0]).astype(DTYPES[dtype].mx)
    assert x.astype(mx.bool_).tolist() == [False, False, True, True, True]


@pytest.mark.core
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64", "int8", "int16"])
@pytest.mark.parametrize("source", ["float16", "bfloat16", "float32", "float64"])
def test_floats_beyond_an_integer_dtype_wrap(source, dtype):
    values = [-1.0, -2.0, -200.5, 300.25, 0.0, -0.5]
    with device_for(source, dtype):
        x = mx.array(values, DTYPES[source].mx)
        wrapped = np.array([int(v) for v in x.tolist()]).astype(dtype)
        same(x.astype(DTYPES[dtype].mx), wrapped)


SHORT_ROWS = {
    "a row": lambda x, w: x[0, :1],
    "a column": lambda x, w: x[:, :, :1],
    "a row of each block": lambda x, w: x[:, :1],
    "the left half": lambda x, w: w[:, :, : x.shape[-1]],
    "every other column": lambda x, w: w[:, :, ::2],
    "mirrored": lambda x, w: x[:, :, ::-1],
    "not aligned": lambda x, w: w.reshape(-1)[1 : 1 + x.size].reshape(x.shape),
}


@pytest.mark.parametrize("other", SHORT_ROWS)
@pytest.mark.parametrize("width", [2, 3, 7, 11, 12])
@pytest.mark.parametrize("dtype", ["bool_", "int64", "float16", "bfloat16", "float32", "complex64"])
def test_rows_shorter_than_a_vector(dtype, width, other):
    x, w = draw(dtype, (3, 40, width), 0, 4), draw(dtype, (3, 40, 2 * width), 0, 4, seed=1)
    view = SHORT_ROWS[other]
    same(
        to_mx(x, dtype) + view(to_mx(x, dtype), to_mx(w, dtype)), x + view(x, w), 1e-2 if dtype == "bfloat16" else 1e-3
    )
    copy = to_mx(w, dtype)
    copy[:, :, :width] = to_mx(x, dtype)
    same(copy, np.concatenate([x, w[:, :, width:]], axis=2), 1e-2 if dtype == "bfloat16" else 1e-3)


def test_halves_need_no_alignment():
    x, lines = mx.arange(1000).astype(mx.float16), mx.zeros((37, 2), mx.float16)
    for i in range(1, 9):
        part = x[i : i + 74].reshape(37, 2)
        same((part + lines[:, :1]).astype(mx.complex64), np.arange(i, i + 74).reshape(37, 2))


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16, mx.float32])
def test_tanh_reaches_one(dtype):
    far = mx.array([9.25, 20, 1e4, mx.inf], dtype)
    assert mx.tanh(far).tolist() == [1] * 4 and mx.tanh(-far).tolist() == [-1] * 4
    assert nn.gelu_approx(mx.array([-1e4], dtype)).item() == 0


CUTS = np.array(
    [2, -2, 0.5, -0.25, 1.25, 3 + 1e-20j, 1j, 2j, -2j, 0, 1e20, -1e20, 1e20 + 1e20j, 1e-20j, 1 + 1e-4j, 2 + 3j, -2 - 3j]
)


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("name", ["arcsin", "arccos", "arcsinh", "arccosh", "arctan", "arctanh", "sqrt", "log"])
def test_complex_functions_beside_their_cuts_and_far_out(name, below):
    z = np.conj(CUTS) if below else CUTS
    with np.errstate(all="ignore"):
        want = getattr(np, name)(z.astype(np.complex64).astype(np.complex128))
    same(getattr(mx, name)(mx.array(z.astype(np.complex64))), want.astype(np.complex64), 4e-6, 1e-6)
