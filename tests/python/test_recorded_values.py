"""A selection of calls gives the recorded values of MLX 0.32.4."""

import contextlib
import inspect

import mlx.core as mx
import pytest
from recorded import NAMES, RECORD, compare, result_of


def is_there(function: str) -> bool:
    """Whether the function that a case exercises exists; test_api.py holds the list of those that do not."""
    module, *path = function.split(".")
    thing = NAMES.get(module)
    if not inspect.ismodule(thing) or function in ("mx.", "nn.repr"):
        return True
    for part in path:
        thing = getattr(thing, part, None)
    return thing is not None


CASES = [case for case in RECORD["cases"] if is_there(case["fn"])]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_recorded_value(case):
    with mx.stream(mx.cpu) if case.get("cpu") else contextlib.nullcontext():
        if "raises" in case:
            with pytest.raises(Exception) as caught:
                result_of(case)
            assert case["raises"] in [kind.__name__ for kind in type(caught.value).__mro__]
        else:
            compare(case, result_of(case), case["want"])
