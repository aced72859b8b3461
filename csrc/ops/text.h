// Arrays as text.
#pragma once

#include <string>

#include "graph/array.h"

namespace mlx {

struct PrintOptions {
  int precision = -1;  ///< decimals; -1: six significant digits
};
/// In force for the whole process.
extern PrintOptions print_options;

/// "0.333333", "1e-07".
std::string six_digits(double value);
/// A number with the precision in force.
std::string format_number(double value);
/// "array([1, 2], dtype=int32)". Evaluates. Truth values are written as Python's or as C++'s.
enum class Bools { python, cpp };
std::string format_array(array value, Bools bools = Bools::python);

}  // namespace mlx
