// Arrays from Python objects: numbers, nested lists, foreign memory and __mlx_array__.
#include "bind/convert.h"

#include <complex>

#include "base/error.h"
#include "bind/host_data.h"
#include "bind/trees.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {
namespace {

int64_t integer_of(PyObject* object) {
  int overflow = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow) fail<std::runtime_error>("array", "an int beyond 64 bits cannot become an array.");
  return value;
}

}  // namespace

Scalar number_of(PyObject* object) {
  if (PyFloat_Check(object)) return PyFloat_AS_DOUBLE(object);
  if (PyBool_Check(object)) return object == Py_True;
  if (PyLong_Check(object)) return integer_of(object);
  const Py_complex value = PyComplex_AsCComplex(object);
  return std::complex<float>(float(value.real), float(value.imag));
}

std::optional<Scalar> converted_number(PyObject* object) {
  const PyNumberMethods* const methods = Py_TYPE(object)->tp_as_number;
  const bool converts = methods && (methods->nb_float || methods->nb_index);
  if (!converts &&
      !PyObject_HasAttrString(reinterpret_cast<PyObject*>(Py_TYPE(object)), "__complex__"))
    return {};
  const Py_complex value = PyComplex_AsCComplex(object);
  if (PyErr_Occurred()) {
    PyErr_Clear();
    return {};
  }
  return std::complex<float>(float(value.real), float(value.imag));
}

namespace {

bool is_list(PyObject* object) {
  return PyList_Check(object) || PyTuple_Check(object);
}

[[noreturn]] void no_data(PyObject* object) {
  fail("array", "an object of type ", Py_TYPE(object)->tp_name, " cannot become an array.");
}

/// Numbers collected from nested lists, all of one kind.
class Numbers {
 public:
  /// Reads the lists; false when an array is among the items (then they have to be stacked).
  bool read(PyObject* list) {
    measure(list);
    return collect(list, 0);
  }
  array to_array(std::optional<Dtype> requested) const {
    const Dtype dtype = requested ? *requested : natural_dtype();
    return host_array(shape_, dtype, [&](void* out) {
      visit(dtype, [&](auto zero) { fill(static_cast<decltype(zero)*>(out)); });
    });
  }

 private:
  enum Rank { none, boolean, integer, real, complex };
  struct Number {
    double real, imaginary;
    int64_t integer;
  };

  Dtype natural_dtype() const {
    switch (rank_) {
      case boolean:
        return bool_;
      case integer:
        return wide_ ? int64 : int32;
      case complex:
        return complex64;
      default:
        return float32;
    }
  }

  void measure(PyObject* item) {
    for (; is_list(item); item = PySequence_Fast_GET_ITEM(item, 0)) {
      const Py_ssize_t length = PySequence_Fast_GET_SIZE(item);
      shape_.push_back(dimension(length, "array"));
      if (!length) return;
      if (shape_.size() > 512) fail("array", "the lists are nested too deeply.");
    }
  }

  bool collect(PyObject* list, size_t depth) {
    const Py_ssize_t length = PySequence_Fast_GET_SIZE(list);
    if (length != shape_[depth]) fail("array", "the nested lists have a non-uniform length.");
    const bool last = depth + 1 == shape_.size();
    for (Py_ssize_t i = 0; i < length; ++i) {
      PyObject* const item = PySequence_Fast_GET_ITEM(list, i);
      if (is_array(item)) return false;
      if (is_list(item)) {
        if (last) fail("array", "an item of the nested lists has an extra dimension.");
        if (!collect(item, depth + 1)) return false;
      } else if (!is_number(item)) {
        no_data(item);
      } else if (last) {
        add(item);
      } else {
        fail("array", "the nested lists have a non-uniform length.");
      }
    }
    return true;
  }

  void add(PyObject* item) {
    Rank rank;
    Number number{0, 0, 0};
    if (PyFloat_Check(item)) {
      rank = real;
      number.real = PyFloat_AS_DOUBLE(item);
      number.integer = int64_t(number.real);
    } else if (PyLong_Check(item)) {
      rank = PyBool_Check(item) ? boolean : integer;
      number.integer = integer_of(item);
      number.real = double(number.integer);
      wide_ |= number.integer != int32_t(number.integer);
    } else {
      rank = complex;
      const Py_complex value = PyComplex_AsCComplex(item);
      number = {value.real, value.imag, int64_t(value.real)};
    }
    rank_ = std::max(rank_, rank);
    numbers_.push_back(number);
  }

