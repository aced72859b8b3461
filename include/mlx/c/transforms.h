// Evaluation and differentiation.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlx/c/closure.h"
#include "mlx/c/vector.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Enqueues what arrays need. */
int mlx_async_eval(const mlx_vector_array outputs);
/** `fun`, whose values are computed again in the backward pass. */
int mlx_checkpoint(mlx_closure* res, const mlx_closure fun);
/** `fun` with rules of its own; an empty rule is that of what `fun` does. */
int mlx_custom_function(mlx_closure* res, const mlx_closure fun, const mlx_closure_custom fun_vjp,
                        const mlx_closure_custom_jvp fun_jvp,
                        const mlx_closure_custom_vmap fun_vmap);
/** `fun` with a vjp of its own. */
int mlx_custom_vjp(mlx_closure* res, const mlx_closure fun, const mlx_closure_custom fun_vjp);
/** Computes arrays and waits for them. */
int mlx_eval(const mlx_vector_array outputs);
/** Outputs, and their tangents. */
int mlx_jvp(mlx_vector_array* res_0, mlx_vector_array* res_1, const mlx_closure fun,
            const mlx_vector_array primals, const mlx_vector_array tangents);
/** A closure that gives the outputs of `fun` and the gradients of the first by the arguments named.
 */
int mlx_value_and_grad(mlx_closure_value_and_grad* res, const mlx_closure fun, const int* argnums,
                       size_t argnums_num);
/** Outputs, and cotangents of the primals. */
int mlx_vjp(mlx_vector_array* res_0, mlx_vector_array* res_1, const mlx_closure fun,
            const mlx_vector_array primals, const mlx_vector_array cotangents);

#ifdef __cplusplus
}
#endif
