"""One row per public function: a good call, from which forms.py makes the variations."""

from operands import boolean, call, imaginary, integer, matrix, positive, real, unit

X, Y, V = real("n m"), real("n m"), real("m")

UNARY = """abs sign positive negative trunc square sin cos tan sinh cosh tanh arctan arcsinh exp expm1 erf sigmoid floor
ceil round degrees radians isnan isinf isfinite isposinf isneginf logical_not stop_gradient real imag conj nan_to_num
zeros_like ones_like atleast_1d atleast_2d atleast_3d contiguous conjugate""".split()
POSITIVE = "sqrt rsqrt reciprocal log log2 log10 log1p".split()
UNIT = "erfinv arcsin arccos arctanh".split()
BINARY = """add subtract multiply divide divmod floor_divide remainder equal not_equal less less_equal greater
greater_equal array_equal logical_xor logical_and logical_or logaddexp minimum maximum arctan2 allclose isclose""".split()
BITWISE = "bitwise_and bitwise_or bitwise_xor left_shift right_shift".split()
FOLDS = "sum prod min max mean var std all any logsumexp median count_nonzero softmax minmax".split()
SCANS = "cumsum cumprod cummax cummin logcumsumexp".split()

ELEMENTWISE = [
    *[call(f"mx.{name}", X) for name in UNARY],
    *[call(f"mx.{name}", positive("n m")) for name in [*POSITIVE, "arccosh"]],
    *[call(f"mx.{name}", unit("n m")) for name in UNIT],
    *[call(f"mx.{name}", X, Y) for name in BINARY],
    *[call(f"mx.{name}", X, V) for name in ("add", "multiply", "maximum", "divide")],
    *[call(f"mx.{name}", integer("n m"), integer("n m")) for name in BITWISE],
    call("mx.bitwise_invert", integer("n m")),
    call("mx.power", positive("n m"), Y),
    call("mx.where", boolean("n m"), X, Y),
    call("mx.clip", X, real("", -1, 0), real("", 0, 1)),
    call("mx.clip", X, -0.5, None),
    call("mx.astype", X, "float16!"),
    call("mx.view", X, "int32!"),
    call("mx.full_like", X, 2.5),
]

SHAPES = [
    call("mx.reshape", X, (-1,)),
    call("mx.reshape", real("n m 2"), (-1, 2)),
    call("mx.flatten", real("n m k")),
    call("mx.flatten", real("n m k"), 1, 2),
    call("mx.unflatten", real("n t"), 1, (2, -1)),
    call("mx.squeeze", real("n 1 m")),
    call("mx.squeeze", real("n 1 m"), 1),
    call("mx.expand_dims", X, 1),
    call("mx.expand_dims", X, (0, -1)),
    call("mx.flip", X, 1),
    call("mx.unstack", real("3 m"), axis=0),
    call("mx.moveaxis", real("n m k"), 0, 2),
    call("mx.swapaxes", real("n m k"), 0, 2),
    call("mx.transpose", real("n m k")),
    call("mx.transpose", real("n m k"), (1, 0, 2)),
    call("mx.permute_dims", X, (1, 0)),
    call("mx.matrix_transpose", real("n m k")),
    call("mx.broadcast_to", V, (3, 4)),
    call("mx.broadcast_arrays", X, V),
    call("mx.concatenate", [X, Y], 1),
    call("mx.concatenate", [X, Y], None),
    call("mx.stack", [X, Y], 0),
    call("mx.meshgrid", V, real("n")),
    call("mx.meshgrid", V, real("n"), indexing="ij", sparse=True),
    call("mx.repeat", X, 2, 0),
    call("mx.repeat", X, 2),
    call("mx.tile", X, (2, 1)),
    call("mx.pad", X, 1),
    call("mx.pad", X, ((0, 1), (2, 0)), "edge"),
    call("mx.pad", X, (1, 2), constant_values=0.5),
    call("mx.as_strided", X, (2, 3), (1, 2), 1),
    call("mx.split", real("t m"), 2),
    call("mx.split", X, [1, 2], 1),
    call("mx.roll", X, 1),
    call("mx.roll", X, (1, 2), (0, 1)),
    call("mx.diagonal", real("n m k"), 1),
    call("mx.diag", V, 1),
    call("mx.diag", X),
    call("mx.trace", X),
    call("mx.tril", X),
    call("mx.triu", X, 1),
    call("mx.kron", X, real("2 2")),
    call("mx.diff", X),
    call("mx.slice", X, integer("1", 0, 2), (0,), (1, 3), leave_out="second"),
    call("mx.slice_update", X, real("1 m"), integer("1", 0, 2), (0,)),
    call("mx.take", X, integer("k"), 1),
    call("mx.take", X, integer("2 2")),
    call("mx.take_along_axis", X, integer("n m", 0, 2), 1),
    call("mx.take_along_axis", X, integer("n m", 0, 2)),
    call("mx.put_along_axis", X, integer("n m", 0, 2), real("n m"), 1, leave_out="grad"),
    call("mx.depends", X, Y),
]

