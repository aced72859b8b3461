// The marks that a graph walk leaves on the nodes it has seen.
#include "graph/order.h"

namespace mlx {

uint64_t next_mark() {
  static uint64_t mark = 0;
  return ++mark;
}

}  // namespace mlx
