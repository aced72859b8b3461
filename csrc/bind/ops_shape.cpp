// Functions that make, rearrange and index arrays: one for each row of their .def files.
#include "bind/call.h"
#include "bind/ops.h"
#include "bind/placement.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// The arguments of a.reshape(2, 3) or a.reshape((2, 3)).
template <typename T>
struct Spread {
  T value;
  bool given;
};

}  // namespace

template <typename T>
struct Argument<Spread<T>> {
  static std::string takes() { return Argument<T>::takes(); }
  static Spread<T> from(PyObject* rest, const CallArguments& call) {
    const bool is_sequence = PyTuple_GET_SIZE(rest) == 1 && !counts_as_integer(PyTuple_GET_ITEM(rest, 0));
    try {
      return {Argument<T>::from(is_sequence ? PyTuple_GET_ITEM(rest, 0) : rest, call), PyTuple_GET_SIZE(rest) > 0};
    } catch (const Mismatch&) {
      throw std::runtime_error("the sizes or axes must be ints or one sequence of ints.");  // MLX's type of error
    }
  }
};

namespace {

array reshape_method(const array& a, const Spread<Shape>& shape, const StreamOrDevice& s) {
  return reshape(a, shape.value, s);
}

array transpose_method(const array& a, const Spread<Axes>& axes, const StreamOrDevice& s) {
  return transpose(a, axes.given ? OptionalAxes(axes.value) : OptionalAxes(), s);
}

}  // namespace

void bind_shape_ops(py::module_& m) {
#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#define CREATION(name, function, signature, doc) add_function<with_device<&function>>(m, #name, signature, doc);
#define METHOD(name, function, signature, doc) add_method<&function>(#name, signature, doc);
#include "ops/creation.def"
#include "ops/indexing.def"
#include "ops/select.def"
#include "ops/shape.def"
#undef OP
#undef CREATION
#undef METHOD
  add_method<&reshape_method>("reshape", "self, *shape, stream=None", "mx.reshape of this array; the shape may be given as separate ints.");
  add_method<&transpose_method>("transpose", "self, *axes, stream=None", "mx.transpose of this array; the axes may be given as separate ints.");
}

void bind_aliases(py::module_& m) {
  const py::handle type(reinterpret_cast<PyObject*>(array_type));
#define HIDDEN(...)
#define ALIAS(alias, name) \
  if (py::hasattr(m, #name)) m.attr(#alias) = m.attr(#name);
#define METHOD(name) METHOD_ALIAS(name, name)
#define METHOD_ALIAS(method, name) \
  if (py::hasattr(m, #name) && !py::hasattr(type, #method)) add_method_of_function(m, #method, #name);
#include "bind/aliases.def"
}

}  // namespace mlx
