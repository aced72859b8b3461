"""Linear layers split over processes, and modules whose parameters are gathered for each call."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Callable, List, Optional, Tuple, Union

import mlx.core as mx
from mlx.nn.layers.base import Module
from mlx.nn.layers.linear import Linear
from mlx.nn.layers.quantized import _Packed
from mlx.utils import tree_flatten, tree_map, tree_map_with_path

_Segments = Union[int, list]
# What to do with a parameter: nothing (None), split an axis, or split the segments of an axis.
_Split = Union[int, Tuple[int, _Segments], None]
_SHARDINGS = ("all-to-sharded", "sharded-to-all")


@lru_cache
def sum_gradients(group: mx.distributed.Group) -> Callable:
    """The identity, whose gradient is summed over ``group``."""
    if group.size() == 1:
        return lambda x: x

    @mx.custom_function
    def identity(x):
        return x

    @identity.vjp
    def identity_vjp(x, cotangent, _):
        return mx.distributed.all_sum(cotangent, group=group)

    return identity


def _segmented(x: mx.array, segments: _Segments, axis: int) -> List[mx.array]:
    """The segments of an axis, given by their number, their limits or the limits' fractions."""
    if isinstance(segments, int) or isinstance(segments[0], int):
        return mx.split(x, segments, axis=axis)
    size = x.shape[axis]
    return mx.split(x, [int(fraction * size) for fraction in segments], axis=axis)


def _own_part(x: mx.array, split: _Split, group: mx.distributed.Group) -> mx.array:
    """This process' share of ``x``: its share of every segment, one after the other."""
    if split is None:
        return x
    if not isinstance(split, (int, tuple)):
        raise ValueError(f"[shard] A split must be None, an axis or (axis, segments), not {split!r}.")
    axis, segments = split if isinstance(split, tuple) else (split, 1)
    shares = [mx.split(part, group.size(), axis=axis)[group.rank()] for part in _segmented(x, segments, axis)]
    return mx.contiguous(mx.concatenate(shares, axis=axis))


def _splits_outputs(sharding: str) -> bool:
    """Whether a linear layer is split by outputs, not by inputs."""
    if sharding not in _SHARDINGS:
        raise ValueError(f"[shard] sharding must be one of {', '.join(_SHARDINGS)}, not {sharding!r}.")
    return sharding == "all-to-sharded"


def _rule(sharding: str, segments: _Segments) -> Callable[[str, mx.array], _Split]:
    """How the parameters of a linear layer are split: by outputs, or by inputs."""

    def by_outputs(path: str, x: mx.array) -> _Split:
        return max(x.ndim - 2, 0), segments

    def by_inputs(path: str, x: mx.array) -> _Split:
        return None if path.split(".")[-1] == "bias" else (-1, segments)

    return by_outputs if _splits_outputs(sharding) else by_inputs


def _shard(parameters: dict, rule: Callable[[str, mx.array], _Split], group: mx.distributed.Group) -> dict:
    return tree_map_with_path(lambda path, x: _own_part(x, rule(path, x), group), parameters)


def shard_inplace(
    module: Module,
    sharding: Union[str, Callable[[str, mx.array], _Split]],
    *,
    segments: _Segments = 1,
    group: Optional[mx.distributed.Group] = None,
) -> None:
    """Replace the parameters of ``module`` by this process' share.

    Args:
        sharding: ``"all-to-sharded"`` splits outputs, ``"sharded-to-all"`` inputs (not the bias);
            or a function of path and array that returns None, an axis, or (axis, segments).
        segments: the split axis consists of several parts, each to be split: their number, or a
            list of limits (int) or of fractions of the axis (float).
        group: the global group by default.
    """
    group = group or mx.distributed.init()
    rule = _rule(sharding, segments) if isinstance(sharding, str) else sharding
    module.update(_shard(module.parameters(), rule, group))


def shard_linear(
    module: Module,
    sharding: str,
    *,
    segments: _Segments = 1,
    group: Optional[mx.distributed.Group] = None,
) -> Module:
    """The sharded counterpart of a :class:`Linear` or :class:`QuantizedLinear`.

    The arguments are those of :func:`shard_inplace`.

    Raises:
        ValueError: unknown ``sharding``.
    """
    by_outputs = _splits_outputs(sharding)
    if isinstance(module, Linear):
        kind = AllToShardedLinear if by_outputs else ShardedToAllLinear
        return kind.from_linear(module, segments=segments, group=group)
    kind = QuantizedAllToShardedLinear if by_outputs else QuantizedShardedToAllLinear
    return kind.from_quantized_linear(module, segments=segments, group=group)


