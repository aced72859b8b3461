// Python signatures, parsed once from text such as "a, /, axis=None, *, stream=None", and calls
// matched against them.
//
// "…, *, correction=None for ddof" gives a parameter a second name: what is given as correction is
// passed as ddof. A parameter whose own default is None has to be given, by one of the two.
#pragma once

#include <string>
#include <vector>

#include "bind/errors.h"

namespace mlx {

struct Parameter {
  enum Kind { positional_only, either, keyword_only, variadic };
  std::string name;
  Kind kind;
  PyObject* interned;  ///< the name as Python's
  PyObject* fallback;  ///< the default, or null when the argument is required
};

class Signature {
 public:
  /// Defaults are Python literals, `inf`, `nan` or names of dtypes.
  Signature(const char* function, const char* text);
  const std::string& function() const { return function_; }
  /// As Python writes it, without what a second name stands for.
  const std::string& text() const { return text_; }
  /// How many parameters the C++ function has.
  size_t size() const { return parameters_.size() - has_second_name_; }

  /// Fills `slots` (size() + 1, borrowed; the last one is for a second name) from a vectorcall. A
  /// variadic parameter takes a new tuple, which `rest` owns. Throws type_error that names the
  /// function and the argument.
  void match(PyObject* const* args, size_t count, PyObject* names, PyObject** slots,
             py::object& rest) const;

  [[noreturn]] void wrong(size_t parameter, PyObject* const* slots, const std::string& takes) const;

 private:
  size_t find(PyObject* name) const;
  void merge_second_name(PyObject** slots) const;
  [[noreturn]] void complain(const std::string& what) const;

  std::string function_, text_;
  std::vector<Parameter> parameters_;
  size_t positional_ = 0;  ///< how many may be given by position
  size_t variadic_ = size_t(-1);
  bool has_second_name_ = false;  ///< that of the last of parameters_
  size_t first_name_ = 0;         ///< the parameter it stands for
};

/// The names that defaults may use.
py::dict default_names();
/// The value of a default's text; borrowed, kept for good.
PyObject* default_value(const std::string& text);

}  // namespace mlx
