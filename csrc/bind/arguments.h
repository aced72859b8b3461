// From Python objects to the argument types of operations: one Argument<T> per C++ parameter type.
//
// An Argument<T> has `takes`, the words for error messages, and `from(object, call)`, which throws
// Mismatch for an object of the wrong type.
#pragma once

#include <concepts>
#include <string>
#include <tuple>
#include <utility>

#include "bind/convert.h"
#include "bind/dtypes.h"
#include "bind/signature.h"
#include "ops/types.h"

namespace mlx {

/// The object is not of the type that the parameter takes.
struct Mismatch {};

/// The other arguments of the call, for those whose meaning depends on them.
struct CallArguments {
  PyObject* const* slots;
  size_t count;
  /// One bit for each argument: whether its dtype counts beside the others'.
  uint64_t operands = ~uint64_t(0);
  /// The dtype of the first array among the operands.
  std::optional<Dtype> first_dtype() const;
  /// Whether there are foreign arrays among the operands, and none of ours.
  bool only_foreign() const;
};

int64_t integer_from(PyObject* object, int64_t low,
                     int64_t high);        ///< Mismatch for floats and beyond the bounds
bool counts_as_integer(PyObject* object);  ///< an int, or an object with __index__ that is no
                                           ///< sequence (as 1-d arrays are)
double real_from(PyObject* object);
int32_t dimension_from(PyObject* object);  ///< OverflowError beyond int32
StreamOrDevice stream_from(PyObject* object);

/// Calls `f(item)` for each item of a sequence that is no string; Mismatch for anything else.
template <typename F>
void for_each_item(PyObject* object, F&& f) {
  const bool is_text = PyUnicode_Check(object) || PyBytes_Check(object);
  if (is_text || PyDict_Check(object) || !PySequence_Check(object)) throw Mismatch{};
  const py::object items =
      py::reinterpret_steal<py::object>(PySequence_Fast(object, "not a sequence"));
  if (!items) {
    PyErr_Clear();
    throw Mismatch{};
  }
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.ptr()); ++i)
    f(PySequence_Fast_GET_ITEM(items.ptr(), i));
}

template <typename T>
struct Argument;

template <>
struct Argument<array> {
  static std::string takes() { return "array"; }
  static const array& from(PyObject* object, const CallArguments&) {
    if (!is_array(object)) throw Mismatch{};
    return array_of(object);
  }
};

template <>
struct Argument<py::object> {
  static std::string takes() { return "object"; }
  static py::object from(PyObject* object, const CallArguments&) {
    return py::reinterpret_borrow<py::object>(object);
  }
};