FOLDING = [
    *[call(f"mx.{name}", X) for name in FOLDS],
    *[call(f"mx.{name}", X, 1) for name in FOLDS],
    *[call(f"mx.{name}", real("n m k"), (0, 2), keepdims=True) for name in FOLDS if name != "softmax"],
    call("mx.softmax", X, -1, precise=True),
    call("mx.var", X, 0, ddof=1),
    call("mx.std", X, correction=1),
    *[call(f"mx.{name}", X, 1) for name in ("argmin", "argmax", "sort", "argsort")],
    *[call(f"mx.{name}", X, None) for name in ("argmin", "argmax", "sort", "argsort")],
    call("mx.partition", X, 1, result="mx.sort(y)"),
    call("mx.argpartition", X, 1, result="y[..., 1]"),
    call("mx.topk", X, 2, result="mx.sort(y)"),
    call("mx.searchsorted", matrix("t", "sorted"), X),
    *[call(f"mx.{name}", X, 1) for name in SCANS],
    *[call(f"mx.{name}", X) for name in SCANS],
    *[call(f"mx.{name}", X, 0, reverse=True, inclusive=False) for name in SCANS],
]

PRODUCTS = [
    call("mx.matmul", X, real("m k")),
    call("mx.matmul", real("b n m"), real("b m k")),
    call("mx.matmul", real("b 1 n m"), real("2 m k")),
    call("mx.matmul", V, V),
    call("mx.inner", X, real("k m")),
    call("mx.outer", V, real("n")),
    call("mx.vecdot", X, Y),
    call("mx.tensordot", X, real("m k"), 1),
    call("mx.addmm", real("n k"), X, real("m k"), 0.5, 2.0),
    call("mx.einsum", "ij,jk->ik", X, real("m k")),
    call("mx.gather_mm", real("b n m"), real("b m k"), None, integer("b", 0, 2)),
    call("mx.gather_mm", real("b n m"), real("b m k")),
    call("mx.segmented_mm", X, real("m k"), integer("1 2", 1, 3), leave_out="shapeless"),
    call("mx.block_masked_mm", real("32 32"), real("32 32"), 32, None, boolean("1 1")),
    call("mx.hadamard_transform", real("n t"), leave_out="second"),
    call("mx.convolve", real("t"), real("k")),
    call("mx.conv1d", real("b t m"), real("k 3 m"), 1, 1),
    call("mx.conv1d", real("b t 4"), real("6 3 2"), 2, 0, 1, 2),
    call("mx.conv2d", real("b t t m"), real("k 3 2 m"), (2, 1), (1, 0)),
    call("mx.conv3d", real("b 4 t 4 2"), real("3 2 2 2 2")),
    call("mx.conv_transpose1d", real("b t m"), real("k 3 m"), 2),
    call("mx.conv_transpose2d", real("b t t m"), real("k 3 2 m"), 2, 1),
    call("mx.conv_transpose3d", real("b 4 t 4 2"), real("3 2 2 2 2")),
    call("mx.conv_general", real("b t m"), real("k 3 m"), 1, ([1], [0]), 1, 2, flip=True),
]

SIGNALS = [
    *[
        call(f"mx.fft.{name}", real("n t"))
        for name in ("fft", "ifft", "rfft", "fft2", "ifft2", "rfft2", "fftn", "ifftn", "rfftn")
    ],
    *[call(f"mx.fft.{name}", imaginary("n t")) for name in ("irfft", "irfft2", "irfftn", "fft")],
    call("mx.fft.fft", real("n t"), 6, 0),
    call("mx.fft.rfft", real("n t"), norm="ortho"),
    call("mx.fft.fftshift", X),
    call("mx.fft.ifftshift", X, 1),
    call("mx.fft.stft", real("32"), 8),
    call("mx.fft.fftfreq", 7),
    call("mx.fft.rfftfreq", 7),
]

LINALG = [
    *[call(f"mx.linalg.{name}", matrix("n n", "regular"), cpu=True) for name in ("inv", "pinv", "det", "slogdet")],
    call("mx.linalg.inv", matrix("b n n", "regular"), cpu=True),
    call("mx.linalg.tri_inv", matrix("n n", "triangular"), cpu=True),
    *[call(f"mx.linalg.{name}", matrix("n n", "definite"), cpu=True) for name in ("cholesky", "eigvalsh")],
    call("mx.linalg.cholesky_inv", matrix("n n", "triangular"), cpu=True),
    call("mx.linalg.eigh", matrix("n n", "definite"), cpu=True, result="(y[0], abs(y[1]))"),
    call("mx.linalg.eigvals", matrix("n n", "definite"), cpu=True, result="mx.sort(mx.real(y))"),
    call("mx.linalg.qr", real("n 3"), cpu=True, result="mx.abs(y[1])"),
    call("mx.linalg.svd", X, cpu=True, result="y[1]"),
    call("mx.linalg.svd", X, False, cpu=True),
    call("mx.linalg.lu_factor", matrix("n n", "regular"), cpu=True),
    call("mx.linalg.lu", matrix("n n", "regular"), cpu=True),
    call("mx.linalg.solve", matrix("n n", "regular"), real("n m"), cpu=True),
    call("mx.linalg.solve_triangular", matrix("n n", "triangular"), real("n m"), cpu=True),
    call("mx.linalg.cross", real("n 3"), real("n 3")),
    *[call("mx.linalg.norm", X, order) for order in (None, 1, "fro", float("inf"))],
    call("mx.linalg.norm", X, 3, 1),
]

