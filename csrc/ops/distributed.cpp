// Operations among processes: lazy nodes whose messages run apart from the devices' queues.
//
// Unless a stream is given they have streams of their own, so that kernels go on meanwhile: one for
// what all take part in and for receiving, one for sending, which therefore never keeps a process
// from receiving. Each has its thread.
#include "ops/distributed.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "cl/lifetime.h"
#include "comm/backends.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "ops/shape.h"

namespace mlx::comm {
static Names names_of(Reduction) {
  static constexpr const char* names[] = {"sum", "max", "min"};
  return names;
}
}  // namespace mlx::comm

namespace mlx::distributed {
namespace {

using comm::Action;
using comm::Communicator;
using comm::Message;
using comm::Reduction;

enum class Lane { exchange, send };

Worker& worker(Lane lane) {
  static Worker* const workers[] = {new Worker, new Worker};  // leaked: used at exit
  return *workers[int(lane)];
}

Stream stream_of(Lane lane, DeviceType device) {
  static std::mutex mutex;
  static std::optional<Stream> streams[2][2];
  const std::lock_guard lock(mutex);
  std::optional<Stream>& stream = streams[int(lane)][int(device)];
  if (!stream) stream = new_thread_unsafe_stream(device);
  return *stream;
}

Stream stream_for(Lane lane, DeviceType device, const StreamOrDevice& s) {
  if (s.index() == 0) return stream_of(lane, device);
  if (const auto* wanted = std::get_if<DeviceType>(&s)) return stream_of(lane, *wanted);
  return to_stream(s);
}

Group or_all(const OptionalGroup& group) {
  return group ? *group : init();
}

/// A node that sends, receives or both.
class Exchange : public Primitive {
 public:
  explicit Exchange(Group group) : group_(std::move(group)) {}
  size_t work(const Arrays&, const Arrays&) const override { return size_t(1) << 20; }

 protected:
  Communicator& communicator() const { return *group_.communicator(); }
  const Group& group() const { return group_; }

  /// Runs `call` in the order of the queue, with the addresses of the inputs and the outputs.
  template <typename Call>
  void post(Queue& queue, Lane lane, const Arrays& from, const Arrays& to, Call call) const {
    std::vector<Buffer*> reads, writes;
    std::vector<int64_t> offsets;
    for (const array& x : from) reads.push_back(&x.buffer()), offsets.push_back(bytes_before(x));
    for (const array& y : to) writes.push_back(&y.buffer()), offsets.push_back(bytes_before(y));
    queue.apart(
        name(), worker(lane),
        [call, offsets, communicator = group_.communicator()](std::vector<void*> addresses) {
          for (size_t i = 0; i < addresses.size(); ++i)
            addresses[i] = static_cast<char*>(addresses[i]) + offsets[i];
          call(*communicator, addresses);
        },
        reads, writes);
  }

  using Call = void (Communicator::*)(const comm::Message&, const void*, void*);
  /// The whole input and output to a call that every member makes.
  void post_whole(Queue& queue, Action action, Call call, const array& input, array& output);

