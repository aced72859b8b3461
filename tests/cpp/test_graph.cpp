// The graph floor: order of evaluation, deep graphs, donation, code generation and fusion.
#include <gtest/gtest.h>

#include "graph/codegen.h"
#include "graph/evaluate.h"
#include "graph/group_kernel.h"
#include "graph/order.h"
#include "graph/plan.h"
#include "ops/elementwise.h"
#include "ops/shape.h"
#include "transforms/autodiff.h"
#include "transforms/compile.h"

namespace mlx {
namespace {

array ramp(int32_t n) {
  std::vector<float> values(n);
  for (int32_t i = 0; i < n; ++i) values[i] = 0.25f * float(i) - 1;
  return array::from_host(values.data(), {n}, float32);
}

std::vector<float> floats(array x) {
  const array dense = contiguous(x);
  const float* const first = static_cast<const float*>(array(dense).host());
  return {first, first + x.size()};
}

TEST(Order, ListsInputsBeforeUsersAndEachNodeOnce) {
  const array a = ramp(3), b = exp(a), c = b + b, d = c * b;
  const auto order = topological_order({d}, [](const Node& node) { return !node.evaluated; });
  ASSERT_EQ(order.size(), 3u);
  EXPECT_EQ(order[0], &b.node());
  EXPECT_EQ(order[1], &c.node());
  EXPECT_EQ(order[2], &d.node());
}

TEST(Evaluate, GraphsOfAHundredThousandOperationsNeitherOverflowNorTurnQuadratic) {
  array x = ramp(4);
  for (int i = 0; i < 100000; ++i) x = x + 1.0;
  EXPECT_FLOAT_EQ(floats(x)[0], 99999.0f);
  array dropped = ramp(4);
  for (int i = 0; i < 100000; ++i) dropped = dropped * 2.0;
}

TEST(Evaluate, DetachesTheGraphOutsideOfTracing) {
  const array a = ramp(3), b = exp(a);
  eval({b});
  EXPECT_TRUE(b.is_evaluated());
  EXPECT_FALSE(b.has_primitive());
}

TEST(Evaluate, KeepsValuesThatSomebodyStillHolds) {
  const array a = ramp(1000), b = a * 2.0, c = b + 1.0;
  eval({c});
  EXPECT_FLOAT_EQ(floats(b)[8], 2.0f);
  EXPECT_FLOAT_EQ(floats(c)[8], 3.0f);
}

TEST(Evaluate, ReusesTheMemoryOfDyingInputs) {
  const size_t before = Device::get(DeviceType::cpu).allocator().active();
  array x = ramp(1 << 16);
  for (int i = 0; i < 20; ++i) x = sin(x);
  eval({x});
  EXPECT_LE(Device::get(DeviceType::cpu).allocator().active() - before, size_t(2 << 18) + 8192);
}

TEST(Codegen, GivesTheSameTextForTheSameGroup) {
  Group group{{float32, bfloat16}, {false, true}, {{{"(a + b)", float32}, float32, {0, 1}}}, {2}};
  EXPECT_EQ(source_of(group, "ckf", 0), source_of(group, "ckf", 0));
  EXPECT_NE(source_of(group, "ckf", 0), source_of(group, "gkf", 1));
}

TEST(Codegen, EveryFragmentHasItsOwnKernel) {
  std::vector<std::string> expressions;
  for (int i = 0; i < 512; ++i) expressions.push_back("a + " + std::to_string(i));
  const array x = ramp(3);
  for (const std::string& expression : expressions)
    for (int operand = 0; operand < Dtype::count; ++operand)
      for (const Dtype result : {bool_, Dtype(Dtype::Id(operand))}) {
        const Fragment fragment{expression.c_str(), Dtype::Id(operand), result == bool_};
        const Group::Step& step = single(fragment, {x}, result).group().steps[0];
        ASSERT_EQ(step.fragment.expression, expression);
        ASSERT_EQ(step.fragment.operand, fragment.operand);
        ASSERT_EQ(step.dtype, result);
      }
}

TEST(Codegen, FragmentsOfOneTextShareAKernel) {
  const std::string one = "a + 1.5f", other = one;
  const array x = ramp(3);
  EXPECT_EQ(&single({one.c_str(), float32}, {x}, float32),
            &single({other.c_str(), float32}, {x}, float32));
}

struct Layout {
  const char* name;
  array (*view)(const array&);
};
class Layouts : public testing::TestWithParam<Layout> {};
TEST_P(Layouts, ElementwiseReadsAnyView) {
  const array base = reshape(ramp(24), {4, 6});
  const array view = GetParam().view(base);
  const std::vector<float> got = floats(view * 2.0 + view), want = floats(view);
  for (size_t i = 0; i < want.size(); ++i) EXPECT_FLOAT_EQ(got[i], 3 * want[i]);
}
INSTANTIATE_TEST_SUITE_P(
    All, Layouts,
    testing::Values(
        Layout{"dense", +[](const array& x) { return x; }},
        Layout{"transposed", +[](const array& x) { return transpose(x); }},
        Layout{"sliced", +[](const array& x) { return slice(x, {1, 0}, {4, 6}, {2, 3}); }},
        Layout{"reversed", +[](const array& x) { return slice(x, {3, 5}, {-5, -7}, {-1, -1}); }},
        Layout{"broadcast",
               +[](const array& x) { return broadcast_to(expand_dims(x, {0}), {3, 4, 6}); }},
        Layout{"column", +[](const array& x) { return slice(x, {0, 2}, {4, 3}, {1, 1}); }}),
    [](const auto& info) { return info.param.name; });

TEST(Fusion, CompiledGroupsGiveTheEagerResult) {
  const auto f = [](const Arrays& x) {
    const array y = exp(x[0]) * x[1], z = y + sin(y);
    return Arrays{z / 3.0, astype(y, bfloat16), maximum(z, x[0])};
  };
  const Arrays inputs{ramp(100), ramp(100) * 0.5};
  const Compiled compiled = compile(f, inputs, false);
  const Arrays eager = f(inputs), fused = compiled(inputs);
  EXPECT_LT(compiled.plan().steps.size(), 6u);
  for (size_t i = 0; i < eager.size(); ++i)
    EXPECT_EQ(floats(astype(eager[i], float32)), floats(astype(fused[i], float32)));
}

TEST(Fusion, RepeatedEagerGroupsGiveTheSameResultsOnceFused) {
  const array x = astype(ramp(50), bfloat16);
  std::vector<float> first;
  for (int i = 0; i < 20; ++i) {
    const array y = sin(x) * x + exp(x), z = y * y;
    eval({y, z});
    const auto got = floats(astype(z, float32));
    if (first.empty()) first = got;
    EXPECT_EQ(got, first);
  }
}

TEST(Plan, MergesEqualStepsAndDropsUnusedOnes) {
  const auto f = [](const Arrays& x) {
    const array unused = cos(x[0]);
    (void)unused;
    return Arrays{exp(x[0]) + exp(x[0])};
  };
  const Arrays inputs{ramp(4)};
  const Compiled compiled = compile(f, inputs, false);
  EXPECT_EQ(compiled.plan().steps.size(), 1u);
}

TEST(Autodiff, SecondDerivatives) {
  const auto square = [](const Arrays& x) { return Arrays{x[0] * x[0] * x[0]}; };
  const auto gradient = [&](const Arrays& x) { return value_and_gradient(square, x).second; };
  const Arrays at{array(2.0f)};
  array second = value_and_gradient(gradient, at).second[0];
  EXPECT_FLOAT_EQ(second.item<float>(), 12.0f);
}

}  // namespace
}  // namespace mlx
