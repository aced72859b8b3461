// Groups as programs for a kit: run at once, where a kernel of their own would first be built.
#pragma once

#include <optional>
#include <span>

#include "graph/codegen.h"
#include "graph/kit.h"

namespace mlx {

struct Layout;

/// A group translated for the first kit that has all it needs. Used under a Submission.
class Interpreted {
 public:
  /// Empty for a group that no kit can run, and where MLX_CL_INTERPRET forbids it.
  static std::optional<Interpreted> translate(const Group& group);
  Kit& kit() const { return *kit_; }
  /// False for a layout with more dimensions than kits have.
  bool fits(const Layout& layout) const;
  /// Launches the kit's kernel over `total` elements.
  void run(const Layout& layout, std::span<const array> inputs, const Arrays& outputs,
           int64_t total, Queue& queue) const;

 private:
  Kit* kit_ = nullptr;
  Kit::Walk walk_{};  ///< all but what depends on the layout
};

}  // namespace mlx
