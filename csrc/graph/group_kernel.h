// Kernels of groups: built once for each layout of the operands, and launched.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <unordered_map>

#include "graph/interpreter.h"
#include "graph/patience.h"

namespace mlx {

struct Layout;

/// The numbers that tell one group from another, for tables of groups.
using GroupKey = SmallVector<uint64_t, 6>;
/// Appends a step (whose operands the caller tells apart) or an input. Under a Submission.
void append_step(GroupKey& key, const Fragment& fragment, Dtype result, size_t operands);
void append_input(GroupKey& key, const Node& input);
/// Appends what tells a primitive behind the group from others.
void append_primitive(GroupKey& key, const Primitive& primitive);

/// A group with the kernels built for it so far, one per layout of its operands.
class GroupKernel {
 public:
  explicit GroupKernel(Group group) : group_(std::move(group)) {}
  const Group& group() const { return group_; }
  /// Computes the outputs (allocated here, donated inputs reused). Inputs are read as if broadcast
  /// to `shape`.
  void run(std::span<const array> inputs, Arrays& outputs, const Shape& shape, Queue& queue);

 private:
  /// Gives the outputs memory: a dying input's if it fits, else new, laid out by the strides that
  /// the inputs have in `common`. True for each output in new memory.
  std::vector<bool> place(std::span<const array> inputs, Arrays& outputs, const Shape& shape,
                          const Strides* common, Queue& queue) const;
  /// Finds or builds the kernel and launches it over `total` elements.
  void enqueue(const Layout& layout, std::span<const array> inputs, const Arrays& outputs,
               int64_t total, Queue& queue);

  /// How one layout is served: by the kernel, once there is one, else by a kit.
  struct Way {
    Kernel* kernel = nullptr;
    Patience patience;
  };
  /// Launches a kit instead of the group's own kernel, where that is the better choice; false
  /// where it is not.
  bool interpret(Way& way, const Layout& layout, std::span<const array> inputs,
                 const Arrays& outputs, int64_t total, Queue& queue);

  /// The text of the group's own kernel.
  std::string text(const Layout& layout) const;

  Group group_;
  std::unordered_map<std::string, Way> ways_;  ///< by layout_key()
  std::optional<Interpreted> interpreted_;
  bool translated_ = false;
};

/// The group of one primitive with this fragment, on inputs of these dtypes.
Group group_of_one(const Fragment& fragment, const Arrays& inputs, Dtype output);
/// The whole text of a kernel: a group's features and source (see codegen.h) with
/// kernels/vector.clh between them.
std::string group_text(const std::string& features, const std::string& source);
/// Work-items for `total` elements; on GPUs one per vector.
size_t elementwise_items(const Queue& queue, int64_t total);
/// Calls f(address, bytes) with the value of a scalar in the type that kernels compute it in.
template <typename F>
void with_scalar(const array& x, F&& f) {
  visit(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T value;
    std::memcpy(static_cast<void*>(&value), x.node().value.bytes, sizeof value);
    if constexpr (Half<T>) {
      const float wide = float(value);
      f(&wide, sizeof wide);
    } else {
      f(&value, sizeof value);
    }
  });
}
/// Rows of fewer elements are joined to longer ones.
int64_t short_row(const Capabilities& device);

/// The kernel of a group of one, shared by all primitives with this fragment and these dtypes.
GroupKernel& single(const Fragment& fragment, const Arrays& inputs, Dtype output);

}  // namespace mlx
