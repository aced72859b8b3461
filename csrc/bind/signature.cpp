// Parsing of signatures and matching of calls.
#include "bind/signature.h"

#include <pybind11/eval.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "base/error.h"
#include "bind/dtypes.h"

namespace mlx {
namespace {

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \n"), last = text.find_last_not_of(" \n");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

/// Splits at the commas outside brackets and quotes.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote)
      quote = c == quote ? 0 : quote;
    else if (c == '\'' || c == '"')
      quote = c;
    else if (c == '(' || c == '[' || c == '{')
      ++depth;
    else if (c == ')' || c == ']' || c == '}')
      --depth;
    if (c == ',' && !depth && !quote) {
      parts.push_back(trimmed(part));
      part.clear();
    } else {
      part += c;
    }
  }
  if (!trimmed(part).empty()) parts.push_back(trimmed(part));
  return parts;
}

}  // namespace

py::dict default_names() {
  py::dict names;
  for (int id = 0; id < Dtype::count; ++id) {
    const Dtype dtype{Dtype::Id(id)};
    names[dtype == bool_ ? "bool_" : dtype.name()] = dtype_object(dtype);
  }
  names["inf"] = std::numeric_limits<double>::infinity();
  names["nan"] = std::numeric_limits<double>::quiet_NaN();
  return names;
}

PyObject* default_value(const std::string& text) {
  static auto& known = *new std::map<std::string, PyObject*>;
  PyObject*& value = known[text];
  return value ? value : value = py::eval(text, default_names()).release().ptr();
}

Signature::Signature(const char* function, const char* text) : function_(function), text_(text) {
  std::optional<Parameter> second;
  Parameter::Kind kind = Parameter::either;
  for (std::string part : split(text)) {
    if (part == "/") {
      for (Parameter& p : parameters_) p.kind = Parameter::positional_only;
      continue;
    }
    if (part == "*") {
      kind = Parameter::keyword_only;
      continue;
    }
    std::string first_name;
    if (const size_t at = part.find(" for "); at != std::string::npos) {
      first_name = part.substr(at + 5);
      text_.erase(text_.find(part) + at, part.size() - at);
      part.resize(at);
    }
    const size_t equals = part.find('=');
    std::string name = trimmed(part.substr(0, equals));
    Parameter parameter{name, kind, nullptr, nullptr};
    if (name[0] == '*') {
      parameter.name = name.substr(1);
      parameter.kind = Parameter::variadic;
      parameter.fallback = default_value("()");
      kind = Parameter::keyword_only;
      variadic_ = parameters_.size();
    }
    parameter.interned = PyUnicode_InternFromString(parameter.name.c_str());
    if (equals != std::string::npos)
      parameter.fallback = default_value(trimmed(part.substr(equals + 1)));
    if (parameter.kind == Parameter::either) ++positional_;
    if (first_name.empty()) {
      parameters_.push_back(std::move(parameter));
    } else {
      second = std::move(parameter);
      while (parameters_[first_name_].name != first_name) ++first_name_;
    }
  }
  has_second_name_ = bool(second);
  if (second) parameters_.push_back(std::move(*second));
}

void Signature::complain(const std::string& what) const {
  throw type_error(function_ + "(): " + what + " The signature is " + function_ + "(" + text_ +
                   ").");
}

void Signature::wrong(size_t parameter, PyObject* const* slots, const std::string& takes) const {
  const bool renamed = has_second_name_ && parameter == first_name_ && slots[size()] != Py_None;
  const std::string& name = parameters_[renamed ? size() : parameter].name;
  PyObject* const given = slots[parameter];
  if (PyLong_CheckExact(given) && (' ' + takes + ' ').find(" int ") != takes.npos)
    complain("argument '" + name + "' is an int out of range.");
  complain("argument '" + name + "' must be " + takes + ", not " + Py_TYPE(given)->tp_name + ".");
}

void Signature::merge_second_name(PyObject** slots) const {
  const Parameter &first = parameters_[first_name_], &second = parameters_.back();
  const auto is_given = [&](size_t i) { return slots[i] && slots[i] != Py_None; };
  if (first.fallback == Py_None && is_given(first_name_) == is_given(size()))
    fail<std::domain_error>(function_.c_str(), "give the value once, as ", first.name, " or as ",
                            second.name, ".");
  if (is_given(size())) slots[first_name_] = slots[size()];
}

size_t Signature::find(PyObject* name) const {
  for (size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i].interned == name) return i;
  for (size_t i = 0; i < parameters_.size(); ++i)
    if (PyUnicode_Compare(parameters_[i].interned, name) == 0) return i;
  return parameters_.size();
}

void Signature::match(PyObject* const* args, size_t count, PyObject* names, PyObject** slots,
                      py::object& rest) const {
  const size_t given = std::min(count, positional_);
  for (size_t i = 0; i < given; ++i) slots[i] = args[i];
  for (size_t i = given; i < parameters_.size(); ++i) slots[i] = nullptr;
  if (count > positional_) {
    if (variadic_ == size_t(-1))
      complain("takes at most " + std::to_string(positional_) + " positional arguments, got " +
               std::to_string(count) + ".");
    rest = owned(PyTuple_New(count - positional_));
    for (size_t i = positional_; i < count; ++i)
      PyTuple_SET_ITEM(rest.ptr(), i - positional_, Py_NewRef(args[i]));
    slots[variadic_] = rest.ptr();
  }
  const size_t keywords = names ? size_t(PyTuple_GET_SIZE(names)) : 0;
  for (size_t k = 0; k < keywords; ++k) {
    PyObject* const name = PyTuple_GET_ITEM(names, k);
    const size_t i = find(name);
    const auto text = [&] {
      return "'" + py::reinterpret_borrow<py::str>(name).cast<std::string>() + "'";
    };
    if (i == parameters_.size() || parameters_[i].kind == Parameter::variadic)
      complain("has no argument " + text() + ".");
    if (parameters_[i].kind == Parameter::positional_only)
      complain("argument " + text() + " can only be given by position.");
    if (slots[i]) complain("got argument " + text() + " twice.");
    slots[i] = args[count + k];
  }
  if (has_second_name_) merge_second_name(slots);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (slots[i]) continue;
    slots[i] = parameters_[i].fallback;
    if (!slots[i]) complain("argument '" + parameters_[i].name + "' is missing.");
  }
}

}  // namespace mlx
