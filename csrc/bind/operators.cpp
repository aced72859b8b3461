// The number slots and comparisons of array: the hottest path of every script, so pairs of arrays go straight to the
// operation and everything else is converted first.
#include "bind/operators.h"

#include "base/error.h"
#include "bind/convert.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"

namespace mlx {
namespace {

using Binary = array (*)(const array&, const array&, StreamOrDevice);

enum Sides { one_sided, reflected };
enum Operands { any_dtype, integers };

PyObject* not_implemented() { return Py_NewRef(Py_NotImplemented); }

void check_integers(const array& a, const array& b, const char* verb) {
  if (a.dtype().is_inexact() || b.dtype().is_inexact()) fail("array", "Floating point types not allowed with ", verb, ".");
}

/// `object` as an operand beside `x`. No value for None, which no operator takes.
std::optional<array> other_operand(PyObject* object, const array& x, const char* verb) {
  if (std::optional<array> other = operand_from(object, x.dtype())) return other;
  if (object == Py_None) return {};
  fail("array", "Cannot perform ", verb, " on an mlx.core.array and ", Py_TYPE(object)->tp_name, ".");
}

template <Binary function, Operands operands>
array combine(const array& a, const array& b, const char* verb) {
  if constexpr (operands == integers) check_integers(a, b, verb);
  return function(a, b, {});
}

template <Binary function, Sides sides, Operands operands>
PyObject* binary(PyObject* left, PyObject* right, const char* verb) {
  const bool from_left = is_array(left);
  if (!from_left && sides == one_sided) return not_implemented();
  return guarded([&]() -> PyObject* {
    if (from_left && is_array(right)) return wrap(combine<function, operands>(array_of(left), array_of(right), verb));
    const array& x = array_of(from_left ? left : right);
    const std::optional<array> other = other_operand(from_left ? right : left, x, verb);
    if (!other) return not_implemented();
    return wrap(from_left ? combine<function, operands>(x, *other, verb) : combine<function, operands>(*other, x, verb));
  });
}

/// Rebinds the object on the left to the result.
PyObject* rebind(PyObject* self, PyObject* result) {
  if (!result || result == Py_NotImplemented) return result;
  array_of(self) = array_of(result);
  Py_DECREF(result);
  return Py_NewRef(self);
}

template <Binary function>
PyObject* in_place(PyObject* self, PyObject* result(PyObject*, PyObject*), PyObject* other) {
  constexpr bool divides = function == static_cast<Binary>(divide);
  if (divides && other != Py_None && !array_of(self).dtype().is_inexact()) {
    PyErr_SetString(PyExc_ValueError, "In-place division is not allowed for integer and boolean arrays.");
    return nullptr;
  }
  return rebind(self, result(self, other));
}

#define OPERATOR(function, slot, in_place_slot, sides, operands, verb)                                             \
  PyObject* slot(PyObject* left, PyObject* right) { return binary<function, sides, operands>(left, right, verb); } \
  PyObject* in_place_slot(PyObject* left, PyObject* right) { return in_place<function>(left, slot, right); }
#include "bind/operators.def"
#undef OPERATOR

PyObject* nb_power(PyObject* left, PyObject* right, PyObject* modulus) {
  if (modulus != Py_None) return not_implemented();
  return binary<power, reflected, any_dtype>(left, right, "power");
}
PyObject* nb_inplace_power(PyObject* left, PyObject* right, PyObject* modulus) {
  return rebind(left, nb_power(left, right, modulus));
}

PyObject* nb_matrix_multiply(PyObject* left, PyObject* right) {
  if (!is_array(left)) return not_implemented();
  if (!is_array(right)) {  // not NotImplemented: NumPy's reflected operator would take over
    PyErr_Format(PyExc_TypeError, "unsupported operand type(s) for @: 'array' and '%s'", Py_TYPE(right)->tp_name);
    return nullptr;
  }
  return guarded([&] { return wrap(matmul(array_of(left), array_of(right))); });
}
PyObject* nb_inplace_matrix_multiply(PyObject* left, PyObject* right) {
  return rebind(left, nb_matrix_multiply(left, right));
}

PyObject* nb_negative(PyObject* self) {
  return guarded([&] { return wrap(negative(array_of(self))); });
}
PyObject* nb_positive(PyObject* self) {
  return guarded([&] { return wrap(array_of(self)); });
}
PyObject* nb_absolute(PyObject* self) {
  return guarded([&] { return wrap(abs(array_of(self))); });
}
PyObject* nb_invert(PyObject* self) {
  return guarded([&] {
    const array& x = array_of(self);
    if (x.dtype().is_inexact()) fail("array", "Floating point types not allowed with bitwise inversion.");
    return wrap(x.dtype() == bool_ ? logical_not(x) : bitwise_invert(x));
  });
}

template <Binary function>
PyObject* compare(const array& a, PyObject* other, const char* verb) {
  if (is_array(other)) return wrap(function(a, array_of(other), {}));
  const bool for_equality = function == static_cast<Binary>(equal) || function == static_cast<Binary>(not_equal);
  const std::optional<array> operand = operand_from(other, a.dtype());
  if (operand) return wrap(function(a, *operand, {}));
  if (other == Py_None) throw type_error("an array cannot be compared with None.");
  if (for_equality) return Py_NewRef(function == static_cast<Binary>(equal) ? Py_False : Py_True);
  fail("array", "Cannot perform ", verb, " on an mlx.core.array and ", Py_TYPE(other)->tp_name, ".");
}

PyObject* rich_compare(PyObject* self, PyObject* other, int op) {
  return guarded([&]() -> PyObject* {
    const array& a = array_of(self);
    switch (op) {
      case Py_EQ: return compare<equal>(a, other, "equality");
      case Py_NE: return compare<not_equal>(a, other, "inequality");
      case Py_LT: return compare<less>(a, other, "less than");
      case Py_LE: return compare<less_equal>(a, other, "less than or equal");
      case Py_GT: return compare<greater>(a, other, "greater than");
      default: return compare<greater_equal>(a, other, "greater than or equal");
    }
  });
}

}  // namespace

std::vector<PyType_Slot> operator_slots() {
  const auto slot = [](int id, auto* function) { return PyType_Slot{id, reinterpret_cast<void*>(function)}; };
  return {
#define OPERATOR(function, name, in_place_name, ...) slot(Py_##name, name), slot(Py_##in_place_name, in_place_name),
#include "bind/operators.def"
#undef OPERATOR
      slot(Py_nb_power, nb_power),
      slot(Py_nb_inplace_power, nb_inplace_power),
      slot(Py_nb_matrix_multiply, nb_matrix_multiply),
      slot(Py_nb_inplace_matrix_multiply, nb_inplace_matrix_multiply),
      slot(Py_nb_negative, nb_negative),
      slot(Py_nb_positive, nb_positive),
      slot(Py_nb_absolute, nb_absolute),
      slot(Py_nb_invert, nb_invert),
      slot(Py_tp_richcompare, rich_compare)};
}

void finish_operators() {
  PyObject* const names = array_type->tp_dict;
  for (const char* name : {"__rmatmul__", "__rand__", "__ror__", "__rxor__", "__rlshift__", "__rrshift__"})
    if (PyDict_DelItemString(names, name) != 0) PyErr_Clear();
  PyDict_SetItemString(names, "__div__", PyDict_GetItemString(names, "__truediv__"));
  PyDict_SetItemString(names, "__rdiv__", PyDict_GetItemString(names, "__rtruediv__"));
  PyType_Modified(array_type);
}

}  // namespace mlx
