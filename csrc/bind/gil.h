// Python's lock, let go while something else is waited for.
#pragma once

#include <Python.h>
#include <unistd.h>

namespace mlx {

/// While it lives, this thread does without the GIL, which it must have.
///
/// When the interpreter ends, it ends the threads that want the GIL back by unwinding their stacks,
/// destructors and all, which C++ answers by ending the process. So such a thread stays where it is
/// until the process is gone.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  WithoutGil(const WithoutGil&) = delete;
  ~WithoutGil() noexcept(false) {
    const Stay unless_it_returns;
    PyEval_RestoreThread(state_);
    unless_it_returns.returned = true;
  }

 private:
  struct Stay {
    mutable bool returned = false;
    ~Stay() noexcept(false) {
      while (!returned) pause();
    }
  };
  PyThreadState* state_;
};

}  // namespace mlx
