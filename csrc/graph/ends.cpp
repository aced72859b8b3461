// The ends of kernels: where groups are computed on the way, their arguments, and when that pays.
#include "graph/ends.h"

#include "base/env.h"
#include "cl/build.h"
#include "cl/group_sizes.h"
#include "cl/trace.h"
#include "graph/ahead.h"
#include "graph/copy.h"
#include "graph/ends_text.h"

namespace mlx {
namespace {

bool readable(const Group& group, const Layout& layout) {
  for (const Dtype dtype : group.inputs)
    if (dtype.is_complex()) return false;
  for (const Group::Step& step : group.steps)
    if (step.dtype.is_complex() || step.fragment.operand.is_complex()) return false;
  // The last class is the output's. Shorter rows would be read element by element.
  return layout.rank <= 1 && layout.columns <= INT32_MAX &&
         (layout.rank == 0 || layout.columns >= 64) &&
         layout.classes.find_first_of({char(Layout::strided), char(Layout::wrapped)}) ==
             layout.classes.npos;
}

/// Sets the arguments for the inputs from number `first` on.
void set_inputs(Launch& launch, const Layout& layout, std::span<const array> inputs, size_t first) {
  size_t row = size_t(layout.rank);  // behind the shape, the operands' strides
  for (size_t i = 0; i < inputs.size(); ++i) {
    const array& x = inputs[i];
    const bool by_value = layout.classes[i] == Layout::by_value;
    if (i >= first && by_value)
      with_scalar(x, [&](const void* value, size_t size) { launch.set_bytes(value, size); });
    if (by_value) continue;
    if (i >= first) launch.set(reads(x));
    if (layout.rank && i >= first) launch.set(layout.geometry[row]);
    row += size_t(layout.rank);
  }
  if (layout.rank) launch.set(layout.columns);
}

std::string key_of(const Layout& layout) {
  return layout.classes + char('0' + layout.rank);
}

}  // namespace

struct Source::Operands {
  const Group& group;
  Way& way;
  bool eager;
  double saved;
  std::span<const array> inputs;
  Layout layout;
};

Source::Source(array values, std::shared_ptr<Operands> operands)
    : values_(std::move(values)), operands_(std::move(operands)) {}

Source Source::seen_as(const Shape& shape) const {
  array seen = unwritten(shape, values_.dtype());
  const Strides strides = mlx::row_major(shape);
  if (!is_computed())
    seen.share(values_, strides, values_.offset());
  else
    seen.node().strides = strides;
  return {std::move(seen), operands_};
}

Source Source::row_major(Queue& queue) const {
  return is_computed() ? *this : Source(contiguous_copy(values_, queue));
}

void Source::set(Launch& launch) const {
  if (!is_computed()) return launch.set(reads(values_));
  set_inputs(launch, operands_->layout, operands_->inputs, 0);
}

size_t Source::nbytes() const {
  if (!is_computed()) return values_.nbytes();
  size_t bytes = 0;
  for (const array& x : operands_->inputs) bytes += x.nbytes();
  return bytes;
}

std::optional<Source> Prologue::source(std::span<const array> inputs, const Shape& shape,
                                       double saved) {
  const Strides strides = row_major(shape);
  Layout layout = lay_out(shape, inputs, group().constant, {&strides}, 0);
  if (!readable(group(), layout)) return std::nullopt;
  Way& way = ways_[key_of(layout)];
  if (way.text.empty())
    way.features = end_features(group()), way.text = source_text(group(), layout);
  array values = unwritten(shape, dtype());
  values.node().strides = strides;
  return Source(std::move(values), std::make_shared<Source::Operands>(Source::Operands{
                                       group(), way, eager_, saved, inputs, std::move(layout)}));
}

array Prologue::alone(std::span<const array> inputs, const Shape& shape, Queue& queue) {
  Arrays values{unwritten(shape, dtype())};
  kernel_.run(inputs, values, shape, queue);
  values[0].node().evaluated = true;
  return values[0];
}

struct Sink::Operands {
  Epilogue& epilogue;
  Way& way;
  double saved;
  std::span<const array> others;
  Arrays inputs;  ///< what the kernel computes, then the others
  Layout layout;
};

Sink::Sink(array values, array out, std::shared_ptr<Operands> operands)
    : values_(std::move(values)), out_(std::move(out)), operands_(std::move(operands)) {}

void Sink::allocate(Queue& queue) const {
  array out = out_;
  if (!out.node().buffer) out.allocate(queue);
}

void Sink::allocate_over(const Source& source, Queue& queue) const {
  if (source.is_computed() && !out_.node().buffer)
    for (const array& x : source.operands_->inputs)
      if (take_over(x, out_)) return;
  allocate(queue);
}

bool take_over(const array& x, const array& out) {
  if (x.node().immediate || x.shape() != out.shape() || x.itemsize() != out.itemsize() ||
      !x.is_row_contiguous() || !x.is_donatable())
    return false;
  array(out).share(x, x.strides(), x.offset());
  return true;
}

void Sink::set(Launch& launch) const {
  launch.set(writes(out_));
  if (is_computed()) set_inputs(launch, operands_->layout, operands_->inputs, 1);
}

size_t Sink::nbytes() const {
  size_t bytes = out_.nbytes();
  if (is_computed())
    for (const array& x : operands_->others) bytes += x.nbytes();
  return bytes;
}

void Sink::finish(array values, Queue& queue) const {
  operands_->epilogue.alone(std::move(values), operands_->others, out_, queue);
}

std::optional<Sink> Epilogue::sink(std::span<const array> others, const array& out, double saved) {
  const Shape& shape = out.shape();
  const Strides strides = row_major(shape);
  array values = unwritten(shape, group().inputs[0]);
  values.node().strides = strides;
  values.node().row_contiguous = true;
  Arrays inputs{values};
  inputs.insert(inputs.end(), others.begin(), others.end());
  Layout layout = lay_out(shape, inputs, group().constant, {&strides}, 0);
  if (!readable(group(), layout)) return std::nullopt;
  Way& way = ways_[key_of(layout)];
  if (way.text.empty()) way.features = end_features(group()), way.text = sink_text(group(), layout);
  return Sink(std::move(values), out,
              std::make_shared<Sink::Operands>(
                  Sink::Operands{*this, way, saved, others, std::move(inputs), std::move(layout)}));
}

void Epilogue::alone(array values, std::span<const array> others, const array& out, Queue& queue) {
  Arrays inputs{std::move(values)}, outputs{out};
  inputs.insert(inputs.end(), others.begin(), others.end());
  kernel_.run(inputs, outputs, out.shape(), queue);
}

Kernel* kernel_between(const Source& source, const Sink& sink, Queue& queue, const char* stem,
                       const char* name, const Defines& defines) {
  Device& device = queue.device();
  const auto* const from = source.operands_.get();
  const auto* const to = sink.operands_.get();
  if (!from && !to) return &device.kernels().kernel(stem, name, defines);
  EndsText ends;
  if (from) ends.features[0] = from->way.features, ends.source = from->way.text;
  if (to) ends.features[1] = to->way.features, ends.sink = to->way.text;
  Kernel& kernel = device.kernels().kernel(stem, name, defines, ends);
  if (kernel.is_built()) return &kernel;
  static const std::string interpret = env::interpret();
  const bool waits = interpret != "0" && (device.facts().is_cpu || (from && from->eager));
  const auto stored = [&] { return is_stored(device, kernel.text()); };
  const auto request = [&] { ahead::request(device, ahead::message_for(kernel.text())); };
  Patience& patience = from ? from->way.patience : to->way.patience;
  const double saved = (from ? from->saved : 0) + (to ? to->saved : 0);
  if (waits && (interpret == "2" || !patience.ends(saved, stored, request))) return nullptr;
  const auto say = [&](const Group& group, const char* where) {
    trace::say(3, "fused ", group.steps.size(), " operations ", where, name, ": ",
               summary_of(group));
  };
  if (from) say(from->group, "into ");
  if (to) say(to->epilogue.group(), "behind ");
  return &kernel;
}

Kernel* kernel_between(const Source& source, const Sink& sink, Queue& queue, const char* stem,
                       const char* name, const Defines& defines, int& group) {
  return fit_group(queue, group, defines, [&](const Defines& all) {
    return kernel_between(source, sink, queue, stem, name, all);
  });
}

}  // namespace mlx
