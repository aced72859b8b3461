// A recording in MLX's words.
#include "transforms/shown.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "graph/registry.h"
#include "transforms/dot.h"
#include "transforms/field_values.h"

namespace mlx {
namespace {

using State = std::vector<StateItem>;

Shape extents(const Integers& list) {
  return {list.begin(), list.end()};
}
Integers range(int64_t from, int64_t to) {
  Integers result(size_t(std::max<int64_t>(0, to - from)));
  std::iota(result.begin(), result.end(), from);
  return result;
}

// Codes of MLX's reductions, scans and scatters.
constexpr int64_t reduce_codes[] = {2, 2, 3, 4, 5, 0, 1};  // sum, mean, prod, min, max, all, any
constexpr int64_t scan_codes[] = {2, 3, 0, 1};             // sum, prod, max, min
constexpr int64_t scatter_codes[] = {4, 2, 3, 0, 1};       // set, add, multiply, maximum, minimum

/// The stops of a slice: before the first element, MLX counts on downwards.
Integers downward(const FieldValues& f, const Shape& shape) {
  Integers stop = f.list("stop");
  const Integers strides = f.list("strides");
  for (size_t i = 0; i < stop.size(); ++i)
    if (strides[i] < 0 && stop[i] == -1) stop[i] -= shape[i];
  return stop;
}

class Translation {
 public:
  Translation(const Plan& plan, const std::vector<Shape>& input_shapes, bool shapeless)
      : plan_(plan), shapeless_(shapeless) {
    now_.resize(size_t(plan.value_count), -1);
    for (int i = 0; i < plan.input_count; ++i)
      now_[i] = value(input_shapes[i], plan.input_dtypes[i]);
    result_.input_count = plan.input_count;
    for (size_t i = 0; i < plan.constants.size(); ++i)
      now_[plan.input_count + i] = constant(plan.constants[i]);
  }

  Shown run() {
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      if (i + 1 < plan_.steps.size() && is_divmod(plan_.steps[i], plan_.steps[i + 1])) {
        divmod(plan_.steps[i], plan_.steps[i + 1]);
        ++i;
      } else {
        translate(plan_.steps[i]);
      }
    }
    for (const int output : plan_.outputs) result_.outputs.push_back(now_[output]);
    return std::move(result_);
  }

 private:
  int value(const Shape& shape, Dtype dtype) {
    result_.shapes.push_back(shape);
    result_.dtypes.push_back(dtype);
    return int(result_.shapes.size()) - 1;
  }
  int constant(const array& x) {
    if (x.node().immediate) {
      std::string key(x.dtype().name());
      key.append(reinterpret_cast<const char*>(x.node().value.bytes), sizeof x.node().value.bytes);
      const auto [known, fresh] = numbers_.try_emplace(std::move(key), int(result_.shapes.size()));
      if (!fresh) return known->second;
    }
    const int number = value(x.shape(), x.dtype());
    result_.constants.emplace_back(number, x);
    return number;
  }
  /// A step shown as it is.
  void several(const Plan::Step& step, std::string name, State state, std::vector<int> inputs) {
    std::vector<int> outputs;
    for (size_t i = 0; i < step.shapes.size(); ++i)
      outputs.push_back(now_[step.first_output + i] = value(step.shapes[i], step.dtypes[i]));
    result_.steps.push_back(
        {std::move(name), std::move(state), std::move(inputs), std::move(outputs)});
  }
  /// A quotient and a remainder of the same numbers, as divmod makes them.
  static bool is_divmod(const Plan::Step& a, const Plan::Step& b) {
    return std::string_view(a.primitive->name()) == "floor_divide" &&
           std::string_view(b.primitive->name()) == "remainder" && a.inputs == b.inputs;
  }
  void divmod(const Plan::Step& quotient, const Plan::Step& remainder) {
    std::vector<int> in;
    for (const int input : quotient.inputs)
      in.push_back(spread(cast(now_[input], quotient.dtypes[0]), quotient.shapes[0], shapeless_));
    const int first = value(quotient.shapes[0], quotient.dtypes[0]),
              second = value(remainder.shapes[0], remainder.dtypes[0]);
    now_[quotient.first_output] = first, now_[remainder.first_output] = second;
    result_.steps.push_back({"DivMod", {}, std::move(in), {first, second}});
  }
  const Shape& shape(int number) const { return result_.shapes[number]; }
  Dtype dtype(int number) const { return result_.dtypes[number]; }

