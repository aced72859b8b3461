// How expressions over values of one dtype become OpenCL text.
#include "graph/expression.h"

#include <cctype>
#include <cstring>

namespace mlx {
namespace {

std::string as_type(const std::string& type, const std::string& x) {
  return "CONVERT(" + type + ", " + x + ")";
}

/// Fills an expression in: operands a, b, c and the placeholders.
std::string fill(const char* expression, const std::string* operands, Dtype dtype) {
  std::string text;
  for (const char* p = expression; *p; ++p) {
    const bool alone =
        (p == expression || !(isalnum(p[-1]) || p[-1] == '_' || p[-1] == '.' || p[-1] == '$')) &&
        !(isalnum(p[1]) || p[1] == '_');
    if (alone && *p >= 'a' && *p <= 'c') {
      text += operands[*p - 'a'];
    } else if (*p == '$' && p[1] == 'T') {
      text += "VALUE(" + tag(dtype) + ")", ++p;
    } else if (*p == '$' && p[1] == 'C') {
      text += std::string("CAT(CAT(convert_, ") + dtype.computed() + "), V)", ++p;
    } else if (*p == '$' && p[1] == 'N') {
      text += tag(dtype), ++p;
    } else if (*p == '$' && p[1] == 'W') {
      text += tag(working_dtype(dtype)), ++p;
    } else if (*p == '$' && p[1] == 'K') {
      const char* const close = strchr(p, ')');
      const std::string number(p + 3, close);
      text += number + (dtype == float64 ? "" : "f");
      p = close;
    } else {
      text += *p;
    }
  }
  return text;
}

}  // namespace

void Features::add(const Fragment& fragment) {
  const std::string_view text = fragment.expression;
  const bool named = text.find("_$N(") != text.npos || text.find("_$W(") != text.npos;
  integer_ |= named && !fragment.operand.is_inexact();
  floating_ |= named && fragment.operand.is_floating();
  erfinv_ |= text.find("inverse_erf") != text.npos;
  add(fragment.operand);
}

std::string Features::text() const {
  return std::string(complex_ ? "#define USE_COMPLEX\n" : "") +
         (integer_ ? "#define USE_INTEGER\n" : "") + (floating_ ? "#define USE_FLOAT\n" : "") +
         (erfinv_ ? "#define USE_ERFINV\n" : "");
}

std::string tag(Dtype dtype) {
  return dtype == bool_ ? "bool8" : dtype.name();
}

Dtype working_dtype(Dtype dtype) {
  return dtype.is_half() ? float32 : dtype;
}

std::string rounded(const std::string& x, Dtype dtype) {
  return dtype.is_half() ? "ROUND(" + tag(dtype) + ", " + x + ")" : x;
}

std::string convert(const std::string& x, Dtype from, Dtype to) {
  if (from == to) return x;
  if (to == bool_)
    return from.is_complex() ? "TO_BOOL((" + x + ".re != 0) | (" + x + ".im != 0))"
                             : "TO_BOOL(" + x + " != (VALUE(" + tag(from) + "))(0))";
  if (to.is_complex()) return "c_real(" + convert(x, from, float32) + ")";
  if (from.is_complex()) return convert(x + ".re", float32, to);
  if (from.is_floating() && to.is_integer() && to != int32 &&
      to != int64) {  // wraps, where OpenCL leaves it open
    const std::string wrapped = as_type(to.computed(), as_type(to.size() < 4 ? "int" : "long", x));
    if (to != uint64) return wrapped;
    return "select(" + as_type("ulong", x) + ", " + wrapped + ", " + as_type("long", x + " < 0") +
           ")";
  }
  const std::string type = to.computed();
  return type == from.computed() ? x : as_type(type, x);
}

std::string computed(const Fragment& fragment, Dtype result, const std::string* operands) {
  const std::string value = fill(fragment.expression, operands, fragment.operand);
  if (fragment.boolean) return "TO_BOOL(" + value + ")";
  if (result == bool_) return "TO_BOOL((" + value + ") != (uchar)0)";  // True + True is 2 as a byte
  return value;
}

}  // namespace mlx
