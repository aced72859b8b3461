// When a draft serves, and when the program itself takes its place.
#include "cl/draft.h"

#include <algorithm>

#include "base/env.h"
#include "cl/opencl.h"
#include "cl/trace.h"

namespace mlx {

Elsewhere elsewhere;

namespace {

// A launch over little work wastes microseconds on a draft; one over more, up to milliseconds.
constexpr int wide_use = 16, worth_a_build = 256;
constexpr int64_t millisecond = 1'000'000, first_pause = 20 * millisecond,
                  longest_pause = 500 * millisecond, patience = 20'000 * millisecond;

}  // namespace

Draft::Draft(const ProgramText& text)
    : text_{text.source, text.options + " -cl-opt-disable", text.declared} {}

bool Draft::wanted(const Device& device, const ProgramText& text) const {
  if (env::draft() == "2") return true;
  return env::draft() != "0" && elsewhere.possible && elsewhere.possible(device) &&
         !is_stored(device, text);
}

bool Draft::is_over(const Device& device, const ProgramText& text, bool small) {
  if (env::draft() == "2") return false;
  uses_ += small ? 1 : wide_use;
  if (uses_ < worth_a_build) return false;
  const int64_t now = trace::now();
  if (now < next_look_) return false;
  pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
  next_look_ = now + pause_;
  if (!requested_) {
    requested_ = now;
    return !elsewhere.request(device, text);
  }
  return is_stored(device, text) || now - requested_ > patience;
}

cl_kernel Draft::on(const Device& device, const ProgramText& text, bool small, const char* name) {
  if (state_ == State::fresh) state_ = wanted(device, text) ? State::serving : State::over;
  if (state_ == State::serving && is_over(device, text, small)) state_ = State::over;
  if (state_ == State::over) return nullptr;
  if (kernels_[small]) return kernels_[small].get();
  try {
    if (!built_[small]) build_program(device, small, text_, built_);
  } catch (const std::runtime_error&) {  // the program itself says what is wrong
    state_ = State::over;
    return nullptr;
  }
  cl_int code = CL_SUCCESS;
  kernels_[small] = Handle(clCreateKernel(built_[small].get(), name, &code));
  if (code != CL_SUCCESS) state_ = State::over;
  return kernels_[small].get();
}

}  // namespace mlx
