// Division that gives quotient and remainder at once.
#pragma once

#include "ops/types.h"

namespace mlx {

/// {floor(a / b), remainder with the sign of b}, for integers too. Throws std::invalid_argument for
/// complex values.
Arrays divmod(Operand a, Operand b, StreamOrDevice s = {});

}  // namespace mlx
