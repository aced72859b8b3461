// Division that gives quotient and remainder at once.
#pragma once

#include "ops/types.h"

namespace mlx {

/// {floor(a / b), remainder with the sign of b}, for integers too. Throws std::invalid_argument for complex values.
Arrays divmod(const array& a, const array& b, StreamOrDevice s = {});

namespace python {
Arrays divmod(const ScalarOrArray& a, const ScalarOrArray& b, const StreamOrDevice& s);
}

}  // namespace mlx
