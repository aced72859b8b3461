// A recording in MLX's words: its primitives, their names and state, as tools that read exported
// functions expect.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "graph/mlx_names.h"
#include "graph/plan.h"
#include "transforms/export.h"

namespace mlx {

struct ShownStep {
  std::string name;
  std::vector<StateItem> state;
  std::vector<int> inputs, outputs;
};

/// Values are numbered: inputs, constants, then the outputs of the steps.
struct Shown {
  std::vector<Shape> shapes;
  std::vector<Dtype> dtypes;
  int input_count = 0;
  std::vector<std::pair<int, array>> constants;
  std::vector<ShownStep> steps;
  std::vector<int> outputs;
};

/// Composites of ours become the primitives MLX has in their place. `shapeless`: every broadcast is
/// shown. Throws std::invalid_argument for primitives that MLX cannot show.
Shown shown(const Plan& plan, const std::vector<Shape>& input_shapes, bool shapeless);

/// What a callback of export_function is told: named fields, of which the first, "type", is
/// inputs, keyword_inputs, outputs, constants, or primitive.
struct ShownValue {
  std::string name;
  Shape shape;
  Dtype dtype;
};
using ShownField =
    std::variant<std::string, std::vector<ShownValue>, std::vector<std::pair<std::string, array>>,
                 std::vector<std::pair<std::string, std::string>>, std::vector<StateItem>>;
using ShownEvent = std::vector<std::pair<const char*, ShownField>>;
/// A recorded function as such events. Calls that wait for shapes are made at the shapes it was
/// recorded with.
std::vector<ShownEvent> shown_events(const Exported& exported, bool shapeless);

}  // namespace mlx