 private:
  static int64_t bytes_before(const array& x) { return x.offset() * x.itemsize(); }
  Group group_;
};

Message message_of(Action action, const array& x) {
  return {action, x.dtype(), x.shape()};
}

void Exchange::post_whole(Queue& queue, Action action, Call call, const array& input,
                          array& output) {
  const array x = contiguous_copy(input, queue);
  output.allocate(queue);
  if (x.size() == 0) return;
  post(queue, Lane::exchange, {x}, {output},
       [call, message = message_of(action, x)](Communicator& c, const std::vector<void*>& at) {
         (c.*call)(message, at[0], at[1]);
       });
}

class AllReduce final : public Exchange {
 public:
  AllReduce(Group group, Reduction reduction) : Exchange(std::move(group)), reduction_(reduction) {}
  const char* name() const override { return comm::to_string(action()); }
  void fields(Fields& f) override { f.field("reduction", reduction_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {cotangents[0]};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {make(tangents[0], reduction_, group(), {})};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override;
  static array make(Operand operand, Reduction reduction, const OptionalGroup& group,
                    const StreamOrDevice& s);

 private:
  Action action() const {
    return reduction_ == Reduction::sum   ? Action::all_sum
           : reduction_ == Reduction::max ? Action::all_max
                                          : Action::all_min;
  }
  Reduction reduction_;
};

array AllReduce::make(Operand operand, Reduction reduction, const OptionalGroup& given,
                      const StreamOrDevice& s) {
  const Group group = or_all(given);
  const array x = to_array(std::move(operand));
  if (group.size() == 1) return x;
  return array(x.shape(), x.dtype(), make_ref<AllReduce>(group, reduction), {x},
               stream_for(Lane::exchange, x.device(), s));
}

void AllReduce::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& y = outputs[0];
  const array x = contiguous_copy(inputs[0], queue);
  if (inputs[0].is_row_contiguous() && inputs[0].is_donatable())
    y.share(inputs[0], inputs[0].strides(), inputs[0].offset());
  else
    y.allocate(queue);
  if (x.size() == 0) return;
  post(queue, Lane::exchange, {x}, {y},
       [reduction = reduction_, message = message_of(action(), x)](Communicator& c,
                                                                   const std::vector<void*>& at) {
         c.all_reduce(reduction, message, at[0], at[1]);
       });
}

std::pair<Arrays, std::vector<int>> AllReduce::vmap(const Arrays& inputs,
                                                    const std::vector<int>& axes) {
  return {{make(inputs[0], reduction_, group(), {})}, axes};
}

/// The arguments of a batched operation along the first axis of the examples: with the batch behind
/// that axis.
array batch_second(const array& x, int axis) {
  return x.ndim() == 1 ? expand_dims(x, {0}) : moveaxis(x, axis, 1);
}

class AllGather final : public Exchange {
 public:
  using Exchange::Exchange;
  const char* name() const override { return "all_gather"; }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {gathered(inputs[0].shape(), group().size())};
  }
  static Shape gathered(Shape shape, int size) {
    if (shape.empty()) return {size};
    shape[0] = dimension(int64_t(shape[0]) * size, "all_gather");
    return shape;
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    post_whole(queue, Action::all_gather, &Communicator::all_gather, inputs[0], outputs[0]);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    const Shape& shape = primals[0].shape();
    Shape start(cotangents[0].ndim(), 0), stop = cotangents[0].shape();
    const int32_t rows = shape.empty() ? 1 : shape[0];
    start[0] = rows * group().rank();
    stop[0] = start[0] + rows;
    return {reshape(slice(cotangents[0], start, stop), shape)};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {all_gather(tangents[0], group())};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{all_gather(batch_second(inputs[0], axes[0]), group())}, {1}};
  }
};

class SumScatter final : public Exchange {
 public:
  using Exchange::Exchange;
  const char* name() const override { return "sum_scatter"; }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {scattered(inputs[0].shape(), group().size())};
  }
  static Shape scattered(Shape shape, int size) {
    if (shape.empty() || shape[0] % size != 0)
      fail("sum_scatter", "the first axis of shape ", to_string(shape), " cannot be divided among ",
           size, " processes.");
    shape[0] /= size;
    return shape;
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    post_whole(queue, Action::sum_scatter, &Communicator::sum_scatter, inputs[0], outputs[0]);
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {all_gather(cotangents[0], group())};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {sum_scatter(tangents[0], group())};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{sum_scatter(batch_second(inputs[0], axes[0]), group())}, {1}};
  }
};

class Send final : public Exchange {
 public:
  Send(Group group, int to) : Exchange(std::move(group)), to_(to) {}
  const char* name() const override { return "send"; }
  void fields(Fields& f) override { f.field("dst", to_); }
  bool has_effects() const override { return true; }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array x = contiguous_copy(inputs[0], queue);
    outputs[0].share(x, x.strides(), x.offset());
    post(queue, Lane::send, {x}, {},
         [to = to_, message = message_of(Action::send, x)](
             Communicator& c, const std::vector<void*>& at) { c.send(message, at[0], to); });
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{send(batch_first(inputs[0], axes[0], 0), to_, group())}, {0}};
  }

 private:
  int to_;
};

class Receive final : public Exchange {
 public:
  Receive(Group group, int from) : Exchange(std::move(group)), from_(from) {}
  const char* name() const override { return "recv"; }
  void fields(Fields& f) override { f.field("src", from_); }
  bool has_effects() const override { return true; }
  void eval(const Arrays&, Arrays& outputs, Queue& queue) override {
    outputs[0].allocate(queue);
    post(queue, Lane::exchange, {}, {outputs[0]},
         [from = from_, message = message_of(Action::send, outputs[0])](
             Communicator& c, const std::vector<void*>& at) { c.receive(message, at[0], from); });
  }