template <std::integral T>
struct Argument<T> {
  static std::string takes() { return "int"; }
  static T from(PyObject* object, const CallArguments&) {
    if constexpr (std::is_same_v<T, uint64_t>) {
      if (!PyLong_Check(object))
        return T(integer_from(object, 0, std::numeric_limits<int64_t>::max()));
      const uint64_t value = PyLong_AsUnsignedLongLong(object);
      if (value == uint64_t(-1) && PyErr_Occurred()) {
        PyErr_Clear();
        throw Mismatch{};
      }
      return value;
    } else {
      return T(integer_from(object, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    }
  }
};

template <>
struct Argument<bool> {
  static std::string takes() { return "bool"; }
  static bool from(PyObject* object, const CallArguments&) {
    if (object == Py_True) return true;
    if (object == Py_False) return false;
    throw Mismatch{};
  }
};

template <std::floating_point T>
struct Argument<T> {
  static std::string takes() { return "float"; }
  static T from(PyObject* object, const CallArguments&) { return T(real_from(object)); }
};

template <>
struct Argument<std::string> {
  static std::string takes() { return "str"; }
  static std::string from(PyObject* object, const CallArguments&) {
    if (!PyUnicode_Check(object)) throw Mismatch{};
    return py::cast<std::string>(py::handle(object));
  }
};

template <>
struct Argument<Dtype> {
  static std::string takes() { return "Dtype"; }
  static Dtype from(PyObject* object, const CallArguments&) {
    if (const auto dtype = dtype_from(object)) return *dtype;
    throw Mismatch{};
  }
};

template <>
struct Argument<StreamOrDevice> {
  static std::string takes() { return "None, Stream, ThreadLocalStream, Device or DeviceType"; }
  static StreamOrDevice from(PyObject* object, const CallArguments&) {
    if (object == Py_None) return {};
    return stream_from(object);
  }
};

/// A number or an array. Foreign arrays count as arrays; NumPy's are cast to the dtype of the
/// call's first array; where there is none, numbers beside them are weighed as arrays.
template <>
struct Argument<Operand> {
  static std::string takes() { return "scalar or array"; }
  static Operand from(PyObject* object, const CallArguments& call) {
    if (is_array(object)) return array_of(object);
    if (is_number(object)) {
      const Scalar number = number_of(object);
      return call.only_foreign() ? Operand(to_array(number, dtype_of(number))) : Operand(number);
    }
    if (object == Py_None) throw Mismatch{};
    return foreign(object, call);
  }

 private:
  static Operand foreign(PyObject* object, const CallArguments& call);
};

template <>
struct Argument<Condition> {
  static std::string takes() { return Argument<Operand>::takes(); }
  static Condition from(PyObject* object, const CallArguments&) {
    return Argument<Operand>::from(object, CallArguments{nullptr, 0});
  }
};

template <>
struct Argument<Scalar> {
  static std::string takes() { return "number"; }
  static Scalar from(PyObject* object, const CallArguments&) {
    if (!is_number(object)) throw Mismatch{};
    return number_of(object);
  }
};

template <>
struct Argument<Shape> {
  static std::string takes() { return "sequence of ints"; }
  static Shape from(PyObject* object, const CallArguments&) {
    Shape shape;
    for_each_item(object, [&](PyObject* item) { shape.push_back(dimension_from(item)); });
    return shape;
  }
};

template <>
struct Argument<IntOrShape> {
  static std::string takes() { return "int or sequence of ints"; }
  static IntOrShape from(PyObject* object, const CallArguments& call) {
    if (PyIndex_Check(object) && !PySequence_Check(object)) return dimension_from(object);
    return Argument<Shape>::from(object, call);
  }
};

template <typename T>
struct Argument<std::vector<T>> {
  static std::string takes() { return "sequence of " + Argument<T>::takes() + "s"; }
  static std::vector<T> from(PyObject* object, const CallArguments& call) {
    std::vector<T> values;
    for_each_item(object, [&](PyObject* item) { values.push_back(Argument<T>::from(item, call)); });
    return values;
  }
};

template <>
struct Argument<IntSequence> {
  static std::string takes() { return "sequence of ints"; }
  static IntSequence from(PyObject* object, const CallArguments& call) {
    IntSequence values;
    for_each_item(object,
                  [&](PyObject* item) { values.push_back(Argument<int>::from(item, call)); });
    return values;
  }
};

/// `int | Sequence[int]` where the operation wants a list either way.
template <>
struct Argument<Axes> {
  static std::string takes() { return "int or sequence of ints"; }
  static Axes from(PyObject* object, const CallArguments& call) {
    if (counts_as_integer(object)) return {Argument<int>::from(object, call)};
    Axes axes;
    for_each_item(object, [&](PyObject* item) { axes.push_back(Argument<int>::from(item, call)); });
    return axes;
  }
};

template <typename T>
struct Argument<std::optional<T>> {
  static std::string takes() { return "None or " + Argument<T>::takes(); }
  static std::optional<T> from(PyObject* object, const CallArguments& call) {
    if (object == Py_None) return {};
    return Argument<T>::from(object, call);
  }
};

/// The first alternative that the object matches.
template <typename... T>
struct Argument<std::variant<T...>> {
  static std::string takes() {
    std::string text;
    ((text += (text.empty() ? "" : " or ") + Argument<T>::takes()), ...);
    return text;
  }
  static std::variant<T...> from(PyObject* object, const CallArguments& call) {
    return first<T...>(object, call);
  }

 private:
  template <typename U, typename... More>
  static std::variant<T...> first(PyObject* object, const CallArguments& call) {
    if constexpr (sizeof...(More) == 0) {
      return std::variant<T...>(std::in_place_type<U>, Argument<U>::from(object, call));
    } else {
      try {
        return std::variant<T...>(std::in_place_type<U>, Argument<U>::from(object, call));
      } catch (const Mismatch&) {
        return first<More...>(object, call);
      }
    }
  }
};

template <>
struct Argument<IntOrInts> {
  static std::string takes() { return "int or sequence of ints"; }
  static IntOrInts from(PyObject* object, const CallArguments& call) {
    if (counts_as_integer(object)) return Argument<int>::from(object, call);
    return Argument<Axes>::from(object, call);
  }
};

template <typename... T>
struct Argument<std::tuple<T...>> {
  static std::string takes() { return "tuple of " + std::to_string(sizeof...(T)); }
  static std::tuple<T...> from(PyObject* object, const CallArguments& call) {
    std::vector<PyObject*> items;
    for_each_item(object, [&](PyObject* item) { items.push_back(item); });
    if (items.size() != sizeof...(T)) throw Mismatch{};
    return [&]<size_t... I>(std::index_sequence<I...>) {
      return std::tuple<T...>{Argument<T>::from(items[I], call)...};
    }(std::index_sequence_for<T...>());
  }
};

template <typename A, typename B>
struct Argument<std::pair<A, B>> {
  static std::string takes() {
    return "pair of " + Argument<A>::takes() + " and " + Argument<B>::takes();
  }
  static std::pair<A, B> from(PyObject* object, const CallArguments& call) {
    auto [a, b] = Argument<std::tuple<A, B>>::from(object, call);
    return {std::move(a), std::move(b)};
  }
};

}  // namespace mlx