  template <typename T>
  void fill(T* out) const {
    for (const Number& n : numbers_) {
      if constexpr (std::is_same_v<T, complex64_t>)
        *out++ = T(float(n.real), float(n.imaginary));
      else if constexpr (std::is_same_v<T, bool>)
        *out++ = n.real != 0 || n.imaginary != 0;
      else if constexpr (std::is_integral_v<T>)
        *out++ = T(n.integer);
      else if constexpr (std::is_class_v<T>)
        *out++ = T(float(n.real));
      else
        *out++ = T(n.real);
    }
  }

  Shape shape_;
  Rank rank_ = none;
  bool wide_ = false;
  std::vector<Number> numbers_;
};

array stacked(PyObject* list, std::optional<Dtype> dtype) {
  const Level level;
  Arrays items;
  std::optional<Dtype> common = dtype;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list); ++i) {
    PyObject* const item = PySequence_Fast_GET_ITEM(list, i);
    items.push_back(array_from(item));
    if (items[i].shape() != items[0].shape())
      fail("array", "the nested items have shapes of non-uniform length.");
    if (!dtype) common = common ? promote(*common, items[i].dtype()) : items[i].dtype();
  }
  for (array& item : items) item = expand_dims(astype(item, *common), {0});
  return concatenate(items, 0);
}

std::optional<array> array_from_method(PyObject* object, std::optional<Dtype> dtype) {
  if (!PyObject_HasAttrString(object, "__mlx_array__")) return {};
  py::object result = py::handle(object).attr("__mlx_array__");
  if (!is_array(result.ptr())) result = result();
  if (!is_array(result.ptr()))
    fail<std::runtime_error>("array", "__mlx_array__ did not return an array.");
  const array& value = array_of(result.ptr());
  return dtype ? astype(value, *dtype) : value;
}

array from_list(PyObject* list, std::optional<Dtype> dtype) {
  Numbers numbers;
  return numbers.read(list) ? numbers.to_array(dtype) : stacked(list, dtype);
}

}  // namespace

std::optional<array> foreign_array(PyObject* object, std::optional<Dtype> dtype) {
  if (PyUnicode_Check(object)) return {};
  if (std::optional<array> result = array_from_buffer(object, dtype)) return result;
  if (std::optional<array> result = array_from_method(object, dtype)) return result;
  try {
    return array_from_dlpack(object, dtype);
  } catch (const py::error_already_set& e) {
    if (!e.matches(PyExc_BufferError)) throw;
    fail<std::runtime_error>("array", "an object of type ", Py_TYPE(object)->tp_name,
                             " cannot export its elements.");
  }
}

array array_from(PyObject* value, std::optional<Dtype> dtype) {
  if (is_array(value)) return dtype ? astype(array_of(value), *dtype) : array_of(value);
  if (is_number(value)) {
    const Scalar number = number_of(value);
    return to_array(number, dtype ? *dtype : dtype_of(number));
  }
  if (is_list(value)) return from_list(value, dtype);
  if (std::optional<array> result = foreign_array(value, dtype)) return *result;
  no_data(value);
}

array as_array(PyObject* value, std::optional<Dtype> dtype, std::optional<bool> copy) {
  if (copy != false) return array_from(value, dtype);
  fail("asarray", "memory cannot be shared; copy=False is not possible.");
}

std::optional<Operand> foreign_operand(PyObject* object, std::optional<Dtype> beside) {
  if (is_list(object) || object == Py_None) return {};
  if (const std::optional<array> method = array_from_method(object, {})) return *method;
  try {
    if (const std::optional<array> foreign = foreign_array(object, beside)) return *foreign;
  } catch (const std::runtime_error&) {
    // Elements that no dtype holds, such as text: no operand, or a number in its own right.
  }
  if (const std::optional<Scalar> number = converted_number(object)) return *number;
  return {};
}

}  // namespace mlx
