// Launching fused groups: choice of layout, donation, arguments.
#include "graph/group_kernel.h"

#include <algorithm>
#include <deque>

#include "base/env.h"
#include "base/hash.h"
#include "cl/build.h"
#include "cl/kernel_text.h"
#include "cl/trace.h"
#include "graph/ahead.h"
#include "graph/copy.h"
#include "graph/layout.h"

namespace mlx {
namespace {

// A kit needs no building, but its steps pass their values through memory: by these estimates, what
// a kernel of the group's own would save.
constexpr double microseconds_per_launch = 1, microseconds_per_element = 1e-4;

std::string layout_key(const Layout& layout, const Queue& queue) {
  std::string key = layout.classes;
  return key.append(1, char('0' + layout.rank)).append(1, char('0' + int(queue.device().type())));
}

/// Marks the outputs that are better stored past the caches: large ones in memory that no input has
/// brought into them. Their vectors must be aligned, so rows hold whole ones.
void stream_outputs(Layout& layout, const Arrays& outputs, const std::vector<bool>& fresh,
                    const Queue& queue) {
  constexpr int64_t from_bytes = 8 << 20;
  const Capabilities& device = queue.device().facts();
  if (!device.is_cpu || (layout.rank && layout.columns % device.vector_width)) return;
  const size_t inputs = layout.classes.size() - outputs.size();
  for (size_t o = 0; o < outputs.size(); ++o)
    if (char& letter = layout.classes[inputs + o];
        letter == Layout::in_order && fresh[o] && outputs[o].nbytes() >= from_bytes)
      letter = Layout::streamed;
}

/// One line on a fused group, for MLX_CL_DEBUG=3.
void describe(const Group& group, const Layout& layout) {
  if (trace::level() < 3 || group.steps.size() < 2) return;
  trace::say(3, "fused ", group.steps.size(), " operations over ", group.inputs.size(),
             " inputs (layout ", layout.classes, ", ", layout.rank,
             " outer dimensions): ", summary_of(group));
}

/// The strides that all inputs share when they are dense but not row-major (transposed alike), else
/// null.
const Strides* common_order(std::span<const array> inputs, const Shape& shape) {
  const Strides* strides = nullptr;
  for (const array& x : inputs) {
    if (x.size() == 1) continue;
    if (x.shape() != shape || x.is_row_contiguous()) return nullptr;
    if (!strides)
      strides = &x.strides();
    else if (!(*strides == x.strides()))
      return nullptr;
  }
  return strides && is_dense(shape, *strides) ? strides : nullptr;
}

}  // namespace

size_t elementwise_items(const Queue& queue, int64_t total) {
  const int64_t width = queue.device().facts().vector_width;
  return work_items(queue, Work::elementwise, (total + width - 1) / width, width);
}

/// Shorter rows leave most of a vector's work undone. GPUs have no use for long vectors.
int64_t short_row(const Capabilities& device) {
  return device.is_cpu ? device.vector_width * 3 / 4 : 0;
}

std::string group_text(const std::string& features, const std::string& source) {
  return features + kernel_text("vector") + source;
}

void GroupKernel::run(std::span<const array> inputs, Arrays& outputs, const Shape& shape,
                      Queue& queue) {
  const bool through_view = std::any_of(outputs.begin(), outputs.end(),
                                        [](const array& y) { return bool(y.node().buffer); });
  const Strides* const common = through_view ? nullptr : common_order(inputs, shape);
  const auto exchanged = [&](const array& x) { return x.shape() == shape && is_exchanged(x); };
  if (!common && std::any_of(inputs.begin(), inputs.end(), exchanged)) {
    // Reading a large transposed operand element by element costs more than a copy.
    Arrays dense(inputs.begin(), inputs.end());
    for (array& x : dense)
      if (exchanged(x)) x = contiguous_copy(x, queue);
    return run(dense, outputs, shape, queue);
  }
  const std::vector<bool> fresh = place(inputs, outputs, shape, common, queue);
  if (size_of(shape) == 0) return;
  std::vector<const Strides*> strides;
  for (const array& output : outputs) strides.push_back(&output.strides());
  Layout layout =
      common ? linear_layout(shape, inputs, group_.constant, outputs.size())
             : lay_out(shape, inputs, group_.constant, strides, short_row(queue.device().facts()));
  stream_outputs(layout, outputs, fresh, queue);
  enqueue(layout, inputs, outputs, size_of(shape), queue);
}

std::vector<bool> GroupKernel::place(std::span<const array> inputs, Arrays& outputs,
                                     const Shape& shape, const Strides* common,
                                     Queue& queue) const {
  std::vector<bool> donated(inputs.size(), false), fresh(outputs.size(), false);
  const auto fits = [&](size_t i, const array& output) {
    const array& x = inputs[i];
    return !group_.constant[i] && !donated[i] && x.shape() == shape &&
           x.itemsize() == output.itemsize() && (x.is_row_contiguous() || common) &&
           x.is_donatable() &&
           x.buffer().capacity() <= 2 * size_t(std::max<int64_t>(output.nbytes(), 4096));
  };
  for (size_t o = 0; o < outputs.size(); ++o) {
    array& output = outputs[o];
    if (output.node().buffer) continue;  // memory to be written through (copy_into)
    size_t i = 0;
    while (i < inputs.size() && !fits(i, output)) ++i;
    if (i < inputs.size()) {
      output.share(inputs[i], inputs[i].strides(), inputs[i].offset());
      donated[i] = true;
      continue;
    }
    output.allocate(queue);
    fresh[o] = true;
    if (common) output.node().strides = *common, output.node().row_contiguous = false;
  }
  return fresh;
}

void GroupKernel::enqueue(const Layout& layout, std::span<const array> inputs,
                          const Arrays& outputs, int64_t total, Queue& queue) {
  Way& way = ways_[layout_key(layout, queue)];
  if (!way.kernel && interpret(way, layout, inputs, outputs, total, queue)) return;
  if (!way.kernel) {
    describe(group_, layout);
    way.kernel = &queue.device().kernels().generated(text(layout), "group", true);
  }
  Launch launch(queue, *way.kernel);
  size_t bytes = 0, inner = 0;
  for (size_t k = 0; k < layout.classes.size(); ++k) {
    const char letter = layout.classes[k];
    const bool input = k < inputs.size();
    const array& x = input ? inputs[k] : outputs[k - inputs.size()];
    if (letter == Layout::by_value) {
      with_scalar(x, [&](const void* value, size_t size) { launch.set_bytes(value, size); });
      continue;
    }
    launch.set(input ? reads(x) : writes(x));
    for (int strides = inner_strides(letter); strides > 0; --strides)
      launch.set(layout.inner[inner++]);
    bytes += x.nbytes();
  }
  launch.set(total);
  launch.set(layout.columns);
  if (layout.width) launch.set(layout.width);
  if (layout.rank)
    launch.set_bytes(layout.geometry.data(), layout.geometry.size() * sizeof(int64_t));
  launch.over(elementwise_items(queue, total)).moving(bytes).enqueue();
}

std::string GroupKernel::text(const Layout& layout) const {
  return group_text(features_of(group_), source_of(group_, layout.classes, layout.rank));
}

bool GroupKernel::interpret(Way& way, const Layout& layout, std::span<const array> inputs,
                            const Arrays& outputs, int64_t total, Queue& queue) {
  static const bool always = env::interpret() == "2";
  Device& device = queue.device();
  if (!device.facts().is_cpu) return false;
  if (!translated_) interpreted_ = Interpreted::translate(group_), translated_ = true;
  if (!interpreted_ || !interpreted_->fits(layout)) return false;
  if (!always) {
    const double excess = microseconds_per_launch +
                          double(total) * double(group_.steps.size() + layout.classes.size()) *
                              microseconds_per_element;
    if (way.patience.ends(
            excess, [&] { return is_stored(device, generated_text(device.facts(), text(layout))); },
            [&] { ahead::request(device, ahead::message_for(group_, layout)); }))
      return false;
    if (!interpreted_->kit().obtain(queue)) return false;
  }
  interpreted_->run(layout, inputs, outputs, total, queue);
  return true;
}

int Group::add_input(Dtype dtype, bool by_value) {
  inputs.push_back(dtype);
  constant.push_back(by_value);
  return int(inputs.size()) - 1;
}

int Group::add_step(Step step) {
  steps.push_back(std::move(step));
  return int(inputs.size() + steps.size()) - 1;
}

namespace {
/// The number of a text, such as an expression. Used under a Submission, as groups are.
uint64_t number_of(std::string_view text) {
  static auto* const numbers = new std::unordered_map<std::string_view, uint64_t>;
  static auto* const texts = new std::deque<std::string>;  // what the keys look into
  const auto known = numbers->find(text);
  if (known != numbers->end()) return known->second;
  return numbers->emplace(texts->emplace_back(text), numbers->size()).first->second;
}
}  // namespace

void append_step(GroupKey& key, const Fragment& fragment, Dtype result, size_t operands) {
  key.push_back(number_of(fragment.expression));
  key.push_back(uint64_t(fragment.operand.id()) << 16 | uint64_t(result.id()) << 8 | operands << 1 |
                fragment.boolean);
}

void append_input(GroupKey& key, const Node& input) {
  key.push_back(input.dtype.id() * 2u + input.immediate);
}

void append_primitive(GroupKey& key, const Primitive& primitive) {
  key.push_back(number_of(primitive.key()));
}

Group group_of_one(const Fragment& fragment, const Arrays& inputs, Dtype output) {
  Group group;
  Group::Step step{fragment, output, {}};
  for (const array& x : inputs)
    step.operands.push_back(group.add_input(x.dtype(), x.node().immediate));
  group.outputs.push_back(group.add_step(std::move(step)));
  return group;
}

GroupKernel& single(const Fragment& fragment, const Arrays& inputs, Dtype output) {
  static auto* const known =
      new std::unordered_map<GroupKey, std::unique_ptr<GroupKernel>, HashNumbers>;
  GroupKey key;
  append_step(key, fragment, output, inputs.size());
  for (const array& x : inputs) append_input(key, x.node());
  auto& kernel = (*known)[key];
  if (!kernel) kernel = std::make_unique<GroupKernel>(group_of_one(fragment, inputs, output));
  return *kernel;
}

}  // namespace mlx
