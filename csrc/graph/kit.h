// Kits: kernels that run any group of the operations they contain (kernels/interpreter.clh), so
// that a group need not wait for a kernel of its own.
//
// Used under a Submission.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cl/program.h"
#include "cl/queue.h"
#include "graph/expression.h"

namespace mlx {

/// What a kit is made of: operations on some dtypes, further dtypes that its arrays may have, and
/// the conversions that have one of the former on either side.
struct KitRow {
  struct Operation {
    Fragment fragment;
    Dtype result;
  };
  std::string name;
  std::vector<Dtype> operands, others;
  std::vector<Operation> operations;
};
/// The rows in the order in which they are tried. The floor that has the operations sets it.
extern std::vector<KitRow> (*kit_rows)();

class Kit {
 public:
  // The kernel's fixed sizes; kernels/interpreter.clh has its structs and says what they hold.
  static constexpr int max_slots = 8, max_rank = 4, registers = 16, max_steps = 40;
  struct Step {
    uint16_t operation;
    uint8_t to, a, b, c;
  };
  struct Slot {
    int64_t line, stride, outer[max_rank];
    uint8_t mode, dtype, place, unused[5];
  };
  struct Walk {
    int64_t shape[max_rank];
    Slot slots[max_slots];
    Step steps[max_steps];
    int32_t inputs, outputs, count, rank;
  };

  explicit Kit(const KitRow& row);
  const std::string& name() const { return name_; }
  /// The number of a dtype that arrays may have, or -1.
  int dtype(Dtype dtype) const;
  /// The number of the step that computes `value` (OpenCL text over vectors a, b, c of one dtype),
  /// or -1.
  int step(const std::string& value, Dtype from, Dtype to) const;
  /// The program without the prelude.
  std::string text() const;
  /// Counts a group that has no kernel of its own.
  void want() { ++wanted_; }
  /// True once the kernel is there to be launched. With PoCL it is built here when enough groups
  /// want it, and until then another process is asked for it; elsewhere `prepare` may have built
  /// it.
  bool obtain(Queue& queue);
  Kernel& kernel(Device& device);

  static const std::vector<std::unique_ptr<Kit>>& all();
  /// Throws std::out_of_range for an unknown name.
  static Kit& named(const std::string& name);

 private:
  void add(const std::string& value, Dtype from, Dtype to);

  std::string name_;
  Features features_;
  std::vector<Dtype> dtypes_;
  std::vector<std::string> steps_;  ///< the arguments of their macros
  std::unordered_map<std::string, int> numbers_;
  Kernel* kernels_[2] = {};  ///< by type of device, once they are ready
  int wanted_ = 0;
  bool failed_ = false;
};

}  // namespace mlx
