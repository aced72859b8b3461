"""Every case of the benchmark table at its small size: against NumPy where it has a counterpart there."""

import mlx.core as mx
import numpy as np
import pytest
from cases import CASES
from support import name_of, same

pytestmark = pytest.mark.core


def leaves(tree):
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    if isinstance(tree, dict):
        return leaves(list(tree.values()))
    return [tree] if isinstance(tree, mx.array) else []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case):
    inputs = case.make_inputs(case.small)
    result = case.prepare(case.small, inputs)()
    if case.expected is None:
        assert case.lazy or leaves(result)
        for leaf in leaves(result):
            assert not mx.issubdtype(leaf.dtype, mx.inexact) or mx.all(mx.isfinite(leaf)).item()
        return
    exact = [np.array(x.astype(mx.float32)) if name_of(x.dtype) in ("float16", "bfloat16") else np.array(x)
             for x in case.to_arrays(inputs)]  # fmt: skip
    want = case.expected(*(x.astype(np.float64) if x.dtype.kind == "f" else x for x in exact))
    same(result, want, case.rtol, case.atol, context=case.name)


def test_names_are_unique_and_amounts_are_positive():
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        for amount in (case.bytes, case.flops):
            assert amount is None or amount(*case.full) > 0
