// The callable behind every operation: matches the arguments to the signature, converts them by the
// C++ parameter types, calls the C++ function and converts the result.
#pragma once

#include <array>

#include "bind/arguments.h"
#include "bind/results.h"

namespace mlx {

/// A Python function or a method of array (whose first argument is the array it is taken from).
struct Operation {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  const Signature* signature;
  const char* doc;
  PyObject* module;  ///< its name
  PyObject* weakrefs;
};

/// Adds a function to a module or a method to the array type. `count` is how many parameters the
/// C++ function has.
void add_function(py::handle module, const char* name, vectorcallfunc call, size_t count,
                  const char* signature, const char* doc);
void add_method(const char* name, vectorcallfunc call, size_t count, const char* signature,
                const char* doc);
/// Makes a function of `module` a method, too; its first parameter becomes self.
void add_method_of_function(py::handle module, const char* method, const char* function);
/// Makes the two types of callables.
void bind_operations(py::module_& m);

template <typename T>
using Plain = std::remove_cvref_t<T>;

/// How a converted argument is kept until the call: arrays by reference, everything else by value.
template <typename T>
using Kept = decltype(Argument<Plain<T>>::from(nullptr, std::declval<const CallArguments&>()));

template <typename F>
struct Invocation;

template <typename R, typename... P>
struct Invocation<R (*)(P...)> {
  static constexpr size_t count = sizeof...(P);

  template <R (*function)(P...)>
  static PyObject* call(PyObject* self, PyObject* const* args, size_t nargs, PyObject* names) {
    try {
      return call<function>(*reinterpret_cast<Operation*>(self)->signature, args, nargs, names);
    } catch (...) {
      set_python_error();
      return nullptr;
    }
  }

  /// The call by a signature of its own; C++ exceptions come out.
  template <R (*function)(P...)>
  static PyObject* call(const Signature& signature, PyObject* const* args, size_t nargs,
                        PyObject* names) {
    PyObject* slots[count + 1];
    py::object rest;
    signature.match(args, size_t(PyVectorcall_NARGS(nargs)), names, slots, rest);
    return run<function>(signature, slots, std::index_sequence_for<P...>());
  }

 private:
  template <R (*function)(P...), size_t... I>
  static PyObject* run(const Signature& signature, PyObject* const* slots,
                       std::index_sequence<I...>) {
    const CallArguments call{slots, count, operands};
    // Braces convert from left to right.
    std::tuple<Kept<P>...> kept{convert<P>(signature, slots, I, call)...};
    if constexpr (std::is_void_v<R>) {
      function(std::get<I>(std::move(kept))...);
      return Py_NewRef(Py_None);
    } else {
      return to_python(function(std::get<I>(std::move(kept))...));
    }
  }

  template <typename T>
  static constexpr bool is_operand =
      std::is_same_v<Plain<T>, array> || std::is_same_v<Plain<T>, Operand>;
  static constexpr uint64_t operands = [] {
    uint64_t bits = 0, bit = 1;
    ((bits |= is_operand<P> ? bit : 0, bit <<= 1), ...);
    return bits;
  }();

  template <typename T>
  static Kept<T> convert(const Signature& signature, PyObject* const* slots, size_t i,
                         const CallArguments& call) {
    try {
      return Argument<Plain<T>>::from(slots[i], call);
    } catch (const Mismatch&) {
      signature.wrong(i, slots, Argument<Plain<T>>::takes());
    }
  }
};

/// The vectorcall of a C++ function with the parameter types of ops/types.h.
template <auto function>
constexpr vectorcallfunc bound = &Invocation<decltype(function)>::template call<function>;

template <auto function>
void add_function(py::handle module, const char* name, const char* signature, const char* doc) {
  add_function(module, name, bound<function>, Invocation<decltype(function)>::count, signature,
               doc);
}
template <auto function>
void add_method(const char* name, const char* signature, const char* doc) {
  add_method(name, bound<function>, Invocation<decltype(function)>::count, signature, doc);
}

}  // namespace mlx
