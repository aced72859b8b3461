// Rows of checks for C functions: a call with its arguments, and the values its result must have.
//
//   CHECK(mlx_add(&r, F(1, 2), F(3, 4), s), 4, 6);
//
// F, Z, U, B and C make arrays of float32, int32, uint32, bool and complex64 that live until the
// end of the row; M and N make matrices of two and of three columns, V a vector of arrays. The
// result of a row is `r` (arrays: `v`). Values are compared as double, with a tolerance of 1e-4 of
// their size; a complex value counts as two.
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mlx/c/mlx.h"

extern int failures;        ///< rows that failed
extern mlx_stream s;        ///< the stream of all rows
extern mlx_array r, r2;     ///< results
extern mlx_vector_array v;  ///< a result of several arrays
extern const mlx_array none;

void start(void);    ///< sets the handler of errors, and the stream
int finish(void);    ///< frees what is left and says how many rows failed; the exit status
void end_row(void);  ///< frees the arrays of a row

mlx_array floats(size_t count, const float* values, int columns);
mlx_array integers(size_t count, const int* values, mlx_dtype dtype);
mlx_array complexes(size_t count, const float* values);
mlx_vector_array listed(size_t count, const mlx_array* arrays);
/// The array, freed at the end of the row.
mlx_array held(mlx_array a);
/// In another shape or dtype, freed at the end of the row.
mlx_array shaped(mlx_array a, int ndim, const int* shape);
mlx_array cast(mlx_array a, mlx_dtype dtype);

void check_status(const char* text, int line, int status);
void check_values(const char* text, int line, mlx_array a, size_t count, const double* expected);
void check_true(const char* text, int line, bool holds);
/// That the call failed, with a message that has `part` in it.
void check_error(const char* text, int line, int status, const char* part);
const char* last_error(void);

#define COUNT(type, ...) (sizeof((type[]){__VA_ARGS__}) / sizeof(type))
#define F(...) floats(COUNT(float, __VA_ARGS__), (float[]){__VA_ARGS__}, 0)
#define M(...) floats(COUNT(float, __VA_ARGS__), (float[]){__VA_ARGS__}, 2)
#define N(...) floats(COUNT(float, __VA_ARGS__), (float[]){__VA_ARGS__}, 3)
#define Z(...) integers(COUNT(int, __VA_ARGS__), (int[]){__VA_ARGS__}, MLX_INT32)
#define U(...) integers(COUNT(int, __VA_ARGS__), (int[]){__VA_ARGS__}, MLX_UINT32)
#define B(...) integers(COUNT(int, __VA_ARGS__), (int[]){__VA_ARGS__}, MLX_BOOL)
#define C(...) complexes(COUNT(float, __VA_ARGS__), (float[]){__VA_ARGS__})
#define V(...) listed(COUNT(mlx_array, __VA_ARGS__), (mlx_array[]){__VA_ARGS__})
#define S(a, ...) shaped(a, COUNT(int, __VA_ARGS__), (int[]){__VA_ARGS__})
#define L(...) (int[]){__VA_ARGS__}, COUNT(int, __VA_ARGS__)
#define SCALAR(x) S(F(x), 1)

#define VALUES(a, ...) \
  check_values(#a, __LINE__, a, COUNT(double, __VA_ARGS__), (double[]){__VA_ARGS__})
#define CHECK(call, ...)                                                                   \
  do {                                                                                     \
    check_status(#call, __LINE__, call);                                                   \
    check_values(#call, __LINE__, r, COUNT(double, __VA_ARGS__), (double[]){__VA_ARGS__}); \
    end_row();                                                                             \
  } while (0)
/// For calls whose result is `v`; its arrays are compared one after the other.
#define CHECK_ALL(call, ...)                                                               \
  do {                                                                                     \
    check_status(#call, __LINE__, call);                                                   \
    check_status(#call, __LINE__, mlx_concatenate(&r, all_flat(), s));                     \
    check_values(#call, __LINE__, r, COUNT(double, __VA_ARGS__), (double[]){__VA_ARGS__}); \
    end_row();                                                                             \
  } while (0)
/// For calls whose results are `r` and `r2`.
#define CHECK_BOTH(call, ...)                                                              \
  do {                                                                                     \
    check_status(#call, __LINE__, call);                                                   \
    check_status(#call, __LINE__, mlx_vector_array_set_data(&v, (mlx_array[]){r, r2}, 2)); \
    check_status(#call, __LINE__, mlx_concatenate(&r, all_flat(), s));                     \
    check_values(#call, __LINE__, r, COUNT(double, __VA_ARGS__), (double[]){__VA_ARGS__}); \
    end_row();                                                                             \
  } while (0)
#define OK(call) check_status(#call, __LINE__, call)
#define TRUE(condition) check_true(#condition, __LINE__, condition)
#define ERROR(call, part) check_error(#call, __LINE__, call, part)

/// The arrays of `v`, flattened and in one dtype.
mlx_vector_array all_flat(void);
