"""mx.distributed in one process: reductions are the identity, others are not there, arguments are judged first."""

import mlx.core as mx
import numpy as np
import pytest

REDUCTIONS = [getattr(mx.distributed, name) for name in ("all_sum", "all_max", "all_min", "all_gather", "sum_scatter")]
ALONE = [
    lambda: mx.distributed.send(mx.ones(1), 0),
    lambda: mx.distributed.send(0.5, 0),
    lambda: mx.distributed.recv((3,), mx.float32, 0),
    lambda: mx.distributed.recv_like(mx.ones(1), 0, stream=mx.cpu),
]
MISTAKEN = [
    lambda: mx.distributed.recv((3,), float, 0),
    lambda: mx.distributed.recv((3,), mx.float32, 0, stream=3),
    lambda: mx.distributed.send(mx.ones(1), 0, stream=3),
    lambda: mx.distributed.send(mx.ones(1), 1.5),
    lambda: mx.distributed.send(None, 0),
    lambda: mx.distributed.recv_like(mx.ones(1), 0, group=3),
    lambda: mx.distributed.all_sum(1.0, group=3),
    lambda: mx.distributed.all_sum(1.0, stream=3),
    lambda: mx.distributed.all_sum(None),
]


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("value", [0.125, 3, True, 1j, np.ones(2, np.float32), mx.array([1, 2])])
def test_a_reduction_gives_its_input_as_an_array(reduce, value):
    result, expected = reduce(value, group=mx.distributed.init()), mx.array(value)
    assert result.dtype == expected.dtype and mx.array_equal(result, expected)


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("value", [[1, 2], (1,), [], "a"])
def test_lists_and_words_are_no_arrays(reduce, value):
    with pytest.raises(ValueError):
        reduce(value)


@pytest.mark.parametrize("call", ALONE)
def test_there_is_nobody_to_talk_to(call):
    with pytest.raises(ValueError, match="no other process"):
        call()


@pytest.mark.parametrize("call", MISTAKEN)
def test_arguments_of_a_wrong_type_are_found_first(call):
    with pytest.raises(TypeError):
        call()


def test_a_group_of_one_cannot_be_split_nor_demanded():
    with pytest.raises(RuntimeError):
        mx.distributed.init().split(0)
    with pytest.raises(RuntimeError):
        mx.distributed.init(strict=True)
    with pytest.raises(ValueError):
        mx.distributed.init(backend="radio")
