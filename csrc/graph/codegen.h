// Groups of fused primitives, and their OpenCL text.
#pragma once

#include <string>
#include <vector>

#include "graph/primitive.h"

namespace mlx {

/// A group as data: values are numbered, inputs first, then one per step.
struct Group {
  struct Step {
    Fragment fragment;
    Dtype dtype;                   ///< of the result
    SmallVector<int, 3> operands;  ///< numbers of earlier values
  };
  std::vector<Dtype> inputs;
  std::vector<bool> constant;  ///< inputs passed by value instead of as a buffer
  std::vector<Step> steps;
  std::vector<int> outputs;  ///< numbers of the values that leave the group

  // Each gives the new value's number; all inputs come before the first step.
  int add_input(Dtype dtype, bool by_value);
  int add_step(Step step);
};

Dtype dtype_of_value(const Group& group, size_t value);
/// True for a value that some step reads.
bool is_operand(const Group& group, size_t value);
/// True for a step that only converts to its own dtype.
bool is_cast(const Group::Step& step);

/// The expressions of the steps, for the debug output.
std::string summary_of(const Group& group);

/// The parts of kernels/vector.clh that the group needs, as macros.
std::string features_of(const Group& group);
/// What a value is called in the text.
std::string name_of_value(const Group& group, size_t value);
/// The statements that compute the steps from the inputs' values. A half that leaves the group is
/// rounded if `rounded_outputs`, else by its store.
std::string steps_of(const Group& group, const std::string& indent, bool rounded_outputs);
/// The kernel's text for one layout, given by the classes of the operands and the number of outer
/// dimensions (layout.h).
std::string source_of(const Group& group, const std::string& classes, int rank);

}  // namespace mlx
