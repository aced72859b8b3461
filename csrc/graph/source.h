// What a reduction reads: an array, or what an elementwise group computes while it is read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "cl/launch.h"
#include "graph/codegen.h"
#include "graph/layout.h"
#include "graph/patience.h"

namespace mlx {

/// The values that kernels/source.clh, or text in its place, gives to a kernel.
class Source {
 public:
  Source(const array& x) : values_(x) {}  // NOLINT: what most callers have is an array
  /// What is read, with its shape, dtype and strides. A computed one has no memory.
  const array& values() const { return values_; }
  bool is_computed() const { return bool(operands_); }
  /// Row-major values in another shape, row-major too.
  Source seen_as(const Shape& shape) const;
  /// A kernel of kernels/<stem>.cl that reads it; null where one for computed values does not pay
  /// yet. Then the caller does nothing, and the values will come as an array.
  Kernel* kernel(Queue& queue, const char* stem, const char* name, const Defines& defines) const;
  /// Sets the arguments that the kernel's SOURCE_ARGUMENTS are.
  void set(Launch& launch) const;
  /// Bytes that are read.
  size_t nbytes() const;

 private:
  friend class Prologue;
  struct Operands;
  Source(array values, std::shared_ptr<Operands> operands);

  array values_;
  std::shared_ptr<Operands> operands_;
};

/// What values of so many bytes cost as an array, by estimate: a launch, and their way through
/// memory and back.
inline double microseconds_as_array(int64_t bytes) {
  constexpr double microseconds_per_launch = 3, bytes_per_microsecond = 5e3;
  return microseconds_per_launch + 2 * double(bytes) / bytes_per_microsecond;
}

/// The interface of primitives whose one input may be a Source.
class ReadsSource {
 public:
  virtual ~ReadsSource() = default;
  /// As Primitive::eval; false where Source::kernel() gave none and nothing has been done.
  virtual bool eval_source(const Source& source, Arrays& outputs, Queue& queue) = 0;
};

/// An elementwise group of one output, whose values a kernel computes as it reads them.
class Prologue {
 public:
  /// `eager`: kernels wait until they pay on every device, since the group is only a guess.
  explicit Prologue(Group group, bool eager = false) : group_(std::move(group)), eager_(eager) {}
  const Group& group() const { return group_; }
  /// The group's values, row-major in `shape`. Empty where the inputs lie in ways that are not read
  /// like this; then the group has to run by itself. `saved`: what the values as arrays have cost
  /// since the last call, in microseconds.
  std::optional<Source> source(const Arrays& inputs, const Shape& shape, double saved);

 private:
  friend class Source;
  struct Way {
    std::string text;  ///< in place of kernels/source.clh
    Patience patience;
  };
  Group group_;
  bool eager_;
  std::unordered_map<std::string, Way> ways_;  ///< by the layout of the inputs
};

}  // namespace mlx
