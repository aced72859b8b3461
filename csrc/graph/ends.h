// What a kernel reads and writes: arrays, or elementwise groups computed on the way in and out.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "cl/launch.h"
#include "graph/group_kernel.h"
#include "graph/layout.h"
#include "graph/patience.h"

namespace mlx {

/// An array that something is still to compute.
inline array unwritten(const Shape& shape, Dtype dtype) {
  return array(make_ref<Node>(shape, dtype));
}

/// Gives `out` the memory of `x` where `x` dies with this use and has the size and order for it.
bool take_over(const array& x, const array& out);

/// One layout of the operands of a group that a kernel computes on its way.
struct Way {
  std::string features, text;  ///< in place of files that kernels/ends.clh includes
  Patience patience;
};

/// The values that kernels/source.clh, or text in its place, gives to a kernel.
class Source {
 public:
  Source(const array& x) : values_(x) {}  // NOLINT: what most callers have is an array
  /// What is read, with its shape, dtype and strides. A computed one has no memory.
  const array& values() const { return values_; }
  bool is_computed() const { return bool(operands_); }
  /// Row-major values in another shape, row-major too.
  Source seen_as(const Shape& shape) const;
  /// The same values in row-major order.
  Source row_major(Queue& queue) const;
  /// Sets the arguments that the kernel's SOURCE_ARGUMENTS are.
  void set(Launch& launch) const;
  /// Bytes that are read.
  size_t nbytes() const;

 private:
  friend class Prologue;
  friend class Sink;
  friend Kernel* kernel_between(const Source& source, const class Sink& sink, Queue& queue,
                                const char* stem, const char* name, const Defines& defines);
  struct Operands;
  Source(array values, std::shared_ptr<Operands> operands);

  array values_;
  std::shared_ptr<Operands> operands_;
};

/// Where kernels/sink.clh, or text in its place, takes what a kernel computes.
class Sink {
 public:
  Sink(const array& out) : values_(out), out_(out) {}  // NOLINT: as above
  /// What the kernel computes, with its shape and dtype. Without memory where a group follows.
  const array& values() const { return values_; }
  bool is_computed() const { return bool(operands_); }
  /// What is in memory in the end.
  const array& written() const { return out_; }
  /// Gives the written array memory, unless it has some.
  void allocate(Queue& queue) const;
  /// As allocate(), if possible that of an input of the source's group that dies: for primitives
  /// that work in place.
  void allocate_over(const Source& source, Queue& queue) const;
  /// Sets the arguments that the kernel's SINK_ARGUMENTS are.
  void set(Launch& launch) const;
  /// Bytes that are written, and read on the way.
  size_t nbytes() const;
  /// Computes the group from what a kernel has left in an array.
  void finish(array values, Queue& queue) const;

 private:
  friend class Epilogue;
  friend Kernel* kernel_between(const Source& source, const Sink& sink, Queue& queue,
                                const char* stem, const char* name, const Defines& defines);
  struct Operands;
  Sink(array values, array out, std::shared_ptr<Operands> operands);

  array values_, out_;
  std::shared_ptr<Operands> operands_;
};

/// For kernels that do not compute what is behind them: run(sink) writes an array, and the group
/// follows in a launch of its own. False, with nothing done, where run() gives false.
template <typename Run>
bool then_finish(const Sink& sink, Queue& queue, Run&& run) {
  array values = unwritten(sink.values().shape(), sink.values().dtype());
  if (!run(Sink(values))) return false;
  values.node().evaluated = true;
  sink.finish(std::move(values), queue);
  return true;
}

/// Kernel `name` of kernels/<stem>.cl, which includes ends.clh, between the two. Null where one
/// with groups does not pay yet: then the caller does nothing, and is called again without groups.
Kernel* kernel_between(const Source& source, const Sink& sink, Queue& queue, const char* stem,
                       const char* name, const Defines& defines);

/// The same with GROUP among the defines, unless `group` is 0: as many items as the kernel bears
/// (fit_group() in cl/group_sizes.h).
Kernel* kernel_between(const Source& source, const Sink& sink, Queue& queue, const char* stem,
                       const char* name, const Defines& defines, int& group);

/// The interface of primitives of one output whose kernels include ends.clh.
class HasEnds {
 public:
  virtual ~HasEnds() = default;
  /// As Primitive::eval, with `source` for inputs[0] and `sink` for the output; false where
  /// kernel_between() gave null and nothing has been done.
  virtual bool eval_between(const Source& source, std::span<const array> others, const Sink& sink,
                            Queue& queue) = 0;
  /// True where every element is read before one of its number is written, so that the result may
  /// take the place of what is read. What is computed on the way in then waits there, so that it is
  /// asked for one computed end at a time.
  virtual bool works_in_place() const { return false; }
};

/// What values of so many bytes cost as an array, by estimate: a launch, and their way through
/// memory and back.
inline double microseconds_as_array(int64_t bytes) {
  constexpr double microseconds_per_launch = 3, bytes_per_microsecond = 5e3;
  return microseconds_per_launch + 2 * double(bytes) / bytes_per_microsecond;
}

/// An elementwise group of one output, whose values a kernel computes as it reads them.
class Prologue {
 public:
  /// `eager`: kernels wait until they pay on every device, since the group is only a guess.
  explicit Prologue(Group group, bool eager = false) : kernel_(std::move(group)), eager_(eager) {}
  const Group& group() const { return kernel_.group(); }
  Dtype dtype() const { return dtype_of_value(group(), size_t(group().outputs[0])); }
  /// The group's values, row-major in `shape`. Empty where the inputs lie in ways that are not read
  /// like this; then the group has to run by itself. `saved`: what the values as arrays have cost
  /// since the last call, in microseconds.
  std::optional<Source> source(std::span<const array> inputs, const Shape& shape, double saved);
  /// Computes the values by a kernel of the group's own.
  array alone(std::span<const array> inputs, const Shape& shape, Queue& queue);

 private:
  GroupKernel kernel_;
  bool eager_;
  std::unordered_map<std::string, Way> ways_;  ///< by the layout of the inputs
};

/// An elementwise group of one output that is computed as a kernel writes the values of input 0.
class Epilogue {
 public:
  explicit Epilogue(Group group) : kernel_(std::move(group)) {}
  const Group& group() const { return kernel_.group(); }
  /// `others`: the inputs from number 1 on, which live as long as the sink. Where they lie in ways
  /// that are not read like this, empty.
  std::optional<Sink> sink(std::span<const array> others, const array& out, double saved);
  /// Computes the output from `values` by a kernel of the group's own.
  void alone(array values, std::span<const array> others, const array& out, Queue& queue);

 private:
  friend class Sink;
  GroupKernel kernel_;
  std::unordered_map<std::string, Way> ways_;
};

}  // namespace mlx
