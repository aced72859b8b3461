// C++ exceptions becoming Python ones, and Ctrl-C becoming a C++ exception.
#include "bind/errors.h"

#include <new>
#include <thread>

#include "bind/gil.h"
#include "cl/lifetime.h"
#include "cl/submission.h"

namespace mlx {

void set_python_error() {
  try {
    throw;
  } catch (py::error_already_set& e) {
    e.restore();
  } catch (const py::builtin_exception& e) {
    e.set_error();
  } catch (const type_error& e) {
    PyErr_SetString(PyExc_TypeError, e.what());
  } catch (const std::domain_error& e) {
    PyErr_SetString(PyExc_TypeError, e.what());
  } catch (const std::invalid_argument& e) {
    PyErr_SetString(PyExc_ValueError, e.what());
  } catch (const std::out_of_range& e) {
    PyErr_SetString(PyExc_IndexError, e.what());
  } catch (const std::overflow_error& e) {
    PyErr_SetString(PyExc_OverflowError, e.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "unknown C++ exception");
  }
}

void bind_errors() {
  py::register_exception_translator([](std::exception_ptr e) {
    if (!e) return;
    try {
      std::rethrow_exception(e);
    } catch (...) {
      set_python_error();
    }
  });
}

namespace {
std::thread::id main_thread;

void check_signals() {
  if (std::this_thread::get_id() != main_thread)
    return;  // Python runs signal handlers on its main thread only
  const py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}
/// Without the GIL, if this thread has it.
void without_gil(void (*wait)(void*), void* argument) {
  if (!PyGILState_Check()) return wait(argument);
  const WithoutGil released;
  wait(argument);
}
}  // namespace

void bind_interrupts() {
  run_blocking = without_gil;
  // While Python still stands, since C's exit handlers are too late for some drivers.
  py::module_::import("atexit").attr("register")(
      py::cpp_function(prepare_exit, py::call_guard<py::gil_scoped_release>()));
  const py::object main = py::module_::import("threading").attr("main_thread")().attr("ident");
  if (main.cast<unsigned long>() != PyThread_get_thread_ident()) return;
  main_thread = std::this_thread::get_id();
  check_interrupt = check_signals;
}

}  // namespace mlx
