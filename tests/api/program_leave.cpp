// One of two processes: the first sends and ends at once, the second receives later. What was sent
// arrives.
#include <chrono>
#include <cstdio>
#include <thread>

#include "mlx/mlx.h"

namespace mx = mlx::core;

int main() {
  const mx::distributed::Group group = mx::distributed::init(true);
  const mx::array values = mx::ones({1 << 24});  // more than sockets take in advance
  if (group.rank() == 0) {
    mx::async_eval(mx::distributed::send(values, 1, group));
    return 0;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const float sum = mx::sum(mx::distributed::recv_like(values, 0, group)).item<float>();
  std::printf("rank %d of %d: %g\n", group.rank(), group.size(), sum);
  return sum == 1 << 24 ? 0 : 1;
}
