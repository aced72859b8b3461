// The submodules fast, linalg and fft in Python.
#include "bind/ops.h"
#include "ops/attention.h"
#include "ops/linalg.h"
#include "ops/norm.h"
#include "ops/rope.h"

namespace mlx {
namespace {

void bind_fast(py::module_ m) {
#include "ops/fast.def"
}

void bind_linalg(py::module_ m) {
#include "ops/linalg.def"
}

}  // namespace

void bind_submodules(py::module_& m) {
  bind_fast(m.def_submodule("fast", "Fused operations of neural networks."));
  bind_linalg(m.def_submodule("linalg", "Linear algebra: norms, factorisations, solvers."));
}

}  // namespace mlx
