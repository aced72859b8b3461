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

/// What an array is filled with; a foreign array takes the dtype asked for, as a number does.
struct Filling {
  Operand value;
  bool takes_dtype;
};

/// A bound or step of arange.
struct Real {
  Scalar value;
};

/// An end of linspace: a number or an array.
struct End {
  Operand value;
};

}  // namespace

template <typename T>
struct Argument<Spread<T>> {
  static std::string takes() { return Argument<T>::takes(); }
  static Spread<T> from(PyObject* rest, const CallArguments& call) {
    // What follows a sequence is ignored, as MLX does.
    const bool is_sequence =
        PyTuple_GET_SIZE(rest) > 0 && !counts_as_integer(PyTuple_GET_ITEM(rest, 0));
    try {
      return {Argument<T>::from(is_sequence ? PyTuple_GET_ITEM(rest, 0) : rest, call),
              PyTuple_GET_SIZE(rest) > 0};
    } catch (const Mismatch&) {
      throw std::runtime_error(
          "the sizes or axes must be ints or one sequence of ints.");  // MLX's type of error
    }
  }
};

template <>
struct Argument<Filling> {
  static std::string takes() { return Argument<Operand>::takes(); }
  static Filling from(PyObject* object, const CallArguments& call) {
    return {Argument<Operand>::from(object, call), !is_array(object) && !is_number(object)};
  }
};

template <>
struct Argument<Real> {
  static std::string takes() { return "int or float"; }
  static Real from(PyObject* object, const CallArguments&) {
    if (!is_number(object) || PyComplex_Check(object)) throw Mismatch{};
    return {number_of(object)};
  }
};

template <>
struct Argument<End> {
  static std::string takes() { return "scalar or array"; }
  static End from(PyObject* object, const CallArguments& call) {
    if (PyComplex_Check(object) || PyUnicode_Check(object) || PyDict_Check(object) ||
        PyList_Check(object) || PyTuple_Check(object))
      throw Mismatch{};
    return {Argument<Operand>::from(object, call)};
  }
};

namespace {

array reshape_method(const array& a, const Spread<Shape>& shape, const StreamOrDevice& s) {
  return reshape(a, shape.value, s);
}

array transpose_method(const array& a, const Spread<Axes>& axes, const StreamOrDevice& s) {
  return transpose(a, axes.given ? OptionalAxes(axes.value) : OptionalAxes(), s);
}

array full_of(IntOrShape shape, const Filling& filling, std::optional<Dtype> dtype,
              StreamOrDevice s) {
  if (!filling.takes_dtype || !dtype) return full(std::move(shape), filling.value, dtype, s);
  return full(std::move(shape), astype(to_array(filling.value), *dtype, s), dtype, s);
}

array arange_to(const Real& stop, const std::optional<Real>& step, std::optional<Dtype> dtype,
                StreamOrDevice s) {
  const std::optional<Scalar> by = step ? std::optional(step->value) : std::nullopt;
  return arange(false, stop.value, by, dtype, s);
}
array arange_from(const Real& start, const Real& stop, const std::optional<Real>& step,
                  std::optional<Dtype> dtype, StreamOrDevice s) {
  const std::optional<Scalar> by = step ? std::optional(step->value) : std::nullopt;
  return arange(start.value, stop.value, by, dtype, s);
}
array arange_to_before_none(const Real& stop, const py::object&, const std::optional<Real>& step,
                            std::optional<Dtype> dtype, StreamOrDevice s) {
  return arange_to(stop, step, dtype, s);
}

array linspace_between(const End& start, const End& stop, int num, bool endpoint,
                       std::optional<Dtype> dtype, StreamOrDevice s) {
  return linspace(start.value, stop.value, num, endpoint, dtype, s);
}

/// What Python calls for a function of C++.
template <auto function>
constexpr auto python_form = function;
template <>
constexpr auto python_form<&full> = &full_of;
template <>
constexpr auto python_form<&linspace> = &linspace_between;

template <auto function>
PyObject* call(const Signature& signature, PyObject* const* args, size_t nargs, PyObject* names) {
  return Invocation<decltype(function)>::template call<function>(signature, args, nargs, names);
}

/// arange(start, stop, …) or, when that does not match, arange(stop, …), arange(stop, None, …).
PyObject* arange_call(PyObject*, PyObject* const* args, size_t nargs, PyObject* names) {
  static const Signature both("arange",
                              "start, stop, step=None, dtype=None, *, device=None, stream=None");
  static const Signature before_none(
      "arange", "stop, none, /, step=None, dtype=None, *, device=None, stream=None");
  static const Signature stop_only("arange",
                                   "stop, step=None, dtype=None, *, device=None, stream=None");
  const bool none = PyVectorcall_NARGS(nargs) > 1 && args[1] == Py_None;
  return guarded([&] {
    try {
      if (none) return call<with_device<&arange_to_before_none>>(before_none, args, nargs, names);
      return call<with_device<&arange_from>>(both, args, nargs, names);
    } catch (const type_error&) {
      return call<with_device<&arange_to>>(stop_only, args, nargs, names);
    }
  });
}
constexpr size_t arange_call_count = 6;

}  // namespace

void bind_shape_ops(py::module_& m) {
#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#define CREATION(name, function, signature, doc) \
  add_function<with_device<python_form<&function>>>(m, #name, signature, doc);
#define METHOD(name, function, signature, doc) add_method<&function>(#name, signature, doc);
#define OVERLOADED(name, call, signature, doc) \
  add_function(m, #name, call, call##_count, signature, doc);
#include "ops/creation.def"
#include "ops/indexing.def"
#include "ops/select.def"
#include "ops/shape.def"
#undef OP
#undef CREATION
#undef METHOD
#undef OVERLOADED
  add_method<&reshape_method>("reshape", "self, *shape, stream=None",
                              "mx.reshape of this array; the shape may be given as separate ints.");
  add_method<&transpose_method>(
      "transpose", "self, *axes, stream=None",
      "mx.transpose of this array; the axes may be given as separate ints.");
}

void bind_aliases(py::module_& m) {
#define HIDDEN(...)
#define ALIAS(alias, name) m.attr(#alias) = m.attr(#name);
#define METHOD(name) add_method_of_function(m, #name, #name);
#define METHOD_ALIAS(method, name) add_method_of_function(m, #method, #name);
#include "bind/aliases.def"
}

}  // namespace mlx
