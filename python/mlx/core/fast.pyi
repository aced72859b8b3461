# Types of mlx.core.fast, written by tools/stubs/generate.py: do not edit.

from collections.abc import Mapping, Sequence
from typing import Any
from . import Dtype, Operand, StreamOrDevice, array

class _CustomKernel:
    def __call__(
        self, *, inputs: Sequence[Operand], output_shapes: Sequence[int | Sequence[int]],
        output_dtypes: Sequence[Dtype], grid: Sequence[int], threadgroup: Sequence[int] | None = None,
        template: Sequence[tuple[str, bool | int | Dtype]] | None = None, init_value: float | None = None,
        verbose: bool = False, stream: StreamOrDevice = None
    ) -> list[array]: ...

def _gru(gates: array, weight: array, bias: array, hidden: array, *, stream: StreamOrDevice = None) -> array:
    """What nn.GRU runs on: for each step (r, z, n) = gates, (a, b, c) = h @ weight.T, m = tanh(n + sigmoid(r + a) * (c
    + bias)) and h = (1 - sigmoid(z + b)) * m + sigmoid(z + b) * h, for gates (N, L, 3H), weight (3H, H), bias (H,)
    and hidden (N, H), all float32; gives every h, (N, L, H). ValueError for other shapes and dtypes. Cho and others,
    arXiv:1406.1078.
    """
def _lstm(gates: array, weight: array, hidden: array, cell: array, *, stream: StreamOrDevice = None) -> list[array]:
    """What nn.LSTM runs on: for each step (i, f, g, o) = gates + h @ weight.T, c = sigmoid(f) * c + sigmoid(i) *
    tanh(g) and h = sigmoid(o) * tanh(c), for gates (N, L, 4H), weight (4H, H), hidden and cell (N, H), all float32;
    gives every h and every c, (N, L, H). ValueError for other shapes and dtypes. Hochreiter and Schmidhuber, Neural
    Computation 9(8), 1997.
    """
def _rnn(terms: array, weight: array, hidden: array, relu: bool = False, *, stream: StreamOrDevice = None) -> array:
    """What nn.RNN runs on: for each step h = tanh(terms + h @ weight.T), or with relu max(0, ...), for terms (N, L, H),
    weight (H, H) and hidden (N, H), all float32; gives every h, (N, L, H). ValueError for other shapes and dtypes.
    Elman, Cognitive Science 14(2), 1990.
    """
def cross_entropy(logits: array, targets: array, *, stream: StreamOrDevice = None) -> array:
    """logsumexp(logits) - logits[target] over the last axis, in float32, without an array of the logits' size. targets:
    integers shaped as the logits without that axis; a negative one counts from the end, one that names no class
    gives NaN. ValueError for other shapes and dtypes, and for empty logits.
    """
def cuda_kernel(
    name: str, input_names: Sequence[str], output_names: Sequence[str], source: str, header: str = '',
    ensure_row_contiguous: bool = True, shared_memory: int = 0
) -> None:
    """Raises RuntimeError: there is no CUDA here."""
def gated_delta_update(
    q: array, k: array, v: array, gamma: array, beta: array, initial_state: array | None = None,
    mask: array | None = None, stream: StreamOrDevice = None
) -> list[array]:
    """For each token S = gamma S + beta (v - gamma S k) k' and y = S q, for q, k (B, T, Hk, Dk), v (B, T, Hv, Dv),
    gamma and beta (B, T, Hv); gives y (B, T, Hv, Dv) and the last S (B, Hv, Dv, Dk), which starts as initial_state
    or zeros. Where mask (B, T) is false S stays and y is 0. ValueError for shapes that do not fit. Yang, Kautz and
    Hatamizadeh, Gated Delta Networks, arXiv:2412.06464; the gradient is in its chunked form.
    """
def layer_norm(
    x: array, weight: array | None, bias: array | None, eps: float, *, stream: StreamOrDevice = None
) -> array:
    """(x - mean) / sqrt(variance + eps) over the last axis, times weight, plus bias (1-d, or None); computed in
    float32. ValueError for shapes that do not fit and dtypes that are not floating.
    """
def metal_kernel(
    name: str, input_names: Sequence[str], output_names: Sequence[str], source: str, header: str = '',
    ensure_row_contiguous: bool = True, atomic_outputs: bool = False, compile_options: Mapping[str, Any] | None = None
) -> _CustomKernel:
    """A function that runs a Metal kernel, given as the body of its main function, on OpenCL."""
def opencl_kernel(
    name: str, input_names: Sequence[str], output_names: Sequence[str], source: str, header: str = '',
    ensure_row_contiguous: bool = True
) -> _CustomKernel:
    """A function that runs an OpenCL C kernel, given as the body of its main function."""
def precompiled_cuda_kernel(**kwargs: Any) -> None:
    """Takes name, compiled_source, inputs, output_shapes, output_dtypes, scalars, grid, threadgroup, shared_memory,
    init_value, ensure_row_contiguous and stream. Raises RuntimeError: there is no CUDA here.
    """
def rms_norm(x: array, weight: array | None, eps: float, *, stream: StreamOrDevice = None) -> array:
    """x / sqrt(mean(x * x) + eps) over the last axis, times weight (1-d, or None); computed in float32. ValueError for
    shapes that do not fit and dtypes that are not floating.
    """
def rope(
    a: array, dims: int, *, traditional: bool, base: float | None, scale: float, offset: Operand,
    freqs: array | None = None, stream: StreamOrDevice = None
) -> array:
    """Rotary position embedding of the first dims features of (..., T, D); exactly one of base and freqs (ValueError).
    offset: int, or integer array of size 1 or the first axis'.
    """
def scaled_dot_product_attention(
    q: array, k: array, v: array, *, scale: float, mask: str | array | None = None, sinks: array | None = None,
    force_fused: bool = False, stream: StreamOrDevice = None
) -> array:
    """softmax(scale * q @ k.T + mask) @ v for q (B, Hq, Lq, D), k and v (B, Hkv, Lk, D). mask: 'causal', boolean (True
    keeps) or added.
    """
