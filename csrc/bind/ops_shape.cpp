// Functions that make, rearrange and index arrays: one for each row of their .def files.
#include "bind/call.h"
#include "bind/ops.h"
#include "bind/placement.h"
#include "bind/shapes.h"
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

template <>
struct Argument<IntOrShape> {
  static std::string takes() { return "int or sequence of ints"; }
  static IntOrShape from(PyObject* object, const CallArguments& call) {
    if (PyIndex_Check(object) && !PySequence_Check(object)) return {Shape{dimension_from(object)}};
    return {Argument<Shape>::from(object, call)};
  }
};

template <>
struct Argument<Condition> {
  static std::string takes() { return Argument<ScalarOrArray>::takes(); }
  static Condition from(PyObject* object, const CallArguments&) {
    return {Argument<ScalarOrArray>::from(object, CallArguments{nullptr, 0})};
  }
};

template <typename T>
struct Argument<Spread<T>> {
  static std::string takes() { return Argument<T>::takes(); }
  static Spread<T> from(PyObject* rest, const CallArguments& call) {
    // What follows a sequence is ignored, as MLX does.
    const bool is_sequence = PyTuple_GET_SIZE(rest) > 0 && !counts_as_integer(PyTuple_GET_ITEM(rest, 0));
    try {
      return {Argument<T>::from(is_sequence ? PyTuple_GET_ITEM(rest, 0) : rest, call), PyTuple_GET_SIZE(rest) > 0};
    } catch (const Mismatch&) {
      throw std::runtime_error("the sizes or axes must be ints or one sequence of ints.");  // MLX's type of error
    }
  }
};

namespace shapes {

array full(const IntOrShape& shape, const std::optional<ScalarOrArray>& vals, std::optional<Dtype> dtype,
           const std::optional<ScalarOrArray>& fill_value, StreamOrDevice s) {
  return python::full(shape.value, vals, dtype, fill_value, s);
}
array zeros(const IntOrShape& shape, std::optional<Dtype> dtype, StreamOrDevice s) {
  return python::zeros(shape.value, dtype, s);
}
array ones(const IntOrShape& shape, std::optional<Dtype> dtype, StreamOrDevice s) {
  return python::ones(shape.value, dtype, s);
}
array transpose(const array& a, const std::optional<IntSequence>& axes, const StreamOrDevice& s) {
  return mlx::transpose(a, axes ? OptionalAxes(*axes) : OptionalAxes(), s);
}
array slice(const array& a, const array& start, const IntSequence& axes, const Shape& size, const StreamOrDevice& s) {
  return python::slice(a, start, axes, size, s);
}
array slice_update(const array& a, const array& update, const array& start, const IntSequence& axes,
                   const StreamOrDevice& s) {
  return python::slice_update(a, update, start, axes, s);
}
array where(const Condition& condition, const ScalarOrArray& x, const ScalarOrArray& y, const StreamOrDevice& s) {
  return python::where(condition.value, x, y, s);
}
array arange(const Scalar& start, const Scalar& stop, const std::optional<Scalar>& step, std::optional<Dtype> dtype,
             const std::optional<DeviceType>& device, const StreamOrDevice& s) {
  return python::arange(start, stop, step, dtype, placed(device, s));
}
array arange_to(const Scalar& stop, const std::optional<Scalar>& step, std::optional<Dtype> dtype,
                const std::optional<DeviceType>& device, const StreamOrDevice& s) {
  return python::arange({}, stop, step, dtype, placed(device, s));
}
/// astype as a method, where the stream may be given by position.
array astype(const array& a, Dtype dtype, const StreamOrDevice& s, std::optional<bool> copy) {
  return python::astype(a, dtype, copy, s);
}

}  // namespace shapes

namespace {

array reshape_method(const array& a, const Spread<Shape>& shape, const StreamOrDevice& s) {
  return reshape(a, shape.value, s);
}

array transpose_method(const array& a, const Spread<Axes>& axes, const StreamOrDevice& s) {
  return transpose(a, axes.given ? OptionalAxes(axes.value) : OptionalAxes(), s);
}

/// arange(start, stop, …) or, when that does not match, arange(stop, …).
PyObject* arange_call(PyObject*, PyObject* const* args, size_t nargs, PyObject* names) {
  static const Signature both("arange", "start, stop, step=None, dtype=None, *, device=None, stream=None");
  static const Signature stop_only("arange", "stop, step=None, dtype=None, *, device=None, stream=None");
  return guarded([&] {
    try {
      return Invocation<decltype(&shapes::arange)>::call<&shapes::arange>(both, args, nargs, names);
    } catch (const type_error&) {
      return Invocation<decltype(&shapes::arange_to)>::call<&shapes::arange_to>(stop_only, args, nargs, names);
    }
  });
}
constexpr size_t arange_call_count = 6;

}  // namespace

void bind_shape_ops(py::module_& m) {
#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#define CREATION(name, function, signature, doc) add_function<with_device<&function>>(m, #name, signature, doc);
#define METHOD(name, function, signature, doc) add_method<&function>(#name, signature, doc);
#define OVERLOADED(name, call, signature, doc) add_function(m, #name, call, call##_count, signature, doc);
#include "ops/creation.def"
#include "ops/indexing.def"
#include "ops/select.def"
#include "ops/shape.def"
#undef OP
#undef CREATION
#undef METHOD
#undef OVERLOADED
  add_method<&shapes::astype>("astype", "self, dtype, stream=None, *, copy=None", "mx.astype of this array.");
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
