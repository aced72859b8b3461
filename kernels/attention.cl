// Softmax of attention scores, with masks, causality and sinks, whose division is left to the rows of the result.
//   T: float32 or float64   W: the dtype of the weights that come of them, T (in place) or bfloat16
//   M: the mask's dtype   MASK: unmasked, kept (True keeps) or added   S: the sinks' dtype
//   HAS_SINKS, CAUSAL: 0 or 1   GROUP: work-items a row
#include "vector.clh"
#include "exp_of_negative.clh"
#define SCORES VALUE(T)
#define SCORE COMPUTED(T)
#define LOWEST CAT(lowest_, T)
#define lowest_float32 (-FLT_MAX)
#define lowest_float64 (-DBL_MAX)
#define EXP(x) CAT(exp_, T)(x)
#define exp_float32(x) exp_of_negative(x)
#define exp_float64(x) exp(x)
#define is_unmasked 1
#define is_kept 0
#define is_added 0

// Up to V scores under their mask entries, of which n exist.
static inline SCORES mask_unmasked(SCORES x, global const STORED(M)* mask, int n) { return x; }
static inline SCORES mask_kept(SCORES x, global const STORED(M)* mask, int n) {
  const VALUE(M) entries = n == V ? FETCH(M, mask) : FETCH_PART(M, mask, n);
  return select((SCORES)(LOWEST), x, isnotequal(CONVERT(CAT(base_, T), entries), (SCORES)(0)));
}
static inline SCORES mask_added(SCORES x, global const STORED(M)* mask, int n) {
  const VALUE(M) entries = n == V ? FETCH(M, mask) : FETCH_PART(M, mask, n);
  return x + CONVERT(CAT(base_, T), entries);
}

// Weights are positive: bfloat16 is rounded without a look at infinities and the like.
#define PUT_WEIGHTS(p, v) CAT(put_weights_, W)(p, v)
#define put_weights_float32(p, v) PUT(float32, p, v)
#define put_weights_float64(p, v) PUT(float64, p, v)
#define put_weights_bfloat16(p, v) STORE_VECTOR(ushort, p, CAT(convert_ushort, V)((CAT(as_uint, V)(v) + 0x8000u) >> 16))

// The first n scores, minus infinity behind them.
static inline SCORES first_of(SCORES x, int n) {
  SCORE parts[V];
  CAT(vstore, V)(x, 0, parts);
  for (int k = 0; k < V; ++k)
    if (k >= n) parts[k] = -INFINITY;
  return CAT(vload, V)(0, parts);
}

static inline SCORE largest(SCORES x, local SCORE* group) {
  SCORE parts[V];
  CAT(vstore, V)(x, 0, parts);
  SCORE best = parts[0];
  for (int k = 1; k < V; ++k) best = fmax(best, parts[k]);
#if GROUP > 1
  barrier(CLK_LOCAL_MEM_FENCE);
  group[get_local_id(0)] = best;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int k = 0; k < GROUP; ++k) best = fmax(best, group[k]);
#endif
  return best;
}

static inline SCORE sum_of(SCORES x, local SCORE* group) {
  SCORE parts[V], total = 0;
  CAT(vstore, V)(x, 0, parts);
  for (int k = 0; k < V; ++k) total += parts[k];
#if GROUP > 1
  barrier(CLK_LOCAL_MEM_FENCE);
  group[get_local_id(0)] = total;
  barrier(CLK_LOCAL_MEM_FENCE);
  total = 0;
  for (int k = 0; k < GROUP; ++k) total += group[k];
#endif
  return total;
}

// Rows are (head, query) of a chunk: heads from first_head of all B · Hq, queries from first_query. A row holds `columns`
// scores and `leading` entries, a multiple of V. With CAUSAL a query sees the keys up to query + reach; a query that
// sees none weighs all alike. Weights lie like the scores.
kernel void attention_softmax(global SCORE* scores, long scores_offset, global STORED(W)* weights, long weights_offset,
                              global SCORE* factors, long factors_offset, global const STORED(M)* mask,
                              long mask_offset, global const STORED(S)* sinks, long sinks_offset, long rows,
                              long queries, long columns, long leading, long first_head, long first_query, long heads,
                              long reach, long mask_batch, long mask_head, long mask_query) {
  local SCORE group[GROUP];
  const long step = GROUP * V, start = (long)get_local_id(0) * V;
  for (long row = get_group_id(0); row < rows; row += get_num_groups(0)) {
    global SCORE* const p = scores + scores_offset + row * leading;
    global STORED(W)* const result = weights + weights_offset + row * leading;
    const long b = (first_head + row / queries) / heads, head = (first_head + row / queries) % heads;
    const long query = first_query + row % queries;
    global const STORED(M)* const entries = mask + mask_offset + b * mask_batch + head * mask_head + query * mask_query;
    const int causal = CAUSAL, blind = causal & (query + reach < 0);
    const long seen = (causal & !blind) ? min(columns, query + reach + 1) : columns;

    SCORES best = (SCORES)(-INFINITY);
    for (long i = start; i < seen; i += step) {
      const int n = (int)min((long)V, seen - i);
      SCORES x = CAT(mask_, MASK)(blind ? (SCORES)(LOWEST) : FETCH(T, p + i), entries + i, n);
      if (n < V) x = first_of(x, n);
      if (!CAT(is_, MASK) || blind || n < V) PUT(T, p + i, x);
      best = x > best ? x : best;
    }
    SCORE top = largest(best, group);
#if HAS_SINKS
    const SCORE sink = (SCORE)LOAD(S, sinks, sinks_offset + head);
    top = fmax(top, sink);
#endif
    SCORES totals = (SCORES)(0);
    for (long i = start; i < seen; i += step) {
      const SCORES each = EXP(FETCH(T, p + i) - top);
      PUT_WEIGHTS(result + i, each);
      totals += each;
    }
    SCORE total = sum_of(totals, group);
#if HAS_SINKS
    total += exp(sink - top);
#endif
    if (start == 0) factors[factors_offset + row] = 1 / total;
    for (long i = (seen + V - 1) / V * V + start; i < columns; i += step) PUT_WEIGHTS(result + i, (SCORES)(0));
  }
}
