// A recorded graph as data: steps over numbered values, ready for rewriting and replay.
#pragma once

#include <vector>

#include "graph/primitive.h"

namespace mlx {

/// Values are numbered: the inputs first, then the constants, then the outputs of each step in turn.
struct Plan {
  struct Step {
    Ref<Primitive> primitive;
    std::vector<int> inputs;
    std::vector<Shape> shapes;
    std::vector<Dtype> dtypes;
    Stream stream;
    int first_output = 0;  ///< number of its first output
  };
  int input_count = 0;
  std::vector<Dtype> input_dtypes;
  Arrays constants;
  std::vector<Step> steps;
  std::vector<int> outputs;
  int value_count = 0;

  /// Makes new nodes for every step. `shapeless`: shapes are inferred anew from the inputs'.
  Arrays replay(const Arrays& inputs, bool shapeless) const;
};

/// Records what lies between `inputs` and `outputs`; everything else that is reached becomes a constant.
Plan record(const Arrays& inputs, const Arrays& outputs);
/// Computes equal steps (same primitive key, same inputs) once.
void merge_equal_steps(Plan& plan);
/// Drops steps that no output needs.
void drop_unused_steps(Plan& plan);
/// Joins groups of elementwise steps into one kernel each.
void fuse(Plan& plan);

}  // namespace mlx
