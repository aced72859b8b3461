// oneDNN's convolutions and their gradients as native kernels.
#include "cl/blas_libraries.h"
#include "cl/onednn_plans.h"

#ifdef MLX_HAS_DNNL
#include <algorithm>
#include <string_view>

namespace mlx::onednn {
namespace {

using dnnl::memory;

struct ConvolutionPlan {
  dnnl::primitive primitive;
  memory::desc plain[3];   ///< input, weight, output as they lie in our buffers
  memory::desc wanted[3];  ///< as the primitive takes them
  memory::desc scratch;
  dnnl::reorder to_wanted[3], to_plain[3];  ///< empty where both are the same
};

/// Channels-last data (N, spatial…, C) under oneDNN's dimension order N, C, spatial….
memory::desc describe_data(Dtype dtype, const Shape& shape) {
  const Strides strides = row_major(shape);
  const size_t last = shape.size() - 1;
  memory::dims dims{shape[0], shape[last]}, steps{strides[0], 1};
  for (size_t i = 1; i < last; ++i) dims.push_back(shape[i]), steps.push_back(strides[i]);
  return memory::desc(dims, data_type(dtype), steps);
}

/// A weight (O, spatial…, C / groups) as (groups, O / groups, C / groups, spatial…); without
/// groups, one dimension less.
memory::desc describe_weight(Dtype dtype, const Shape& shape, int groups) {
  const Strides strides = row_major(shape);
  const size_t last = shape.size() - 1;
  memory::dims dims, steps;
  if (groups > 1) dims.push_back(groups), steps.push_back(strides[0] * (shape[0] / groups));
  dims.insert(dims.end(), {shape[0] / groups, shape[last]});
  steps.insert(steps.end(), {strides[0], 1});
  for (size_t i = 1; i < last; ++i) dims.push_back(shape[i]), steps.push_back(strides[i]);
  return memory::desc(dims, data_type(dtype), steps);
}

dnnl::reorder reorder_between(const memory::desc& from, const memory::desc& to) {
  return from == to ? dnnl::reorder()
                    : dnnl::reorder(dnnl::reorder::primitive_desc(engine(), from, engine(), to,
                                                                  attributes()));
}

struct Window {
  memory::dims strides, dilates, low, high;
  explicit Window(const Convolution& c)
      : strides(c.stride.begin(), c.stride.end()),
        low(c.pad_low.begin(), c.pad_low.end()),
        high(c.pad_high.begin(), c.pad_high.end()) {
    for (const int dilation : c.dilation) dilates.push_back(dilation - 1);
  }
};

/// Data keeps our layout; the weight's is oneDNN's choice, reordered on the way.
dnnl::convolution_forward::primitive_desc describe_forward(const ConvolutionPlan& plan,
                                                           const Window& w) {
  return described<dnnl::convolution_forward>(
      attributes(), dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct,
      plan.plain[0], any_layout(plan.plain[1]), plan.plain[2], w.strides, w.dilates, w.low, w.high);
}

template <typename Description>
void take_layouts(ConvolutionPlan& plan, const Description& description,
                  const memory::desc& weight) {
  plan.wanted[0] = plan.plain[0], plan.wanted[1] = weight, plan.wanted[2] = plan.plain[2];
  plan.scratch = description.scratchpad_desc();
}

/// True for the forward implementations that unfold windows themselves, or do without: for
/// channels-last data with some channels they are slower than products over our own unfolded
/// windows.
bool is_last_resort(const Convolution& c,
                    const dnnl::convolution_forward::primitive_desc& description) {
  const std::string_view name = description.impl_info_str();
  const bool unfolds = name.find("gemm") != name.npos, plain = name.find("ref") != name.npos;
  return c.groups == 1 && std::min(c.weight.front(), c.weight.back()) >= 16 && (unfolds || plain);
}

std::shared_ptr<const ConvolutionPlan> make_plan(const Convolution& c, Pass pass) {
  auto plan = std::make_shared<ConvolutionPlan>();
  plan->plain[0] = describe_data(c.dtype, c.input);
  plan->plain[1] = describe_weight(c.dtype, c.weight, c.groups);
  plan->plain[2] = describe_data(c.dtype, c.output);
  const Window w(c);
  const auto forward = describe_forward(*plan, w);
  const memory::desc weight = any_layout(plan->plain[1]);
  if (pass == Pass::forward) {
    if (is_last_resort(c, forward)) return nullptr;
    take_layouts(*plan, forward, forward.weights_desc());
    plan->primitive = dnnl::convolution_forward(forward);
  } else if (pass == Pass::input_gradient) {
    const auto description = described_after<dnnl::convolution_backward_data>(
        forward, attributes(), dnnl::algorithm::convolution_direct, plan->plain[0], weight,
        plan->plain[2], w.strides, w.dilates, w.low, w.high);
    take_layouts(*plan, description, description.weights_desc());
    plan->primitive = dnnl::convolution_backward_data(description);
  } else {
    const auto description = described_after<dnnl::convolution_backward_weights>(
        forward, attributes(), dnnl::algorithm::convolution_direct, plan->plain[0], weight,
        plan->plain[2], w.strides, w.dilates, w.low, w.high);
    take_layouts(*plan, description, description.diff_weights_desc());
    plan->primitive = dnnl::convolution_backward_weights(description);
  }
  for (int i = 0; i < 3; ++i) {
    plan->to_wanted[i] = reorder_between(plan->plain[i], plan->wanted[i]);
    plan->to_plain[i] = reorder_between(plan->wanted[i], plan->plain[i]);
  }
  return plan;
}

std::shared_ptr<const ConvolutionPlan> plan_for(const Convolution& c, Pass pass) {
  static auto* const plans = new PlanCache<ConvolutionPlan>;  // leaked: used at exit
  std::vector<int64_t> key{c.dtype.id(), int64_t(pass), c.groups, int64_t(c.input.size())};
  for (const Shape* const shape : {&c.input, &c.weight, &c.output})
    key.insert(key.end(), shape->begin(), shape->end());
  for (const auto* const numbers : {&c.stride, &c.pad_low, &c.pad_high, &c.dilation})
    key.insert(key.end(), numbers->begin(), numbers->end());
  return plans->find(key, [&] { return make_plan(c, pass); });
}

// The places of input, weight and output among a primitive's arguments, and which of the three it
// computes.
constexpr int arguments[3][3] = {{DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                                 {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
                                 {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}};
constexpr int computed[3] = {2, 0, 1};

void reorder(const dnnl::reorder& primitive, memory from, memory to) {
  primitive.execute(stream(), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void execute(const ConvolutionPlan& plan, Pass pass, void* const (&pointers)[3]) {
  const DenormalsAreZeros mode;
  const int result = computed[int(pass)];
  memory plain[3], wanted[3];
  for (int i = 0; i < 3; ++i) {
    plain[i] = wanted[i] = memory(plan.plain[i], engine(), pointers[i]);
    if (!plan.to_wanted[i]) continue;
    wanted[i] = memory(plan.wanted[i], engine(), scratch(1, plan.wanted[i].get_size()));
    if (i != result) reorder(plan.to_wanted[i], plain[i], wanted[i]);
  }
  std::unordered_map<int, memory> all{
      {DNNL_ARG_SCRATCHPAD, memory(plan.scratch, engine(), scratch(0, plan.scratch.get_size()))}};
  for (int i = 0; i < 3; ++i) all[arguments[int(pass)][i]] = wanted[i];
  plan.primitive.execute(stream(), all);
  if (plan.to_plain[result]) reorder(plan.to_plain[result], wanted[result], plain[result]);
  stream().wait();
}

}  // namespace

bool can_convolve(const Convolution& c, Pass pass) {
  return data_type(c.dtype) != memory::data_type::undef && plan_for(c, pass);
}

bool convolve(Queue& queue, const Convolution& c, Pass pass, BufferArgument a, BufferArgument b,
              BufferArgument result) {
  auto plan = plan_for(c, pass);
  if (!plan) return false;
  const BufferArgument order[3][3] = {{a, b, result}, {result, b, a}, {a, result, b}};
  const auto raw = [&](int i) {
    const BufferArgument& argument = order[int(pass)][i];
    return static_cast<char*>(argument.buffer->raw()) + argument.offset * c.dtype.size();
  };
  queue.native("onednn_convolution",
               [plan = std::move(plan), pass, input = raw(0), weight = raw(1), output = raw(2)] {
                 execute(*plan, pass, {input, weight, output});
               },
               {a.buffer, b.buffer}, {result.buffer});
  return true;
}

}  // namespace mlx::onednn

#else
namespace mlx::onednn {
bool can_convolve(const Convolution&, Pass) {
  return false;
}
bool convolve(Queue&, const Convolution&, Pass, BufferArgument, BufferArgument, BufferArgument) {
  return false;
}
}  // namespace mlx::onednn
#endif
