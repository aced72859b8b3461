// How expressions over values of one dtype become OpenCL text.
//
// A Fragment's expression is written over operands a, b, c of one value type (a vector of V
// elements) and may use
//   $T the value type          $C(x) conversion to it       $K(1.5) a literal of its base type
//   $N the dtype's name        $W the name of the dtype that values are computed in: float32 for
//                              the halves
#pragma once

#include <string>

#include "graph/primitive.h"

namespace mlx {

/// The parts of kernels/vector.clh that some text needs, as macros.
class Features {
 public:
  void add(Dtype dtype) { complex_ |= dtype.is_complex(); }
  void add(const Fragment& fragment);
  std::string text() const;

 private:
  bool complex_ = false, integer_ = false, floating_ = false, erfinv_ = false;
};

/// The dtype's name in kernel text.
std::string tag(Dtype dtype);
/// float32 for the halves, which are computed in it; else the dtype itself.
Dtype working_dtype(Dtype dtype);
/// Rounds `x` to a half dtype; other dtypes leave it as it is.
std::string rounded(const std::string& x, Dtype dtype);
/// A value of another dtype, a half still to be rounded.
std::string convert(const std::string& x, Dtype from, Dtype to);
/// What an operation computes from operands of its dtype, a half still to be rounded.
std::string computed(const Fragment& fragment, Dtype result, const std::string* operands);

}  // namespace mlx
