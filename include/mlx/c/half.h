// The 16-bit floating types, where the compiler has them; elsewhere their bits.
#pragma once

#include <stdint.h>

#if defined(__aarch64__)
/** IEEE 754 binary16. */
typedef __fp16 float16_t;
#else
/** The bits of an IEEE 754 binary16. */
typedef uint16_t float16_t;
#endif

#if defined(__ARM_FEATURE_BF16)
/** The upper half of a binary32. */
typedef __bf16 bfloat16_t;
#else
/** The bits of the upper half of a binary32. */
typedef uint16_t bfloat16_t;
#endif
