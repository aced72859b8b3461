// The plain tokeniser, before any directive is carried out.
#pragma once

#include "metal/token.h"

namespace mlx::metal {

Tokens tokenise(const std::string& text, Place start);

}  // namespace mlx::metal
