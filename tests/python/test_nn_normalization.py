"""What the normalization layers demand of their arguments."""

import mlx.nn as nn
import pytest

LAYERS = [
    lambda eps: nn.LayerNorm(8, eps=eps),
    lambda eps: nn.RMSNorm(8, eps=eps),
    lambda eps: nn.GroupNorm(2, 8, eps=eps),
    lambda eps: nn.InstanceNorm(8, eps=eps),
    lambda eps: nn.BatchNorm(8, eps=eps),
]


@pytest.mark.parametrize("make", LAYERS)
def test_eps_must_be_positive(make):
    for eps in (0, 0.0, -1e-12):
        with pytest.raises(ValueError, match="must be positive"):
            make(eps)
    assert make(1e-30).eps == 1e-30


@pytest.mark.parametrize("groups, dims", [(0, 8), (-2, 8), (2, 0), (2, -4), (3, 8)])
def test_groups_must_divide_the_channels(groups, dims):
    with pytest.raises(ValueError, match="GroupNorm"):
        nn.GroupNorm(groups, dims)
