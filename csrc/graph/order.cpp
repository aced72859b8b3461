// The marks that a graph walk leaves on the nodes it has seen.
#include "graph/order.h"

namespace mlx {

uint32_t next_mark() {
  static uint32_t mark = 0;
  return ++mark;
}

}  // namespace mlx
