// Drafts: kernels that are compiled in a hurry and run until the compiler has taken its time.
//
// PoCL spends most of a kernel's build on optimising it. A kernel that nobody has built before is
// needed at once, and often for a few small launches only; so it is built with little optimisation
// first. Once it has been used enough, another process builds it properly, and it is taken from
// the disk when it is there. Results are the same to the last bit.
#pragma once

#include <string>

#include "cl/build.h"

namespace mlx {

/// The process that builds what it is asked for. The floor that can start it sets these.
struct Elsewhere {
  bool (*possible)(const Device& device) = nullptr;
  /// False where that did not work.
  bool (*request)(const Device& device, const ProgramText& text) = nullptr;
};
extern Elsewhere elsewhere;

/// One program's draft; the program has one kernel. Used under the submission lock.
class Draft {
 public:
  explicit Draft(const ProgramText& text);
  /// The kernel to launch; null from when on the program itself should be taken: it is on the disk,
  /// or nobody else is going to build it.
  cl_kernel on(const Device& device, const ProgramText& text, bool small, const char* name);
  bool serves() const { return state_ == State::serving; }

 private:
  enum class State { fresh, serving, over };
  bool wanted(const Device& device, const ProgramText& text) const;
  /// Whether the program itself can be taken; looks now and then.
  bool is_over(const Device& device, const ProgramText& text, bool small);

  ProgramText text_;
  State state_ = State::fresh;
  Handle<cl_program> built_[2];
  Handle<cl_kernel> kernels_[2];
  int uses_ = 0;
  int64_t requested_ = 0, next_look_ = 0, pause_ = 0;  ///< nanoseconds
};

}  // namespace mlx
