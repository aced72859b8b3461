// The operation: its kernel, its derivatives, and how it runs over a batch.
#include "axpby.h"

#include <stdexcept>

namespace axpby {

namespace {

const mx::Kernel kernel("axpby", R"(
kernel void axpby(global const float* x, long x_offset, global const float* y, long y_offset,
                  global float* result, long result_offset, float alpha, float beta) {
  const size_t i = get_global_id(0);
  result[result_offset + i] = alpha * x[x_offset + i] + beta * y[y_offset + i];
}
)");

}  // namespace

mx::array axpby(const mx::array& x, const mx::array& y, float alpha, float beta,
                mx::StreamOrDevice s) {
  if (x.dtype() != mx::float32 || y.dtype() != mx::float32)
    throw std::invalid_argument("[axpby] x and y must be float32.");
  const auto arrays = mx::broadcast_arrays({x, y}, s);
  return mx::array(arrays[0].shape(), mx::float32,
                   std::make_shared<Axpby>(mx::to_stream(s), alpha, beta), arrays);
}

void Axpby::eval(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  if (outputs[0].size() == 0) return;
  kernel.run(stream(), outputs[0].size(),
             mx::Kernel::Arguments()
                 .in(inputs[0])
                 .in(inputs[1])
                 .out(outputs[0])
                 .value(alpha_)
                 .value(beta_));
}

std::vector<mx::array> Axpby::vjp(const std::vector<mx::array>&,
                                  const std::vector<mx::array>& cotangents,
                                  const std::vector<int>& argnums, const std::vector<mx::array>&) {
  std::vector<mx::array> results;
  for (const int argnum : argnums)
    results.push_back(cotangents[0] * (argnum == 0 ? alpha_ : beta_));
  return results;
}

std::vector<mx::array> Axpby::jvp(const std::vector<mx::array>& primals,
                                  const std::vector<mx::array>& tangents,
                                  const std::vector<int>& argnums) {
  mx::array sum = mx::zeros_like(primals[0]);
  for (size_t i = 0; i < argnums.size(); ++i)
    sum = sum + tangents[i] * (argnums[i] == 0 ? alpha_ : beta_);
  return {sum};
}

std::pair<std::vector<mx::array>, std::vector<int>> Axpby::vmap(
    const std::vector<mx::array>& inputs, const std::vector<int>& axes) {
  // The batch first in both, where one has it; broadcasting does the rest.
  std::vector<mx::array> moved;
  for (size_t i = 0; i < 2; ++i)
    moved.push_back(axes[i] < 0 ? mx::expand_dims(inputs[i], 0, stream())
                                : mx::moveaxis(inputs[i], axes[i], 0, stream()));
  return {{axpby(moved[0], moved[1], alpha_, beta_, stream())}, {0}};
}

std::vector<mx::Shape> Axpby::output_shapes(const std::vector<mx::array>& inputs) {
  return {inputs[0].shape()};
}

bool Axpby::is_equivalent(const mx::Primitive& other) const {
  const auto* same = dynamic_cast<const Axpby*>(&other);
  return same && same->alpha_ == alpha_ && same->beta_ == beta_;
}

}  // namespace axpby
