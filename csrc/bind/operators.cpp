// The number slots and comparisons of array: the hottest path of every script, so pairs of arrays
// go straight to the row of their operation.
#include "bind/operators.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "bind/convert.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"

namespace mlx {
namespace {

using Binary = array (*)(Operand, Operand, StreamOrDevice);

enum Sides { one_sided, reflected };
enum Operands { any_dtype, integers };

PyObject* not_implemented() {
  return Py_NewRef(Py_NotImplemented);
}

void check_integers(const array& a, const char* verb) {
  if (a.dtype().is_inexact()) fail("array", "Floating point types not allowed with ", verb, ".");
}

/// What stands beside `x`, if it is an operand.
std::optional<Operand> operand_from(PyObject* object, const array& x) {
  if (is_array(object)) return array_of(object);
  if (is_number(object)) return number_of(object);
  return foreign_operand(object, x.dtype());
}

const ElementwiseRow& row_named(std::string_view name) {
  const auto& rows = elementwise_rows();
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const ElementwiseRow& row) { return name == row.name; });
}

PyObject* apply_to_arrays(const ElementwiseRow& row, PyObject* left, PyObject* right) {
  Arrays operands;
  operands.reserve(2);
  operands.push_back(array_of(left));
  operands.push_back(array_of(right));
  return wrap(apply_elementwise(row, std::move(operands), {}));
}

[[noreturn]] void no_operand(PyObject* object, const char* verb) {
  fail("array", "Cannot perform ", verb, " on an mlx.core.array and ", Py_TYPE(object)->tp_name,
       ".");
}

template <Binary function, Sides sides, Operands operands>
PyObject* binary(PyObject* left, PyObject* right, const char* name, const char* verb) {
  static const ElementwiseRow& row = row_named(name);
  const bool from_left = is_array(left);
  if (!from_left && sides == one_sided) return not_implemented();
  return guarded([&]() -> PyObject* {
    if (operands == any_dtype && from_left && is_array(right))
      return apply_to_arrays(row, left, right);
    const array& x = array_of(from_left ? left : right);
    PyObject* const object = from_left ? right : left;
    std::optional<Operand> other = operand_from(object, x);
    if (!other && object == Py_None) return not_implemented();
    if (!other) no_operand(object, verb);
    if constexpr (operands == integers) {
      *other = to_array_beside(std::move(*other), x.dtype());
      check_integers(x, verb);
      check_integers(*other->as_array(), verb);
    }
    return wrap(from_left ? function(x, std::move(*other), {})
                          : function(std::move(*other), x, {}));
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
    PyErr_SetString(PyExc_ValueError,
                    "In-place division is not allowed for integer and boolean arrays.");
    return nullptr;
  }
  return rebind(self, result(self, other));
}

#define OPERATOR(function, slot, in_place_slot, sides, operands, verb)      \
  PyObject* slot(PyObject* left, PyObject* right) {                         \
    return binary<function, sides, operands>(left, right, #function, verb); \
  }                                                                         \
  PyObject* in_place_slot(PyObject* left, PyObject* right) {                \
    return in_place<function>(left, slot, right);                           \
  }
#include "bind/operators.def"
#undef OPERATOR

PyObject* nb_power(PyObject* left, PyObject* right, PyObject* modulus) {
  if (modulus != Py_None) return not_implemented();
  return binary<power, reflected, any_dtype>(left, right, "power", "power");
}
PyObject* nb_inplace_power(PyObject* left, PyObject* right, PyObject* modulus) {
  return rebind(left, nb_power(left, right, modulus));
}

PyObject* nb_matrix_multiply(PyObject* left, PyObject* right) {
  if (!is_array(left)) return not_implemented();
  if (!is_array(right)) {  // not NotImplemented: NumPy's reflected operator would take over
    PyErr_Format(PyExc_TypeError, "unsupported operand type(s) for @: 'array' and '%s'",
                 Py_TYPE(right)->tp_name);
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
    check_integers(x, "bitwise inversion");
    return wrap(x.dtype() == bool_ ? logical_not(x) : bitwise_invert(x));
  });
}

template <Binary function>
PyObject* compare(PyObject* self, PyObject* object, const char* name, const char* verb) {
  static const ElementwiseRow& row = row_named(name);
  if (is_array(object)) return apply_to_arrays(row, self, object);
  const array& a = array_of(self);
  if (std::optional<Operand> other = operand_from(object, a))
    return wrap(function(a, std::move(*other), {}));
  if (object == Py_None) throw type_error("an array cannot be compared with None.");
  if (function == static_cast<Binary>(equal)) return Py_NewRef(Py_False);
  if (function == static_cast<Binary>(not_equal)) return Py_NewRef(Py_True);
  no_operand(object, verb);
}

PyObject* rich_compare(PyObject* self, PyObject* other, int op) {
  return guarded([&]() -> PyObject* {
    switch (op) {
      case Py_EQ:
        return compare<equal>(self, other, "equal", "equality");
      case Py_NE:
        return compare<not_equal>(self, other, "not_equal", "inequality");
      case Py_LT:
        return compare<less>(self, other, "less", "less than");
      case Py_LE:
        return compare<less_equal>(self, other, "less_equal", "less than or equal");
      case Py_GT:
        return compare<greater>(self, other, "greater", "greater than");
      default:
        return compare<greater_equal>(self, other, "greater_equal", "greater than or equal");
    }
  });
}

}  // namespace

std::vector<PyType_Slot> operator_slots() {
  const auto slot = [](int id, auto* function) {
    return PyType_Slot{id, reinterpret_cast<void*>(function)};
  };
  return {
#define OPERATOR(function, name, in_place_name, ...) \
  slot(Py_##name, name), slot(Py_##in_place_name, in_place_name),
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
  for (const char* name :
       {"__rmatmul__", "__rand__", "__ror__", "__rxor__", "__rlshift__", "__rrshift__"})
    if (PyDict_DelItemString(names, name) != 0) PyErr_Clear();
  PyDict_SetItemString(names, "__div__", PyDict_GetItemString(names, "__truediv__"));
  PyDict_SetItemString(names, "__rdiv__", PyDict_GetItemString(names, "__rtruediv__"));
  PyType_Modified(array_type);
}

}  // namespace mlx
