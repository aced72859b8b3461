// Numbers beside arrays, as C++ writes them.
#include <gtest/gtest.h>

#include <stdexcept>

#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"

namespace mlx {
namespace {

array signs(Dtype dtype) {
  const float values[] = {-1, 0, 2};
  return astype(array::from_host(values, {3}, float32), dtype);
}

float element(const array& x, int i) {
  return astype(take(x, i), float32).item<float>();
}

TEST(Operands, NumbersTakeTheDtypeOfTheArrayBesideThem) {
  for (const Dtype dtype : {float16, bfloat16, float32, float64}) {
    const array x = signs(dtype), y = where(x > 0, x, 0.0);
    EXPECT_EQ(y.dtype(), dtype);
    EXPECT_EQ(element(y, 0), 0);
    EXPECT_EQ(element(y, 2), 2);
    EXPECT_EQ((0.5 * x + 1).dtype(), dtype);
  }
  EXPECT_EQ((signs(int16) + 1).dtype(), int16);
  EXPECT_EQ((signs(int16) * 0.5).dtype(), float32);
  EXPECT_EQ((signs(bool_) + 1).dtype(), int32);
  EXPECT_EQ(add(signs(float16), std::complex<float>(0, 1)).dtype(), complex64);
}

TEST(Operands, TwoNumbersPromote) {
  EXPECT_EQ(add(1, true).dtype(), int32);
  EXPECT_EQ(maximum(int64_t(1) << 40, 2).dtype(), int64);
  EXPECT_EQ(where(true, 1, 2.5).item<float>(), 1);
}

TEST(Operands, IntegersThatDoNotFitAreRefused) {
  EXPECT_THROW(signs(uint8) + 256, std::invalid_argument);
  EXPECT_THROW(signs(int8) * -129, std::invalid_argument);
  EXPECT_EQ(logical_and(signs(int8), 300).dtype(), bool_);
}

TEST(Operands, OneIndexRemovesItsAxisAndBoundsMayBeMissing) {
  const array x = signs(float32);
  EXPECT_EQ(take(x, -1).ndim(), 0);
  EXPECT_EQ(take(zeros({2, 3}), 1, 1).shape(), Shape{2});
  EXPECT_EQ(element(clip(x, {}, 1.0), 2), 1);
  EXPECT_EQ(element(clip(x, 0, {}), 0), 0);
  EXPECT_THROW(clip(x, {}, {}), std::invalid_argument);
}

TEST(Operands, AValueFillsAShapeOrOneSize) {
  EXPECT_EQ(full(3, 2.5).shape(), Shape{3});
  EXPECT_EQ(full({2, 2}, 1, float16).dtype(), float16);
  EXPECT_EQ(full({2}, 2, bool_).dtype(), bool_);
  EXPECT_EQ(full_like(signs(int32), 2.75).dtype(), int32);
  EXPECT_EQ(arange(0, 1.0, 0.25).shape(), Shape{4});
}

}  // namespace
}  // namespace mlx
