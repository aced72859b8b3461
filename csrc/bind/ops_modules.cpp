// The submodules of operations: one function for each row of their .def files.
#include "bind/call.h"
#include "bind/ops.h"
#include "bind/random_state.h"
#include "ops/attention.h"
#include "ops/cross_entropy.h"
#include "ops/gated_delta.h"
#include "ops/linalg.h"
#include "ops/matmul.h"
#include "ops/norm.h"
#include "ops/random.h"
#include "ops/recurrent.h"
#include "ops/rope.h"
#include "ops/shape.h"

#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);

namespace mlx {

namespace random {
namespace {
void bind(py::module_ m) {
#include "ops/random.def"
  bind_random_state(m);
}
}  // namespace
}  // namespace random

namespace fast {
namespace {
void bind(py::module_ m) {
#include "ops/fast.def"
  bind_kernels(m);
}
}  // namespace
}  // namespace fast

namespace linalg {
namespace {
void bind(py::module_ m) {
#include "ops/linalg.def"
}
}  // namespace
}  // namespace linalg

void bind_op_modules(py::module_& m) {
  random::bind(m.def_submodule("random", "Random numbers from Threefry-2x32 keys."));
  fast::bind(m.def_submodule("fast", "Fused operations."));
  linalg::bind(m.def_submodule("linalg", "Norms and factorisations."));
  m.attr("matrix_norm") = m.attr("linalg").attr("norm");
}

}  // namespace mlx
