"""The bandwidth that a plain C loop reaches on this machine, to hold the add of large arrays against."""

import ctypes
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

SOURCE = """
void add(long n, const float *restrict a, const float *restrict b, float *restrict c) {
  #pragma omp parallel for simd schedule(static)
  for (long i = 0; i < n; ++i) c[i] = a[i] + b[i];
}
"""


def compiled_add():
    """(description, function(a, b, c)); NumPy's add where there is no C compiler."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "add.c"), Path(folder, "add.so")
        source.write_text(SOURCE)
        flags = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]
        try:
            subprocess.run(["cc", *flags, "-o", library, source], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return "NumPy add", lambda a, b, c: np.add(a, b, out=c)
        function = ctypes.CDLL(str(library)).add
    pointer = lambda x: x.ctypes.data_as(ctypes.c_void_p)
    return "plain C loop", lambda a, b, c: function(ctypes.c_long(a.size), pointer(a), pointer(b), pointer(c))


class PlainAdd:
    """c = a + b over `size` floats; `measure` may be called between the rounds of the other sides."""

    def __init__(self, size: int):
        self.name, self.function = compiled_add()
        self.arrays = [np.ones(size, np.float32) for _ in range(3)]
        self.bytes = 3 * self.arrays[0].nbytes
        self.function(*self.arrays)

    def measure(self, samples: int = 10) -> float:
        times = []
        for _ in range(samples):
            start = time.perf_counter()
            self.function(*self.arrays)
            times.append(time.perf_counter() - start)
        return statistics.median(times)
