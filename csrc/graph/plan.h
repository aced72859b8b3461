// A recorded graph as data: steps over numbered values, ready for rewriting and replay.
#pragma once

#include <vector>

#include "graph/primitive.h"

namespace mlx {

/// Values are numbered: the inputs first, then the constants, then the outputs of each step in
/// turn.
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
  std::vector<Shape> input_shapes;
  std::vector<Dtype> input_dtypes;
  Arrays constants;
  std::vector<Step> steps;
  std::vector<int> outputs;
  int value_count = 0;

  /// Makes new nodes for every step. `shapeless`: shapes are inferred anew from the inputs'.
  Arrays replay(const Arrays& inputs, bool shapeless) const;
};

/// Records what lies between `inputs` and `outputs`; everything else that is reached becomes a
/// constant. Without `fold` only what has a value does, and how the rest is computed is recorded
/// too.
Plan record(const Arrays& inputs, const Arrays& outputs, bool fold = true);
/// Computes equal steps (same primitive key, same inputs) once.
void merge_equal_steps(Plan& plan);
/// Drops steps that no output needs.
void drop_unused_steps(Plan& plan);
/// Joins groups of elementwise steps into one kernel each. `shapeless`: they must agree in shape
/// for all inputs.
void fuse(Plan& plan, bool shapeless = false);
/// True when some steps make their nodes only when shapes are known.
bool defers(const Plan& plan);

}  // namespace mlx