def _per_process(layer: str, what: str, dims: int, shares: int) -> int:
    if dims % shares != 0:
        raise ValueError(f"[{layer}] {what} ({dims}) cannot be split over {shares} processes.")
    return dims // shares


class _Sharded(Module):
    """The common part of the split layers: whether outputs or inputs are split, and what follows for the sizes."""

    _SHARDING: str

    def _join(self, group: Optional[mx.distributed.Group], input_dims: int, output_dims: int) -> Tuple[int, int]:
        """Set the group; the shape of this process' share of the weight."""
        self.group = group or mx.distributed.init()
        name = type(self).__name__
        output_shares, input_shares = self._shares()
        return (
            _per_process(name, "output_dims", output_dims, output_shares),
            _per_process(name, "input_dims", input_dims, input_shares),
        )

    def _shares(self) -> Tuple[int, int]:
        """Over how many processes the outputs and the inputs are split."""
        size = self.group.size()
        return (size, 1) if _splits_outputs(self._SHARDING) else (1, size)

    def _describe(self, rows: int, columns: int) -> str:
        output_shares, input_shares = self._shares()
        return f"input_dims={columns * input_shares}, output_dims={rows * output_shares}, bias={'bias' in self}"

    def _take_share(self, layer: Module, segments: _Segments):
        """Take over this process' share of the parameters of a whole layer."""
        self.update(_shard(layer.parameters(), _rule(self._SHARDING, segments), self.group))
        return self


class _ShardedLinear(_Sharded):
    """The common part of the split linear layers."""

    def __init__(
        self,
        input_dims: int,
        output_dims: int,
        bias: bool = True,
        group: Optional[mx.distributed.Group] = None,
    ):
        super().__init__()
        bound = math.sqrt(1.0 / input_dims)
        shape = self._join(group, input_dims, output_dims)
        self.weight = mx.random.uniform(low=-bound, high=bound, shape=shape)
        if bias:
            self.bias = mx.random.uniform(low=-bound, high=bound, shape=shape[:1])

    def _extra_repr(self) -> str:
        return self._describe(*self.weight.shape)

    @classmethod
    def from_linear(
        cls,
        linear_layer: Module,
        *,
        segments: _Segments = 1,
        group: Optional[mx.distributed.Group] = None,
    ):
        """Split a :class:`Linear`; ``segments`` as in :func:`shard_inplace`."""
        output_dims, input_dims = linear_layer.weight.shape
        return cls(input_dims, output_dims, "bias" in linear_layer, group)._take_share(linear_layer, segments)


class AllToShardedLinear(_ShardedLinear):
    """:class:`Linear` whose outputs are split over ``group``; the input is the same everywhere.

    Args:
        input_dims, output_dims, bias: of the whole layer; ValueError if the group's size does
            not divide ``output_dims``.
        group: the global group by default.

    Parameters: ``weight`` (output_dims // N, input_dims) and ``bias`` (output_dims // N,), uniform
    within ``1 / sqrt(input_dims)``.
    """

    _SHARDING = "all-to-sharded"

    def __call__(self, x: mx.array) -> mx.array:
        x = sum_gradients(self.group)(x)
        if "bias" in self:
            return mx.addmm(self["bias"], x, self["weight"].T)
        return x @ self["weight"].T


class ShardedToAllLinear(_ShardedLinear):
    """:class:`Linear` whose inputs are split over ``group``; the output is the same everywhere.

    Args:
        input_dims, output_dims, bias: of the whole layer; ValueError if the group's size does
            not divide ``input_dims``.
        group: the global group by default.

    Parameters: ``weight`` (output_dims, input_dims // N) and ``bias`` (output_dims,), uniform within
    ``1 / sqrt(input_dims)``.
    """

    _SHARDING = "sharded-to-all"

    def __call__(self, x: mx.array) -> mx.array:
        x = mx.distributed.all_sum(x @ self["weight"].T, group=self.group)
        return x + self["bias"] if "bias" in self else x


class _QuantizedShardedLinear(_Sharded, _Packed):
    """The common part of the split quantized layers, whose own parameters stay frozen."""

    def __init__(
        self,
        input_dims: int,
        output_dims: int,
        bias: bool = True,
        group_size: int = 64,
        bits: int = 4,
        mode: str = "affine",
        group: Optional[mx.distributed.Group] = None,
    ):
        super().__init__(group_size, bits, mode)
        self._fill(self._join(group, input_dims, output_dims), input_dims, bias)

    def unfreeze(self, *args, **kwargs) -> None:
        """Like :meth:`Module.unfreeze`, but the layer's own parameters stay frozen."""
        super().unfreeze(*args, **kwargs)
        self.freeze(recurse=False)

    def _extra_repr(self) -> str:
        return f"{self._describe(*self._whole_shape())}, {self._describe_packing()}"

    @classmethod
    def from_quantized_linear(
        cls,
        quantized_linear_layer: Module,
        *,
        segments: _Segments = 1,
        group: Optional[mx.distributed.Group] = None,
    ):
        """Split a :class:`QuantizedLinear`; ``segments`` as in :func:`shard_inplace`."""
        whole = quantized_linear_layer
        output_dims, words = whole.weight.shape
        input_dims = words * 32 // whole.bits
        own = cls(input_dims, output_dims, "bias" in whole, whole.group_size, whole.bits, whole.mode, group)
        return own._take_share(whole, segments)


