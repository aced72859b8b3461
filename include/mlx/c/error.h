// What happens when a function fails.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Called with the message of a failure, and with the data given with the handler. */
typedef void (*mlx_error_handler_func)(const char* msg, void* data);

/**
 * Has failures reported to `handler`, in the thread where they happen; `dtor`, which may be null,
 * is called with `data` once the handler is replaced. A null handler restores the first one, which
 * prints the message and ends the process.
 */
void mlx_set_error_handler(mlx_error_handler_func handler, void* data, void (*dtor)(void*));
/** Reports a failure of the caller's own, with the place it happened. */
void mlx_error(const char* file, const int line, const char* fmt, ...);
void _mlx_error(const char* file, const int line, const char* fmt, ...);

#ifdef __cplusplus
}
#endif
