// Public primitives in the graph inside, and kernels for them.
#include "api/primitive.h"

#include "api/convert.h"
#include "base/error.h"
#include "cl/launch.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "mlx/primitives.h"

namespace mlx::core {

Primitive::~Primitive() = default;

void Primitive::eval(const std::vector<array>& inputs, std::vector<array>& outputs) {
  device().type == Device::gpu ? eval_gpu(inputs, outputs) : eval_cpu(inputs, outputs);
}
void Primitive::eval_cpu(const std::vector<array>&, std::vector<array>&) {
  fail<std::runtime_error>(name(), "it has no implementation for the CPU.");
}
void Primitive::eval_gpu(const std::vector<array>&, std::vector<array>&) {
  fail<std::runtime_error>(name(), "it has no implementation for the GPU.");
}

std::vector<array> Primitive::vjp(const std::vector<array>&, const std::vector<array>&,
                                  const std::vector<int>&, const std::vector<array>&) {
  fail("vjp", "the primitive ", name(), " has no vjp.");
}
std::vector<array> Primitive::jvp(const std::vector<array>&, const std::vector<array>&,
                                  const std::vector<int>&) {
  return {};
}
std::pair<std::vector<array>, std::vector<int>> Primitive::vmap(const std::vector<array>&,
                                                                const std::vector<int>&) {
  fail("vmap", "the primitive ", name(), " has no vmap.");
}
std::vector<Shape> Primitive::output_shapes(const std::vector<array>&) {
  fail(name(), "it does not say the shapes of its outputs for inputs of other shapes.");
}

namespace {

/// The queue of the evaluation that runs on this thread, for kernels that it runs.
thread_local Queue* evaluating = nullptr;

class Evaluating {
 public:
  explicit Evaluating(Queue& queue) : before_(std::exchange(evaluating, &queue)) {}
  Evaluating(const Evaluating&) = delete;
  ~Evaluating() { evaluating = before_; }

 private:
  Queue* before_;
};

/// Holds a public primitive where the graph wants one of its own.
class Foreign final : public mlx::Primitive {
 public:
  explicit Foreign(std::shared_ptr<core::Primitive> primitive) : primitive_(std::move(primitive)) {}
  const char* name() const override { return primitive_->name(); }
  /// Two of them are never taken for equal: what the primitive holds is unknown here.
  void fields(Fields& f) override {
    int64_t identity = int64_t(reinterpret_cast<std::uintptr_t>(primitive_.get()));
    f.field("identity", identity);
  }
  void eval(const mlx::Arrays& inputs, mlx::Arrays& outputs, Queue& queue) override {
    std::vector<array> dense;
    for (const mlx::array& x : inputs) dense.push_back(out(contiguous_copy(x, queue)));
    for (mlx::array& x : outputs) {
      x.allocate(queue);
      x.node().evaluated = true;  // so that the primitive may write its memory
    }
    std::vector<array> results = out(outputs);
    const Evaluating here(queue);
    primitive_->eval(dense, results);
  }
  std::vector<Shape> output_shapes(const mlx::Arrays& inputs) const override {
    return primitive_->output_shapes(out(inputs));
  }
  mlx::Arrays vjp(const mlx::Arrays& primals, const mlx::Arrays& cotangents,
                  const std::vector<int>& argnums, const mlx::Arrays& outputs) override {
    return in(primitive_->vjp(out(primals), out(cotangents), argnums, out(outputs)));
  }
  mlx::Arrays jvp(const mlx::Arrays& primals, const mlx::Arrays& tangents,
                  const std::vector<int>& argnums) override {
    return in(primitive_->jvp(out(primals), out(tangents), argnums));
  }
  std::pair<mlx::Arrays, std::vector<int>> vmap(const mlx::Arrays& inputs,
                                                const std::vector<int>& axes) override {
    const auto [results, result_axes] = primitive_->vmap(out(inputs), axes);
    return {in(results), result_axes};
  }

 private:
  std::shared_ptr<core::Primitive> primitive_;
};

}  // namespace

mlx::Arrays outputs_of(std::shared_ptr<Primitive> primitive, std::vector<Shape> shapes,
                       const std::vector<Dtype>& dtypes, const std::vector<array>& inputs) {
  std::vector<mlx::Dtype> inside;
  for (const Dtype dtype : dtypes) inside.push_back(in(dtype));
  const mlx::Stream stream = in(primitive->stream());
  const auto foreign = make_ref<Foreign>(std::move(primitive));
  if (shapes.size() == 1)
    return {mlx::array(std::move(shapes.front()), inside.front(), Ref<mlx::Primitive>(foreign),
                       in(inputs), stream)};
  return mlx::array::several(std::move(shapes), std::move(inside), Ref<mlx::Primitive>(foreign),
                             in(inputs), stream);
}

Kernel::Kernel(std::string name, std::string source)
    : name_(std::move(name)), source_(std::move(source)) {}
Kernel::~Kernel() = default;

Kernel::Arguments& Kernel::Arguments::in(const array& a) {
  list_.push_back({Argument::input, &a, 0, 0});
  return *this;
}
Kernel::Arguments& Kernel::Arguments::out(const array& a) {
  list_.push_back({Argument::output, &a, 0, 0});
  return *this;
}
Kernel::Arguments& Kernel::Arguments::value(int32_t v) {
  list_.push_back({Argument::int32, nullptr, v, 0});
  return *this;
}
Kernel::Arguments& Kernel::Arguments::value(int64_t v) {
  list_.push_back({Argument::int64, nullptr, v, 0});
  return *this;
}
Kernel::Arguments& Kernel::Arguments::value(float v) {
  list_.push_back({Argument::float32, nullptr, 0, v});
  return *this;
}

void Kernel::run(const Stream& stream, size_t items, const Arguments& arguments) const {
  const mlx::Submission submission;
  Queue& queue = evaluating ? *evaluating : queue_of(submission, core::in(stream));
  Launch launch(queue, queue.device().kernels().generated(source_, name_.c_str()));
  launch.over(items);
  mlx::Arrays held;  // until the launch
  held.reserve(arguments.list_.size());
  for (const Arguments::Argument& argument : arguments.list_) {
    if (argument.a) held.push_back(core::in(*argument.a));
    switch (argument.kind) {
      case Arguments::Argument::input:
        launch.set(reads(held.back()));
        break;
      case Arguments::Argument::output:
        launch.set(writes(held.back()));
        break;
      case Arguments::Argument::int32:
        launch.set(int32_t(argument.integer));
        break;
      case Arguments::Argument::int64:
        launch.set(argument.integer);
        break;
      case Arguments::Argument::float32:
        launch.set(argument.real);
        break;
    }
  }
  launch.enqueue();
}

}  // namespace mlx::core
