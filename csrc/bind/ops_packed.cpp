// Functions of packed weights and of chosen matrices, and mx.fft: one for each row of their .def files.
#include "bind/call.h"
#include "bind/ops.h"
#include "ops/fft.h"
#include "ops/gather_mm.h"
#include "ops/quantize.h"

namespace mlx {

void bind_packed_ops(py::module_& m) {
#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#include "ops/gather_mm.def"
#include "ops/quantize.def"
#undef OP
}

namespace fft {

void bind_fft(py::module_& m) {
  py::module_ target = m.def_submodule("fft", "Fourier transforms.");
#define OP(name, function, signature, doc) add_function<&function>(target, #name, signature, doc);
#include "ops/fft.def"
#undef OP
}

}  // namespace fft
}  // namespace mlx