class QuantizedAllToShardedLinear(_QuantizedShardedLinear):
    """Quantized form of :class:`AllToShardedLinear`; its parameters are frozen.

    Args:
        input_dims, output_dims, bias: of the whole layer.
        group_size, bits, mode: as in :func:`mlx.core.quantize`.
        group: the global group by default.
    """

    _SHARDING = "all-to-sharded"

    def __call__(self, x: mx.array) -> mx.array:
        x = self._matmul(sum_gradients(self.group)(x))
        return x + self["bias"] if "bias" in self else x


class QuantizedShardedToAllLinear(_QuantizedShardedLinear):
    """Quantized form of :class:`ShardedToAllLinear`; its parameters are frozen.

    Args:
        input_dims, output_dims, bias: of the whole layer.
        group_size, bits, mode: as in :func:`mlx.core.quantize`.
        group: the global group by default.
    """

    _SHARDING = "sharded-to-all"

    def __call__(self, x: mx.array) -> mx.array:
        x = mx.distributed.all_sum(self._matmul(x), group=self.group)
        return x + self["bias"] if "bias" in self else x


def _gathering(group: mx.distributed.Group, compute_dtype: Optional[mx.Dtype]) -> Callable:
    """Gather shares into whole arrays; the gradient of a share is averaged over ``group``."""

    @mx.custom_function
    def gather(share):
        if compute_dtype is not None and mx.issubdtype(share.dtype, mx.floating):
            share = share.astype(compute_dtype)
        return mx.distributed.all_gather(share, group=group)

    @gather.vjp
    def gather_vjp(share, cotangent, _):
        return mx.distributed.sum_scatter(cotangent, group=group).astype(share.dtype) / group.size()

    return gather


def _outside_nested(module: Module, key: str, value: Any) -> bool:
    """Filter for parameters that no :class:`FullyShardedModule` inside takes care of."""
    return not isinstance(value, FullyShardedModule) and Module.valid_parameter_filter(module, key, value)


class FullyShardedModule(Module):
    """A module whose parameters are split over ``group`` along axis 0 and gathered for each call.

    Gradients are averaged over the group and split likewise; see https://arxiv.org/abs/2304.11277.
    Modules inside that are fully sharded already gather their own parameters.

    Args:
        module: kept under the key ``module``; its parameters are replaced by this process' share.
        group: the global group by default.
        compute_dtype: dtype of the gathered floating parameters, their own by default.

    Raises:
        ValueError: a parameter cannot be split evenly.
    """

    def __init__(
        self,
        module: Module,
        group: Optional[mx.distributed.Group] = None,
        compute_dtype: Optional[mx.Dtype] = None,
    ):
        super().__init__()
        group = group or mx.distributed.init()
        module.update(_shard(module.filter_and_map(_outside_nested), lambda path, x: 0, group))
        self.module = module
        self._gather = _gathering(group, compute_dtype)

    def _extra_repr(self) -> str:
        return f"num_sharded_params={len(tree_flatten(self.module.filter_and_map(_outside_nested)))}"

    def _with_whole_parameters(self, fn: Callable, args: Any, kwargs: Any) -> Any:
        shares = self.module.filter_and_map(_outside_nested)
        self.module.update(tree_map(self._gather, shares))
        try:
            return fn(*args, **kwargs)
        finally:
            self.module.update(shares)

    def __call__(self, *args, **kwargs):
        return self._with_whole_parameters(self.module, args, kwargs)

    def as_linear(self, *args, **kwargs):
        """The wrapped module's ``as_linear``."""
        return self._with_whole_parameters(self.module.as_linear, args, kwargs)


def fully_shard(
    module: Module,
    *,
    group: Optional[mx.distributed.Group] = None,
    compute_dtype: Optional[mx.Dtype] = None,
) -> Module:
    """Wrap ``module`` in a :class:`FullyShardedModule`, unless ``group`` has one member only."""
    group = group or mx.distributed.init()
    if group.size() == 1:
        return module
    return FullyShardedModule(module, group=group, compute_dtype=compute_dtype)
