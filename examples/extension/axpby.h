// alpha * x + beta * y as an operation of its own.
#pragma once

#include "mlx/mlx.h"

namespace axpby {

namespace mx = mlx::core;

/// alpha * x + beta * y, with broadcasting. float32; throws std::invalid_argument for other dtypes.
mx::array axpby(const mx::array& x, const mx::array& y, float alpha, float beta,
                mx::StreamOrDevice s = {});

/// The node of the graph behind it.
class Axpby final : public mx::Primitive {
 public:
  Axpby(mx::Stream stream, float alpha, float beta)
      : mx::Primitive(stream), alpha_(alpha), beta_(beta) {}
  const char* name() const override { return "Axpby"; }
  void eval(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> vjp(const std::vector<mx::array>& primals,
                             const std::vector<mx::array>& cotangents,
                             const std::vector<int>& argnums,
                             const std::vector<mx::array>& outputs) override;
  std::vector<mx::array> jvp(const std::vector<mx::array>& primals,
                             const std::vector<mx::array>& tangents,
                             const std::vector<int>& argnums) override;
  std::pair<std::vector<mx::array>, std::vector<int>> vmap(const std::vector<mx::array>& inputs,
                                                           const std::vector<int>& axes) override;
  std::vector<mx::Shape> output_shapes(const std::vector<mx::array>& inputs) override;
  bool is_equivalent(const mx::Primitive& other) const override;

 private:
  float alpha_, beta_;
};

}  // namespace axpby
