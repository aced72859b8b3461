// Operations on arrays, by family.
#pragma once

#include "mlx/ops/conv.h"
#include "mlx/ops/creation.h"
#include "mlx/ops/elementwise.h"
#include "mlx/ops/indexing.h"
#include "mlx/ops/matmul.h"
#include "mlx/ops/quantize.h"
#include "mlx/ops/reduce.h"
#include "mlx/ops/scan.h"
#include "mlx/ops/shape.h"
#include "mlx/ops/sort.h"