  int emit(std::string name, State state, std::vector<int> inputs, const Shape& shape,
           Dtype dtype) {
    const int number = value(shape, dtype);
    result_.steps.push_back({std::move(name), std::move(state), std::move(inputs), {number}});
    return number;
  }
  int cast(int x, Dtype to) { return dtype(x) == to ? x : emit("AsType", {to}, {x}, shape(x), to); }
  int spread(int x, const Shape& to, bool always) {
    if (shape(x) == to && !always) return x;
    const auto [known, fresh] = spreads_.try_emplace({x, to_string(to)}, 0);
    if (fresh || always) known->second = emit("Broadcast", {to}, {x}, to, dtype(x));
    return known->second;
  }
  int turned(int x, bool turn) {
    if (!turn) return x;
    Integers order = range(0, int64_t(shape(x).size()));
    Shape to = shape(x);
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    std::swap(to[to.size() - 1], to[to.size() - 2]);
    return emit("Transpose", {order}, {x}, to, dtype(x));
  }
  int squeezed(int x, const Integers& axes, const Shape& to) {
    return emit("Squeeze", {axes}, {x}, to, dtype(x));
  }

  void translate(const Plan::Step& step);
  int elementwise(const std::string& ours, Dtype operand, std::vector<int> inputs, const Shape& to,
                  Dtype result);
  int reduced(const FieldValues& f, int x, const Shape& to, Dtype result);
  int gathered(const FieldValues& f, std::vector<int> inputs, const Shape& to, Dtype result);
  int multiplied(const FieldValues& f, std::vector<int> inputs, const Shape& to, Dtype result);
  [[noreturn]] static void unknown(const char* name) {
    fail("export_function", "Unable to get state for primitive ", name);
  }

