// An elementwise group and the reduction that alone reads its result, as one primitive of a plan.
#pragma once

#include "graph/group_kernel.h"
#include "graph/source.h"

namespace mlx {

/// Where the reduction's kernel can compute the group as it reads, the group's result never exists;
/// else the two run one after the other. Either way gives the same bits.
class MapReduce final : public Primitive {
 public:
  /// `shape`: of the group's result; empty where shapes follow the inputs. `reader` is a
  /// ReadsSource.
  MapReduce(Group group, std::optional<Shape> shape, Ref<Primitive> reader, std::string name);
  const char* name() const override { return name_.c_str(); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override;
  size_t work(const Arrays& inputs, const Arrays& outputs) const override;

 private:
  Shape shape_for(const Arrays& inputs) const;

  Prologue prologue_;
  GroupKernel alone_;
  std::optional<Shape> shape_;
  Ref<Primitive> reader_;
  std::string name_;
};

}  // namespace mlx
