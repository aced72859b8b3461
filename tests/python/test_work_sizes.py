"""Work sizes: a device's own file in the cache folder goes before the table, and a line that fits nothing is left out."""

import os
import re

import mlx.core as mx
import pytest
from support import run_script

SCRIPT = """
    import mlx.core as mx
    import numpy as np
    x = np.arange(300 * 4096, dtype=np.float32).reshape(300, 4096) % 7
    a = mx.array(x)
    np.testing.assert_array_equal(a + 1, x + 1)
    np.testing.assert_array_equal(a.sum(1), x.sum(1))
    np.testing.assert_array_equal(mx.contiguous(a.T), x.T)
    np.testing.assert_array_equal(mx.sort(a, axis=1), np.sort(x, axis=1))
    np.testing.assert_array_equal(mx.cumsum(a, axis=0), np.cumsum(x, axis=0))
"""


@pytest.mark.parametrize(
    "lines, said",
    [
        (["elementwise 64 1 1"], "1 row of work sizes"),
        (["rows 1 64 1", "reduce 16 16 1", "reduce_parts 16 1 1", "transpose 1 1 1", "scan_columns 1 1 1"], "5 rows"),
        (["elementwise 0 1 1"], "'elementwise 0 1 1' is not a row"),
        (["elementwise 1 1"], "'elementwise 1 1' is not a row"),
        (["elementwise one 1 1"], "'elementwise one 1 1' is not a row"),
        (["nothing 1 1 1"], "'nothing 1 1 1' is not a row"),
        (["elementwise 1 1 100000000"], "is not a row"),
    ],
    ids=lambda x: x[0] if isinstance(x, list) else x,
)
def test_own_numbers_of_a_device(tmp_path, lines, said):
    name = re.sub(r"[^A-Za-z0-9]", "_", mx.device_info(mx.default_device())["device_name"])
    (tmp_path / f"{name}.work_sizes").write_text("\n".join(lines) + "\n")
    folders = f"{tmp_path}:{os.environ.get('MLX_CL_CACHE', '~/.cache/mlx-opencl')}"
    process = run_script(SCRIPT, MLX_CL_CACHE=folders, MLX_CL_DEBUG="1")
    assert process.returncode == 0, process.stderr
    assert said in process.stderr
