// Comparisons of whole arrays, with tolerances and for what is not a number.
#pragma once

#include "ops/types.h"

namespace mlx {

/// |a - b| <= atol + rtol * |b| in float32; infinities are close when their signs agree.
array isclose(const array& a, const array& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false, StreamOrDevice s = {});
array allclose(const array& a, const array& b, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false, StreamOrDevice s = {});
/// One bool: false, and no error, when the shapes differ.
array array_equal(const Operand& a, const Operand& b, bool equal_nan = false,
                  StreamOrDevice s = {});
/// NaN and the infinities replaced by numbers; by default 0 and the ends of the dtype's range.
array nan_to_num(const Operand& a, float nan = 0, std::optional<float> posinf = {},
                 std::optional<float> neginf = {}, StreamOrDevice s = {});

}  // namespace mlx
