// Elementwise kernels: the OpenCL text of a group of fused primitives, and its launch.
//
// A Fragment's expression is written over operands a, b, c of one value type (a vector of V elements) and may use
//   $T the value type          $C(x) conversion to it       $K(1.5) a literal of its base type      $N the dtype's name
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "graph/primitive.h"

namespace mlx {

/// A group as data: values are numbered, inputs first, then one per step.
struct Group {
  struct Step {
    Fragment fragment;
    Dtype dtype;                          ///< of the result
    SmallVector<int, 3> operands;         ///< numbers of earlier values
  };
  std::vector<Dtype> inputs;
  std::vector<bool> constant;   ///< inputs passed by value instead of as a buffer
  std::vector<Step> steps;
  std::vector<int> outputs;     ///< numbers of the values that leave the group

  // Each gives the new value's number; all inputs come before the first step.
  int add_input(Dtype dtype, bool by_value);
  int add_step(Step step);
};

/// The numbers that tell one group from another, for tables of groups.
using GroupKey = SmallVector<uint64_t, 6>;
/// Appends a step (whose operands the caller tells apart) or an input.
void append_step(GroupKey& key, const Fragment& fragment, Dtype result, size_t operands);
void append_input(GroupKey& key, const Node& input);

/// A group with the kernels built for it so far, one per layout of its operands.
class GroupKernel {
 public:
  explicit GroupKernel(Group group) : group_(std::move(group)) {}
  const Group& group() const { return group_; }
  /// Computes the outputs (allocated here, donated inputs reused). Inputs are read as if broadcast to `shape`.
  void run(const Arrays& inputs, Arrays& outputs, const Shape& shape, Queue& queue);
  /// The parts of kernels/vector.clh that the group needs, as macros.
  static std::string features(const Group& group);
  /// The kernel's text for one layout; `classes` has one letter per buffer: c contiguous, s one value per row, g strided,
  /// w strided lines of `width` elements, k by value, f an output dense in loop order, n such an output whose whole
  /// vectors are stored past the caches.
  static std::string source(const Group& group, const std::string& classes, int rank);

 private:
  Group group_;
  std::unordered_map<std::string, Kernel*> kernels_;  ///< by layout_key()
};

/// The kernel of a group of one, shared by all primitives with this fragment and these dtypes.
GroupKernel& single(const Fragment& fragment, const Arrays& inputs, Dtype output);
/// Evaluates a primitive that has a fragment.
void run_single(const Fragment& fragment, const Arrays& inputs, array& output, Queue& queue);

/// What memory of a dtype holds, in OpenCL C. bfloat16 has no type there: its bits, for the prelude's LOAD and STORE.
const char* type_in_memory(Dtype dtype);

/// `x` if it is dense and row-major, else a dense copy of it.
array contiguous_copy(const array& x, Queue& queue);
/// True when a dense copy of `x` exchanges axes, which tiles do far faster than strided reads.
bool is_exchanged(const array& x);
/// Copies `from` (broadcast to `to`'s shape, converted to its dtype) into the strided view `to`.
void copy_into(const array& from, const array& to, Queue& queue);

}  // namespace mlx
