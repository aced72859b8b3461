// A primitive and its elementwise neighbours, as one primitive of a plan.
#pragma once

#include "graph/ends.h"

namespace mlx {

/// A primitive whose kernels can compute the group that alone makes its first input as they read,
/// and the group that alone reads its output as they write: then neither is ever in memory. Else
/// they run one after the other. Either way gives the same bits.
class MapReduce final : public Primitive {
 public:
  /// What is around a primitive that HasEnds.
  struct Parts {
    std::optional<Group> before, after;
    Ref<Primitive> primitive;
    size_t others = 0;           ///< how many more inputs than the first it has
    std::optional<Shape> shape;  ///< of the first; empty where shapes follow the inputs, and then
                                 ///< there is nothing behind
    Shape computed;              ///< of its output
    Dtype dtype = float32;       ///< likewise
  };
  MapReduce(Parts parts, std::string name);
  const char* name() const override { return name_.c_str(); }
  /// Inputs: those of the group before (or the first one of the primitive), the primitive's other
  /// ones, and those of the group behind but for the primitive's output.
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override;
  size_t work(const Arrays& inputs, const Arrays& outputs) const override;

 private:
  Shape shape_for(std::span<const array> inputs) const;
  size_t inputs_before() const { return before_ ? before_->group().inputs.size() : 1; }

  std::optional<Prologue> before_;
  std::optional<Epilogue> after_;
  Ref<Primitive> primitive_;
  size_t others_;
  std::optional<Shape> shape_;
  Shape computed_;
  Dtype dtype_;
  std::string name_;
};

}  // namespace mlx
