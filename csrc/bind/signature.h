// Python signatures, parsed once from text such as "a, /, axis=None, *, stream=None", and calls matched against them.
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
  const std::string& text() const { return text_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  size_t size() const { return parameters_.size(); }

  /// Fills `slots` (one per parameter, borrowed) from a vectorcall. A variadic parameter takes a new tuple, which
  /// `rest` owns. Throws type_error that names the function and the argument.
  void match(PyObject* const* args, size_t count, PyObject* names, PyObject** slots, py::object& rest) const;

  [[noreturn]] void wrong(size_t parameter, PyObject* value, const std::string& takes) const;

 private:
  size_t find(PyObject* name) const;
  [[noreturn]] void complain(const std::string& what) const;

  std::string function_, text_;
  std::vector<Parameter> parameters_;
  size_t positional_ = 0;    ///< how many may be given by position
  size_t variadic_ = size_t(-1);
};

/// The names that defaults may use.
py::dict default_names();
/// The value of a default's text; borrowed, kept for good.
PyObject* default_value(const std::string& text);

}  // namespace mlx
