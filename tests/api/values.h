// Comparing arrays with the values that they must have.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "mlx/mlx.h"

namespace mx = mlx::core;

/// The values as doubles, row by row; a complex value counts as two.
inline std::vector<double> values_of(const mx::array& a) {
  std::vector<double> values;
  if (a.dtype() == mx::complex64) {
    mx::array dense = mx::contiguous(a);
    for (size_t i = 0; i < dense.size(); ++i) {
      const auto value = dense.data<mx::complex64_t>()[i];
      values.insert(values.end(), {value.real(), value.imag()});
    }
    return values;
  }
  mx::array dense =
      mx::contiguous(mx::astype(a, mx::float64, mx::Device::cpu), false, mx::Device::cpu);
  const double* data = dense.data<double>();
  values.assign(data, data + dense.size());
  return values;
}

inline void expect_values(const char* file, int line, const char* text, const mx::array& a,
                          const std::vector<double>& expected) {
  const std::vector<double> values = values_of(a);
  if (values.size() != expected.size()) {
    ADD_FAILURE_AT(file, line) << text << " has " << values.size() << " values: " << a;
    return;
  }
  for (size_t i = 0; i < values.size(); ++i)
    if (!(std::isnan(values[i]) && std::isnan(expected[i])) && values[i] != expected[i] &&
        std::abs(values[i] - expected[i]) > 1e-4 * std::max(1.0, std::abs(expected[i])))
      ADD_FAILURE_AT(file, line) << text << ": value " << i << " is " << values[i] << ", not "
                                 << expected[i];
}

/// EXPECT_VALUES(mx::add(a, b), 4, 6)
#define EXPECT_VALUES(a, ...) expect_values(__FILE__, __LINE__, #a, a, {__VA_ARGS__})
