// An elementwise group and the reduction that alone reads its result, as one primitive of a plan.
#include "graph/map_reduce.h"

namespace mlx {

MapReduce::MapReduce(Group group, std::optional<Shape> shape, Ref<Primitive> reader,
                     std::string name)
    : prologue_(group),
      alone_(std::move(group)),
      shape_(std::move(shape)),
      reader_(std::move(reader)),
      name_(std::move(name)) {}

Shape MapReduce::shape_for(const Arrays& inputs) const {
  if (shape_) return *shape_;
  Shape shape;
  for (const array& input : inputs) shape = broadcast(shape, input.shape(), "compile");
  return shape;
}

void MapReduce::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  const Shape shape = shape_for(inputs);
  const Group& group = prologue_.group();
  Arrays values{array(make_ref<Node>(shape, dtype_of_value(group, size_t(group.outputs[0]))))};
  const double saved = microseconds_as_array(values[0].nbytes());
  if (const std::optional<Source> source = prologue_.source(inputs, shape, saved))
    if (dynamic_cast<ReadsSource&>(*reader_).eval_source(*source, outputs, queue)) return;
  alone_.run(inputs, values, shape, queue);
  values[0].node().evaluated = true;
  reader_->eval(values, outputs, queue);
}

std::vector<Shape> MapReduce::output_shapes(const Arrays& inputs) const {
  const Group& group = prologue_.group();
  return reader_->output_shapes(
      {array(make_ref<Node>(shape_for(inputs), dtype_of_value(group, size_t(group.outputs[0]))))});
}

size_t MapReduce::work(const Arrays& inputs, const Arrays&) const {
  return size_t(size_of(shape_for(inputs))) * (prologue_.group().steps.size() + 1);
}

}  // namespace mlx
