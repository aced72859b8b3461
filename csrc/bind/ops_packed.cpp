// Functions of packed weights and of chosen matrices, and mx.fft: one for each row of their .def
// files.
#include "bind/call.h"
#include "bind/ops.h"
#include "bind/placement.h"
#include "ops/fft.h"
#include "ops/gather_mm.h"
#include "ops/quantize.h"

namespace mlx {
namespace {

void add_fft(py::module_& target) {
#define OP(name, function, signature, doc) \
  add_function<&fft::function>(target, #name, signature, doc);
#include "ops/fft.def"
#undef OP
}

}  // namespace

void bind_packed_ops(py::module_& m) {
#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#include "ops/gather_mm.def"
#include "ops/quantize.def"
#undef OP
  py::module_ fft = m.def_submodule("fft", "Fourier transforms.");
  add_fft(fft);
}

}  // namespace mlx
