// A primitive and its elementwise neighbours, as one primitive of a plan.
#include "graph/map_reduce.h"

namespace mlx {
namespace {

double cost_as_array(const Shape& shape, Dtype dtype) {
  return microseconds_as_array(size_of(shape) * int64_t(dtype.size()));
}

}  // namespace

MapReduce::MapReduce(Parts parts, std::string name)
    : primitive_(std::move(parts.primitive)),
      others_(parts.others),
      shape_(std::move(parts.shape)),
      computed_(std::move(parts.computed)),
      dtype_(parts.dtype),
      name_(std::move(name)) {
  if (parts.before) before_.emplace(std::move(*parts.before));
  if (parts.after) after_.emplace(std::move(*parts.after));
}

Shape MapReduce::shape_for(std::span<const array> inputs) const {
  if (shape_) return *shape_;
  Shape shape;
  for (const array& input : inputs) shape = broadcast(shape, input.shape(), "compile");
  return shape;
}

void MapReduce::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  const std::span<const array> all(inputs), before = all.first(inputs_before()),
                                            others = all.subspan(before.size(), others_),
                                            behind = all.subspan(before.size() + others_);
  const Shape shape = shape_for(before);
  std::optional<Source> source;
  if (before_) source = before_->source(before, shape, cost_as_array(shape, before_->dtype()));
  auto& ends = dynamic_cast<HasEnds&>(*primitive_);
  std::optional<Sink> sink;
  if (after_ && !(source && ends.works_in_place()))
    sink = after_->sink(behind, outputs[0], cost_as_array(computed_, dtype_));
  if (!before_ && sink && ends.works_in_place()) take_over(all[0], outputs[0]);
  Arrays read;  // what the primitive reads, where that is arrays
  if (!source) read.push_back(before_ ? before_->alone(before, shape, queue) : all[0]);
  array written = after_ && !sink ? unwritten(computed_, dtype_) : outputs[0];
  if ((source || sink) && ends.eval_between(source ? *source : Source(read[0]), others,
                                            sink ? *sink : Sink(written), queue)) {
    if (sink || !after_) return;
  } else {
    if (source) read.push_back(before_->alone(before, shape, queue));
    read.insert(read.end(), others.begin(), others.end());
    if (sink) written = unwritten(computed_, dtype_);
    Arrays results{written};
    primitive_->eval(read, results, queue);
    if (!after_) return;
  }
  written.node().evaluated = true;
  after_->alone(std::move(written), behind, outputs[0], queue);
}

std::vector<Shape> MapReduce::output_shapes(const Arrays& inputs) const {
  if (after_) return {computed_};
  const std::span<const array> all(inputs), before = all.first(inputs_before());
  Arrays read{before_ ? unwritten(shape_for(before), before_->dtype()) : all[0]};
  read.insert(read.end(), all.begin() + before.size(), all.end());
  return primitive_->output_shapes(read);
}

size_t MapReduce::work(const Arrays& inputs, const Arrays& outputs) const {
  const Shape shape = shape_for(std::span(inputs).first(inputs_before()));
  const size_t before = before_ ? before_->group().steps.size() : 0,
               after = after_ ? after_->group().steps.size() : 0;
  return size_t(size_of(shape)) * (before + 1) + size_t(outputs[0].size()) * after;
}

}  // namespace mlx