FAST = [
    call("mx.fast.rms_norm", X, V, 1e-5),
    call("mx.fast.rms_norm", X, None, 1e-5),
    call("mx.fast.layer_norm", X, V, real("m"), 1e-5),
    call("mx.fast.layer_norm", X, None, None, 1e-5),
    call("mx.fast.rope", real("b n m 8"), 8, traditional=False, base=10000.0, scale=1.0, offset=2),
    call("mx.fast.rope", real("b n m 8"), 4, traditional=True, base=100.0, scale=0.5, offset=0),
    call("mx.fast.scaled_dot_product_attention", real("b 2 n 8"), real("b 2 m 8"), real("b 2 m 8"), scale=0.3),
    call(
        "mx.fast.scaled_dot_product_attention",
        real("b 4 n 8"),
        real("b 2 n 8"),
        real("b 2 n 8"),
        scale=0.3,
        mask="causal",
    ),
    call("mx.fast.cross_entropy", real("n m"), integer("n", 0, 2)),
    call("mx.fast.gated_delta_update", real("b t 2 8"), real("b t 2 8"), real("b t 2 8"), unit("b t 2"), unit("b t 2")),
    call("mx.quantize", real("n 64"), leave_out="grad"),
    call("mx.to_fp8", X),
    call("mx.from_fp8", integer("n m", 0, 100, "uint8")),
]

CREATION = [
    call("mx.arange", 5),
    call("mx.arange", 1, 9, 2),
    call("mx.arange", 0.5, 3.0, dtype="float32!"),
    call("mx.linspace", 0, 1, 5),
    *[call(f"mx.{name}", 6) for name in ("bartlett", "hanning", "hamming", "blackman", "identity")],
    call("mx.eye", 3, 4, 1),
    call("mx.tri", 3, 4, 1),
    *[call(f"mx.{name}", (2, 3)) for name in ("zeros", "ones")],
    call("mx.full", (2, 3), 1.5),
    call("mx.full", (2, 4), V),
    call("mx.asarray", X),
    call("mx.broadcast_shapes", (3, 1), (1, 4)),
    call("mx.random.split", "key!", 3),
    call("mx.random.uniform", -1.0, 2.0, (2, 3), key="key!"),
    call("mx.random.uniform", real("m", -2, -1), real("m", 1, 2), (3, 4), key="key!"),
    call("mx.random.normal", (2, 3), key="key!"),
    call("mx.random.multivariate_normal", real("2"), matrix("2 2", "definite"), (3,), key="key!", cpu=True),
    call("mx.random.randint", 0, 9, (2, 3), key="key!"),
    call("mx.random.bernoulli", 0.3, (2, 3), key="key!"),
    call("mx.random.bernoulli", real("n m", 0, 1), key="key!"),
    call("mx.random.truncated_normal", -1.0, 1.0, (2, 3), key="key!"),
    call("mx.random.gumbel", (2, 3), key="key!"),
    call("mx.random.categorical", X, key="key!"),
    call("mx.random.laplace", (2, 3), key="key!"),
    call("mx.random.permutation", X, key="key!"),
]

ACTIVATIONS = """relu relu2 relu6 leaky_relu elu selu celu gelu gelu_approx gelu_fast_approx silu mish hardswish hard_tanh
hard_shrink softshrink softplus softsign log_sigmoid tanh sigmoid softmin step log_softmax softmax glu""".split()

LAYERS = [
    *[call(f"nn.{name}", X) for name in ACTIVATIONS],
    call("nn.prelu", X, real("m")),
    call("nn.losses.cross_entropy", X, integer("n", 0, 2)),
    call("nn.losses.cross_entropy", X, X, label_smoothing=0.0),
    call("nn.losses.binary_cross_entropy", X, real("n m", 0, 1)),
    *[
        call(f"nn.losses.{name}", X, Y)
        for name in ("l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss", "log_cosh_loss", "hinge_loss")
    ],
    call("nn.losses.kl_div_loss", X, Y),
    call("nn.losses.nll_loss", X, integer("n", 0, 2)),
    call("nn.losses.gaussian_nll_loss", X, Y, positive("n m")),
    call("nn.losses.triplet_loss", X, Y, real("n m", -1, 1)),
    call("nn.losses.margin_ranking_loss", V, real("m", -1, 1), real("m", 0.5, 1)),
    call("nn.losses.cosine_similarity_loss", X, Y),
]

CALLS = [*ELEMENTWISE, *SHAPES, *FOLDING, *PRODUCTS, *SIGNALS, *LINALG, *FAST, *CREATION, *LAYERS]
