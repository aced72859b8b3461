// Rows: what Python gives for an expression, and the C++ expression that must give the same.
// tests/python/test_api_values.py reads them too, and holds that Python does give that.
#pragma once

#include <sstream>

#include "values.h"

/// "float32 (2,3) 1 2 3 4 5 6"
inline std::string description_of(const mx::array& a) {
  std::ostringstream text;
  text << a.dtype() << " (";
  for (size_t i = 0; i < a.ndim(); ++i) text << (i ? "," : "") << a.shape(int(i));
  text << ")";
  for (const double value : values_of(a)) text << " " << value;
  return text.str();
}

inline void expect_row(const char* file, int line, const char* python, const char* expected,
                       const mx::array& a) {
  std::istringstream words(expected);
  std::string dtype, shape;
  words >> dtype >> shape;
  std::vector<double> wanted;
  for (std::string word; words >> word;) wanted.push_back(std::stod(word));
  const std::string text = description_of(a);
  EXPECT_EQ(text.rfind(dtype + " " + shape, 0), 0u)
      << file << ":" << line << ": " << python << " is " << expected << ", here " << text;
  expect_values(file, line, python, a, wanted);
}

/// ROW("mx.add(a, b)", "float32 (2) 4 6", mx::add(a, b))
#define ROW(python, expected, ...) expect_row(__FILE__, __LINE__, python, expected, __VA_ARGS__);

/// A variable of the rows, in Python and in C++.
#define LET(name, python, ...) inline const mx::array name = __VA_ARGS__

LET(v, "mx.array([1.0, 2.0, 3.0, 4.0])", mx::array({1.0f, 2.0f, 3.0f, 4.0f}));
LET(m, "mx.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])",
    mx::array({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}, {2, 3}));
LET(q, "mx.array([[4.0, 1.0], [2.0, 3.0]])", mx::array({4.0f, 1.0f, 2.0f, 3.0f}, {2, 2}));
LET(i, "mx.array([3, 1, 2])", mx::array({3, 1, 2}));
LET(u, "mx.array([0.1, 0.5, 0.9])", mx::array({0.1f, 0.5f, 0.9f}));
LET(t, "mx.reshape(mx.arange(24), (2, 3, 4))", mx::reshape(mx::arange(24), {2, 3, 4}));
LET(z, "mx.array([1 + 2j, 3 - 4j])",
    mx::array({mx::complex64_t(1, 2), mx::complex64_t(3, -4)}, {2}));
LET(odd, "mx.array([float(\"nan\"), float(\"inf\"), -float(\"inf\"), 1.0])",
    mx::array({NAN, INFINITY, -INFINITY, 1.0f}));