 private:
  int from_;
};

/// The other side of a message between two.
void check_peer(const char* op, const char* argument, int peer, const Group& group) {
  if (group.size() == 1) fail(op, "there is no other process in a group of size 1.");
  if (peer < 0 || peer >= group.size() || peer == group.rank())
    fail(op, argument, " must be the rank of another process of the group, which has ",
         group.size(), " (this one is ", group.rank(), "), not ", peer, ".");
}

}  // namespace

Group Group::split(int color, int key) const {
  if (!communicator_) fail<std::runtime_error>("Group.split", "a group of size 1 cannot be split.");
  std::shared_ptr<comm::Communicator> part;
  blocking([&] {
    worker(Lane::exchange).run([&] { part = communicator_->split(color, key < 0 ? rank() : key); });
  });
  return Group(std::move(part));
}

Group init(bool strict, const std::string& backend) {
  static constexpr std::array known = {"any", "mpi", "ring", "nccl", "jaccl"};
  if (std::find(known.begin(), known.end(), backend) == known.end())
    fail("distributed.init", "there is no backend '", backend,
         "'; known are any, mpi, ring, nccl and jaccl.");
  std::shared_ptr<comm::Communicator> communicator;
  blocking([&] { communicator = comm::connect(backend, strict); });
  return Group(std::move(communicator));
}

bool is_available(const std::string& backend) {
  return comm::is_available(backend);
}

void forget() {
  comm::forget();
}

void leave(bool failing) {
  if (is_forked()) return;  // the connections are the parent's
  if (failing) comm::disconnect(true);
  const double timeout = comm::Deadline::seconds();
  for (const Lane lane : {Lane::exchange, Lane::send})
    worker(lane).settle(failing ? 1 : timeout > 0 ? timeout : 1e6);
  if (!failing) comm::disconnect(false);
}

array all_sum(Operand x, const OptionalGroup& group, const StreamOrDevice& s) {
  return AllReduce::make(std::move(x), Reduction::sum, group, s);
}

array all_max(Operand x, const OptionalGroup& group, const StreamOrDevice& s) {
  return AllReduce::make(std::move(x), Reduction::max, group, s);
}

array all_min(Operand x, const OptionalGroup& group, const StreamOrDevice& s) {
  return AllReduce::make(std::move(x), Reduction::min, group, s);
}

array all_gather(Operand operand, const OptionalGroup& given, const StreamOrDevice& s) {
  const Group group = or_all(given);
  const array x = to_array(std::move(operand));
  if (group.size() == 1) return x;
  return array(AllGather::gathered(x.shape(), group.size()), x.dtype(), make_ref<AllGather>(group),
               {x}, stream_for(Lane::exchange, x.device(), s));
}

array sum_scatter(Operand operand, const OptionalGroup& given, const StreamOrDevice& s) {
  const Group group = or_all(given);
  const array x = to_array(std::move(operand));
  if (group.size() == 1) return x;
  return array(SumScatter::scattered(x.shape(), group.size()), x.dtype(),
               make_ref<SumScatter>(group), {x}, stream_for(Lane::exchange, x.device(), s));
}

array send(Operand operand, int dst, const OptionalGroup& given, const StreamOrDevice& s) {
  const Group group = or_all(given);
  check_peer("send", "dst", dst, group);
  const array x = to_array(std::move(operand));
  return array(x.shape(), x.dtype(), make_ref<Send>(group, dst), {x},
               stream_for(Lane::send, x.device(), s));
}

array recv(const Shape& shape, Dtype dtype, int src, const OptionalGroup& given,
           const StreamOrDevice& s) {
  const Group group = or_all(given);
  check_peer("recv", "src", src, group);
  return array(shape, dtype, make_ref<Receive>(group, src), {},
               stream_for(Lane::exchange, default_device(), s));
}

array recv_like(Operand operand, int src, const OptionalGroup& given, const StreamOrDevice& s) {
  const Group group = or_all(given);
  check_peer("recv_like", "src", src, group);
  const array x = to_array(std::move(operand));
  return array(x.shape(), x.dtype(), make_ref<Receive>(group, src), {},
               stream_for(Lane::exchange, x.device(), s));
}

}  // namespace mlx::distributed
