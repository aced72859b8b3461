// C++ exceptions becoming Python ones, and the exceptions only Python knows.
#pragma once

#include <pybind11/pybind11.h>

#include <stdexcept>
#include <string>

namespace py = pybind11;

namespace mlx {

/// Becomes TypeError.
struct type_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Sets the Python error for the exception being handled. Call it inside `catch (...)`.
void set_python_error();

/// For functions of the C API: runs `f`, and on an exception sets the Python error and returns
/// `failed`.
template <typename F, typename R = decltype(std::declval<F>()())>
R guarded(F&& f, R failed = {}) {
  try {
    return f();
  } catch (...) {
    set_python_error();
    return failed;
  }
}

/// The result of a C API call as an owned object; throws the pending Python error when it is null.
inline py::object owned(PyObject* result) {
  if (!result) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

/// Lets pybind11's own functions raise the same errors.
void bind_errors();

/// Lets Ctrl-C interrupt waits, and other Python threads run during them.
void bind_interrupts();

}  // namespace mlx
