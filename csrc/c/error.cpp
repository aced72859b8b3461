// The handler of failures.
//
// The lock guards the handler's place only: it is held while the handler is looked up, not while it
// runs.
#include "mlx/c/error.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "c/convert.h"

namespace mlx::c {

namespace {

/// A handler with its data, which is destroyed when nobody calls it any more.
struct Handler {
  mlx_error_handler_func function;
  void* data;
  void (*dtor)(void*);
  Handler(mlx_error_handler_func function, void* data, void (*dtor)(void*))
      : function(function), data(data), dtor(dtor) {}
  Handler(const Handler&) = delete;
  ~Handler() {
    if (dtor) dtor(data);
  }
};

void print_and_exit(const char* message, void*) {
  std::fprintf(stderr, "MLX error: %s\n", message);
  std::exit(EXIT_FAILURE);
}

struct Current {
  std::mutex mutex;
  std::shared_ptr<Handler> handler;
};
Current& current() {
  static Current& place = *new Current;  // outlives static destructors
  return place;
}

void tell(const char* message) noexcept {
  std::shared_ptr<Handler> handler;
  {
    const std::lock_guard lock(current().mutex);
    handler = current().handler;
  }
  handler ? handler->function(message, handler->data) : print_and_exit(message, nullptr);
}

void tell_formatted(const char* file, int line, const char* format, va_list arguments) {
  char text[1024];
  std::vsnprintf(text, sizeof text, format, arguments);
  tell((std::string(text) + " at " + file + ":" + std::to_string(line)).c_str());
}

}  // namespace

void report(const char* function, const char* message) noexcept {
  try {
    tell((std::string(function) + ": " + message).c_str());
  } catch (const std::bad_alloc&) {
    tell(message);
  }
}

}  // namespace mlx::c

extern "C" void mlx_set_error_handler(mlx_error_handler_func handler, void* data,
                                      void (*dtor)(void*)) {
  using namespace mlx::c;
  std::shared_ptr<Handler> next;
  if (handler)
    next = std::make_shared<Handler>(handler, data, dtor);
  else if (dtor)
    dtor(data);
  {
    const std::lock_guard lock(current().mutex);
    current().handler.swap(next);
  }
  // `next`, the handler before, ends here: its destructor may set a handler itself.
}

extern "C" void mlx_error(const char* file, const int line, const char* fmt, ...) {
  va_list arguments;
  va_start(arguments, fmt);
  mlx::c::tell_formatted(file, line, fmt, arguments);
  va_end(arguments);
}

extern "C" void _mlx_error(const char* file, const int line, const char* fmt, ...) {
  va_list arguments;
  va_start(arguments, fmt);
  mlx::c::tell_formatted(file, line, fmt, arguments);
  va_end(arguments);
}