  const Plan& plan_;
  bool shapeless_;
  std::vector<int> now_;                ///< the number of a value of the plan here
  std::map<std::string, int> numbers_;  ///< constants of one element
  std::map<std::pair<int, std::string>, int> spreads_;
  Shown result_;
};

int Translation::elementwise(const std::string& ours, Dtype operand, std::vector<int> inputs,
                             const Shape& to, Dtype result) {
  if (ours == "bitwise_invert") unknown("BitwiseInvert");
  if (ours == "positive" || (ours == "conjugate" && !operand.is_complex()) ||
      (ours == "real" && !operand.is_complex()))
    return inputs[0];
  const bool binary = inputs.size() > 1;
  const auto with_number = [&](const char* name, double number, bool first) {
    const int other = spread(constant(array(number, operand)), to, false);
    const int x = spread(cast(inputs[0], operand), to, shapeless_);
    return emit(name, {}, first ? std::vector<int>{other, x} : std::vector<int>{x, other}, to,
                result);
  };
  const auto is_equal = [&](double number) {
    const int other = spread(constant(array(number, operand)), to, false),
              x = spread(inputs[0], to, shapeless_);
    return emit("Equal", {false}, {x, other}, to, bool_);
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (ours == "reciprocal") return with_number("Divide", 1, true);
  if (ours == "degrees") return with_number("Multiply", 57.29577951308232, false);
  if (ours == "radians") return with_number("Multiply", 0.017453292519943295, false);
  if (ours == "isposinf") return is_equal(infinity);
  if (ours == "isneginf") return is_equal(-infinity);
  if (ours == "isinf" || ours == "isfinite") {
    const int positive = is_equal(infinity), negative = is_equal(-infinity);
    int found = emit("LogicalOr", {}, {positive, negative}, to, bool_);
    if (ours == "isinf") return found;
    const int nan = emit("NotEqual", {}, {inputs[0], inputs[0]}, to, bool_);
    found = emit("LogicalOr", {}, {found, nan}, to, bool_);
    return emit("LogicalNot", {}, {found}, to, bool_);
  }
  if (ours == "logical_not") return emit("LogicalNot", {}, {cast(inputs[0], bool_)}, to, bool_);
  for (int& x : inputs) x = cast(x, operand);
  if (ours == "isnan") {
    const int x = spread(inputs[0], to, shapeless_);
    return emit("NotEqual", {}, {x, x}, to, bool_);
  }
  if (binary)
    for (int& x : inputs) x = spread(x, to, shapeless_);
  const ElementwiseName row = elementwise_name(ours);
  State state;
  if (row.state) state.push_back(*row.state);
  return emit(row.name, std::move(state), std::move(inputs), to, result);
}

int Translation::reduced(const FieldValues& f, int x, const Shape& to, Dtype result) {
  const int64_t kind = f.integer("kind");
  const Integers axes = f.list("axes");
  const bool mean = kind == 1;
  Shape kept = shape(x);
  int64_t count = 1;
  for (const int64_t axis : axes) count *= kept[axis], kept[axis] = 1;
  if (mean) x = cast(x, result);
  if (count != 1 || shapeless_)
    x = emit("Reduce", {reduce_codes[kind], axes}, {x}, kept, result);
  else if (kind >= 5)
    x = cast(x, bool_);
  if (!f.truth("keepdims")) x = squeezed(x, axes, to);
  if (!mean) return x;
  const int factor = shapeless_
                         ? emit("NumberOfElements", {axes, true, result}, {x}, Shape{}, result)
                         : constant(array(1.0 / double(std::max<int64_t>(1, count)), result));
  const int left = spread(x, to, shapeless_);
  return emit("Multiply", {}, {left, spread(factor, to, shapeless_)}, to, result);
}

int Translation::gathered(const FieldValues& f, std::vector<int> inputs, const Shape& to,
                          Dtype result) {
  const int64_t axis = f.integer("axis"), count = f.integer("count");
  const Shape &from = shape(inputs[0]), positions = shape(inputs[1]);
  const int64_t index_ndim = int64_t(positions.size());
  Shape sizes = from, full = positions;
  for (int64_t k = axis; k < axis + count; ++k) sizes[k] = 1;
  full.insert(full.end(), sizes.begin(), sizes.end());
  int y = emit("Gather", {range(axis, axis + count), sizes}, std::move(inputs), full, result);
  if (axis > 0) {
    Integers order = range(index_ndim, index_ndim + axis);
    for (const int64_t i : range(0, index_ndim)) order.push_back(i);
    for (const int64_t i : range(index_ndim + axis, int64_t(full.size()))) order.push_back(i);
    Shape moved;
    for (const int64_t i : order) moved.push_back(full[i]);
    y = emit("Transpose", {order}, {y}, moved, result);
  }
  return squeezed(y, range(axis + index_ndim, axis + index_ndim + count), to);
}

/// Matmul or AddMM: transposed operands, batches spread over each other.
int Translation::multiplied(const FieldValues& f, std::vector<int> inputs, const Shape& to,
                            Dtype result) {
  inputs[0] = turned(inputs[0], f.truth("transpose_a")),
  inputs[1] = turned(inputs[1], f.truth("transpose_b"));
  if (to.size() > 2 && shape(inputs[1]).size() == 2 && shape(inputs[0]).size() == to.size() &&
      !shapeless_) {
    const int64_t lead = int64_t(to.size()) - 1;
    const Shape batch(to.begin(), to.end() - 1), from = shape(inputs[0]);
    const Shape rows{int32_t(size_of(batch)), from.back()}, flat{rows[0], to.back()};
    const int left = emit("Flatten", {int64_t(0), lead - 1}, {inputs[0]}, rows, result);
    const int product = emit("Matmul", {}, {left, inputs[1]}, flat, result);
    return emit("Unflatten", {int64_t(0), batch}, {product}, to, result);
  }
  for (int& x : inputs) {
    Shape wide(to.begin(), to.end() - 2);
    wide.insert(wide.end(), shape(x).end() - 2, shape(x).end());
    x = spread(x, wide, false);
  }
  return emit("Matmul", {}, std::move(inputs), to, result);
}

void Translation::translate(const Plan::Step& step) {
  Primitive& primitive = *step.primitive;
  const std::string kind = class_name_of(primitive), ours = primitive.name();
  const FieldValues f(primitive);
  std::vector<int> in;
  for (const int input : step.inputs) in.push_back(now_[input]);
  const Shape& to = step.shapes[0];
  const Dtype result = step.dtypes[0];
  int& out = now_[step.first_output];
  const auto simple = [&](const char* name, State state) {
    out = emit(name, std::move(state), in, to, result);
  };
  const auto is = [&](const char* name) { return kind == name; };
  if (is("Elementwise"))
    out = elementwise(ours, f.dtype("dtype"), in, to, result);
  else if (is("AsType"))
    out = cast(in[0], result);
  else if (is("StopGradient") || is("Identity"))
    out = in[0];
  else if (is("Contiguous"))
    unknown("Contiguous");
  else if (is("Where")) {
    in[1] = cast(in[1], f.dtype("dtype")), in[2] = cast(in[2], f.dtype("dtype"));
    for (int& x : in) x = spread(x, to, shapeless_);
    simple("Select", {});
  } else if (is("Full")) {
    in[0] = spread(cast(in[0], result), to, true);
    simple("Full", {});
  } else if (is("Reduce"))
    out = reduced(f, in[0], to, result);
  else if (is("ArgReduce"))
    simple("ArgReduce", {int64_t(!f.truth("least")), f.integer("axis")});
  else if (is("Scan")) {
    if (f.integer("kind") == 4) unknown("CumLogAddExp");
    simple("Scan", {scan_codes[f.integer("kind")], f.integer("axis"), f.truth("reverse"),
                    f.truth("inclusive")});
  } else if (is("Sort")) {
    const bool positions = f.truth("positions"), whole = f.integer("kth") < 0;
    State state{int64_t(to.size()) - 1};
    if (!whole) state.insert(state.begin(), f.integer("kth"));
    simple(positions ? whole ? "ArgSort" : "ArgPartition"
           : whole   ? "Sort"
                     : "Partition",
           std::move(state));
  } else if (is("SearchSorted"))
    simple("SearchSorted", {f.truth("right")});
  else if (is("Softmax"))
    simple("Softmax", {false});
  else if (is("LogSumExp") || is("Depends"))
    simple(kind.c_str(), {});
  else if (is("Transpose") || is("ExpandDims") || is("Squeeze"))
    simple(kind.c_str(), {f.list("axes")});
  else if (is("Broadcast") || is("Reshape"))
    simple(kind.c_str(), {extents(f.list("shape"))});
  else if (is("Flatten"))
    simple("Flatten", {f.integer("start"), f.integer("end")});
  else if (is("Unflatten"))
    simple("Unflatten", {f.integer("axis"), extents(f.list("shape"))});
  else if (is("Concatenate"))
    simple("Concatenate", {f.integer("axis")});
  else if (is("View"))
    simple("View", {f.dtype("dtype")});
  else if (is("AsStrided")) {
    if (shape(in[0]).size() > 1) {
      const Shape flat{int32_t(size_of(shape(in[0])))};
      in[0] = emit("Flatten", {int64_t(0), int64_t(shape(in[0]).size()) - 1}, in, flat, result);
    }
    simple("AsStrided",
           {extents(f.list("shape")), extents(f.list("strides")), f.integer("offset")});
  } else if (is("Slice"))
    simple("Slice", {extents(f.list("start")), extents(downward(f, shape(in[0]))),
                     extents(f.list("strides"))});
  else if (is("Pad"))
    simple("Pad", {range(0, int64_t(to.size())), extents(f.list("low")), extents(f.list("high"))});
  else if (is("SliceUpdate"))
    simple("SliceUpdate", {int64_t(4), extents(f.list("start")), extents(f.list("stop")),
                           extents(f.list("strides"))});
  else if (is("DynamicSlice"))
    simple("DynamicSlice", {f.list("axes"), extents(f.list("size"))});
  else if (is("DynamicSliceUpdate"))
    simple("DynamicSliceUpdate", {f.list("axes")});
  else if (is("Arange")) {
    const double start = f.real("start"), by = f.real("step");
    simple("Arange", {start, start + by * double(f.integer("length")), by});
  } else if (is("Gather"))
    out = gathered(f, in, to, result);
  else if (is("GatherAxis"))
    simple("GatherAxis", {f.integer("axis")});
  else if (is("Scatter")) {
    Shape apart(shape(in[2]));  // an update for each index, with axes of 1 for the indexed ones
    for (int64_t i = 0; i < int64_t(shape(in[0]).size()); ++i) {
      const bool indexed = i >= f.integer("axis") && i < f.integer("axis") + f.integer("count");
      apart.push_back(indexed ? 1 : shape(in[0])[i]);
    }
    in[1] = emit("Reshape", {apart}, {in[1]}, apart, dtype(in[1]));
    std::rotate(in.begin() + 1, in.begin() + 2, in.end());
    simple("Scatter", {scatter_codes[f.integer("mode")],
                       range(f.integer("axis"), f.integer("axis") + f.integer("count"))});
  } else if (is("ScatterAxis"))
    simple("ScatterAxis", {int64_t(f.integer("mode") == 0), f.integer("axis")});
  else if (is("Matmul"))
    out = multiplied(f, in, to, result);
  else if (is("AddMM")) {
    in[0] = spread(in[0], to, false);
    std::rotate(in.begin(), in.begin() + 1, in.end());
    simple("AddMM", {f.real("alpha"), f.real("beta")});
  } else if (is("Correlation")) {
    simple("Convolution",
           {f.list("stride"), f.list("pad_low"), f.list("pad_high"), f.list("dilation"),
            Integers(f.list("stride").size(), 1), f.integer("groups"), false});
  } else if (is("Fourier")) {
    const int64_t ends = f.integer("ends");
    if (ends != 1) in[0] = cast(in[0], complex64);
    simple("FFT", {Integers{f.integer("axis")}, f.truth("inverse"), ends != 0, false});
  } else if (is("RandomBits"))
    simple("RandomBits", {extents(f.list("shape")), int64_t(4)});
  else if (is("Factorization")) {
    const std::string& routine = ours;
    const bool triangular = f.integer("routine") == 1;
    State state;
    if (routine == "LUF" || routine == "Solve") unknown("LUF");
    if (routine == "Cholesky") state = {f.truth("upper")};
    if (routine == "SVD" || routine == "Eig") state = {f.truth("vectors")};
    if (routine == "Eigh") state = {std::string(f.truth("upper") ? "U" : "L"), f.truth("vectors")};
    if (routine == "Inverse") state = {triangular, !triangular || f.truth("upper")};
    several(step, routine, std::move(state), in);
    return;
  } else if (is("GatherMM"))
    simple("GatherMM", {false, false});
  else if (is("Quantize"))
    several(step, "Quantize", {f.integer("group_size"), f.integer("bits"), int64_t(0), false}, in);
  else if (is("QuantizedMatmul"))
    simple("QuantizedMatmul",
           {f.integer("group_size"), f.integer("bits"), int64_t(0), f.truth("transpose")});
  else {
    several(step, mlx_name(primitive), {}, in);
  }
}

}  // namespace

Shown shown(const Plan& plan, const std::vector<Shape>& input_shapes, bool shapeless) {
  return Translation(plan, input_shapes, shapeless).run();
}

namespace {

/// The plan with the calls made that wait for shapes, at the shapes it was recorded with.
Plan expanded(const Exported& exported) {
  Arrays placeholders;
  for (size_t i = 0; i < exported.shapes.size(); ++i)
    placeholders.push_back(array::placeholder(exported.shapes[i], exported.dtypes[i]));
  const Tracing tracing(Tracing::record);
  Plan plan = record(placeholders, exported.plan.replay(placeholders, true), false);
  merge_equal_steps(plan);
  return plan;
}

std::string name_of(int number) {
  return letters(size_t(number));
}

}  // namespace

std::vector<ShownEvent> shown_events(const Exported& exported, bool shapeless) {
  const Shown shown = mlx::shown(defers(exported.plan) ? expanded(exported) : exported.plan,
                                 exported.shapes, shapeless);
  const auto listed = [&](const std::vector<int>& numbers) {
    std::vector<ShownValue> list;
    for (const int number : numbers)
      list.push_back({name_of(number), shown.shapes[number], shown.dtypes[number]});
    return list;
  };
  std::vector<int> inputs(shown.input_count);
  std::iota(inputs.begin(), inputs.end(), 0);
  std::vector<std::pair<std::string, std::string>> keywords;
  for (size_t i = 0; i < exported.keywords.size(); ++i)
    keywords.emplace_back(exported.keywords[i], name_of(exported.positional + int(i)));
  std::vector<std::pair<std::string, array>> constants;
  for (const auto& [number, constant] : shown.constants)
    constants.emplace_back(name_of(number), constant);
  std::vector<ShownEvent> events = {
      {{"type", "inputs"}, {"inputs", listed(inputs)}},
      {{"type", "keyword_inputs"}, {"keywords", keywords}},
      {{"type", "outputs"}, {"outputs", listed(shown.outputs)}},
      {{"type", "constants"}, {"constants", constants}},
  };
  for (const ShownStep& step : shown.steps)
    events.push_back({{"type", "primitive"},
                      {"name", step.name},
                      {"arguments", step.state},
                      {"inputs", listed(step.inputs)},
                      {"outputs", listed(step.outputs)}});
  return events;
}

}  // namespace mlx
