// The primitive behind every convolution and its gradients.
#pragma once

#include "cl/blas.h"
#include "graph/primitive.h"

namespace mlx {

/// One of the three products that a convolution and its gradients are (see cl/blas.h). Each is
/// linear in both inputs, and their derivatives are the same three again.
class Correlation final : public Primitive {
 public:
  Correlation(Convolution window, Pass pass) : window_(std::move(window)), pass_(pass) {}
  const char* name() const override { return "Convolution"; }
  void fields(Fields& f) override;
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) override;
  Arrays jvp(const Arrays&, const Arrays&, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays&, const std::vector<int>&) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override;
  size_t work(const Arrays&, const Arrays&) const override;

 private:
  Convolution window_;
  Pass pass_;
};

/// a and b are the two of input, weight and output that the pass reads, in that order (cotangent
/// first for Pass::input_gradient). The shapes are those of `window`, which holds 1 to 3 spatial
/// axes.
array correlate(const Convolution& window, Pass pass, const array& a, const array& b,
                const StreamOrDevice& s = {});

/// The same by unfolding windows into matrix rows: what the library lacks, and GPUs.
void correlate_unfolded(Queue& queue, const Convolution& window, Pass pass, const array& a,
                        const array& b, const array& result);

}  // namespace mlx
