// Which library or kernel serves a matrix product or a convolution.
#include "cl/blas.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "cl/blas_libraries.h"

namespace mlx {
namespace {

// Below this many multiplications, or for thin operands, copying 16-bit operands to float32 does
// not pay.
constexpr int64_t worth_widening = int64_t(1) << 21;

/// Says a matrix of one row or one column in the plainest way, so that libraries choose their plain
/// path.
Matrix plainest(Matrix matrix, int64_t rows, int64_t columns) {
  if (rows == 1 && matrix.transposed && (matrix.leading == 1 || columns == 1))
    matrix.transposed = false;
  if (columns == 1 && !matrix.transposed && matrix.leading == 1)
    matrix.transposed = true, matrix.leading = rows;
  matrix.leading = std::max(matrix.leading, matrix.transposed ? rows : columns);
  return matrix;
}

Product plainest(Product p) {
  p.a = plainest(p.a, p.m, p.k);
  p.b = plainest(p.b, p.k, p.n);
  if (p.m == 1) p.c.leading = std::max(p.c.leading, p.n);
  if (p.batch == 1) p.a.batch_stride = p.b.batch_stride = p.c.batch_stride = 0;
  // One b for a batch of a: the batches are more rows, where they lie like rows.
  if (p.batch > 1 && p.b.batch_stride == 0 && !p.a.transposed) {
    if (p.m == 1 && p.a.batch_stride >= p.k && p.c.batch_stride >= p.n)
      p.a.leading = p.a.batch_stride, p.c.leading = p.c.batch_stride;
    if (p.a.batch_stride == p.m * p.a.leading && p.c.batch_stride == p.m * p.c.leading) {
      p.m *= p.batch;
      p.batch = 1;
      p.a.batch_stride = p.c.batch_stride = 0;
    }
  }
  return p;
}

/// A matrix times a column, as a row times the matrix: c = a b means cᵀ = bᵀ aᵀ.
Product as_row(Product p) {
  if (p.n != 1 || p.m == 1 || p.batch != 1 || p.c.leading != 1 || p.wide_b) return p;
  std::swap(p.a, p.b);
  std::swap(p.m, p.n);
  for (Matrix* matrix : {&p.a, &p.b}) matrix->transposed = !matrix->transposed;
  p.c.leading = p.n;
  return plainest(p);
}

struct Widened {
  Ref<Buffer> memory;
  Matrix matrix;
};

// A line a work-item would leave GPUs idle: there the kernels share out elements.
size_t lines_at_once(const Queue& queue, int64_t lines) {
  return work_items(queue, Work::widen, lines);
}

/// Rows of 16-bit floats as dense float32 at `to`, and back.
void widen(Queue& queue, Dtype dtype, const Matrix& x, int64_t batch, int64_t lines, int64_t length,
           const BufferArgument& to) {
  if (batch * lines * length == 0) return;
  launch(queue, "matmul", "widen", {{"HALF", dtype}})
      .over(lines_at_once(queue, batch * lines))
      .moving(size_t(batch * lines * length) * 6)
      .with(BufferArgument{x.buffer, x.offset, false}, to, batch, lines, length, x.leading,
            x.batch_stride);
}

void narrow(Queue& queue, Dtype dtype, const BufferArgument& from, const Matrix& y, int64_t batch,
            int64_t lines, int64_t length, float beta) {
  if (batch * lines * length == 0) return;
  launch(queue, "matmul", "narrow", {{"HALF", dtype}})
      .over(lines_at_once(queue, batch * lines))
      .moving(size_t(batch * lines * length) * 6)
      .with(from, BufferArgument{y.buffer, y.offset, true}, batch, lines, length, y.leading,
            y.batch_stride, beta);
}

Widened widened(Queue& queue, Dtype dtype, const Matrix& matrix, int64_t batch, int64_t rows,
                int64_t columns) {
  const int64_t copies = matrix.batch_stride == 0 ? 1 : batch;
  const int64_t lines = matrix.transposed ? columns : rows,
                length = matrix.transposed ? rows : columns;
  Ref<Buffer> memory =
      queue.device().allocator().allocate(size_t(copies * rows * columns) * sizeof(float), &queue);
  widen(queue, dtype, matrix, copies, lines, length, {memory.get(), 0, true});
  const int64_t step = matrix.batch_stride == 0 ? 0 : rows * columns;
  return {memory, {memory.get(), 0, matrix.transposed, length, step}};
}

/// The part of a product that makes `count` of the columns (or rows) of c from `first` on, or of
/// the batch.
Product columns_of(Product p, int64_t first, int64_t count) {
  p.n = count;
  p.b.offset += first * (p.b.transposed ? p.b.leading : 1);
  p.c.offset += first;
  return p;
}

Product rows_of(Product p, int64_t first, int64_t count) {
  p.m = count;
  p.a.offset += first * (p.a.transposed ? 1 : p.a.leading);
  p.c.offset += first * p.c.leading;
  return p;
}

Product batch_of(Product p, int64_t first, int64_t count) {
  p.batch = count;
  for (Matrix* matrix : {&p.a, &p.b, &p.c}) matrix->offset += first * matrix->batch_stride;
  return p;
}

/// A product of 16-bit floats through float32 ones: the smaller factor is widened as a whole, the
/// larger one and the result in parts, since the copies would be several times as large as the
/// product.
void multiply_widened(Queue& queue, const Product& p) {
  constexpr int64_t elements_at_once = int64_t(1) << 19, fewest_lines = 256;
  const int64_t each = p.m * p.k + p.k * p.n + p.m * p.n;
  if (p.batch > 1 && p.batch * each > 4 * elements_at_once) {
    const int64_t step = std::max<int64_t>(4 * elements_at_once / each, 1);
    for (int64_t at = 0; at < p.batch; at += step)
      multiply_widened(queue, batch_of(p, at, std::min(step, p.batch - at)));
    return;
  }
  const auto left = [&](const Product& q) {
    return widened(queue, q.dtype, q.a, q.batch, q.m, q.k);
  };
  const auto right = [&](const Product& q) {
    return q.wide_b ? Widened{Ref<Buffer>(q.b.buffer), q.b}
                    : widened(queue, q.dtype, q.b, q.batch, q.k, q.n);
  };
  const bool by_columns = p.n >= p.m;
  const int64_t lines = by_columns ? p.n : p.m,
                step = std::max(elements_at_once / (p.k + std::min(p.m, p.n)), fewest_lines);
  const Widened smaller = by_columns ? left(p) : right(p);
  for (int64_t at = 0; at < lines; at += step) {
    const int64_t here = p.batch > 1 ? lines : std::min(step, lines - at);
    const Product q = by_columns ? columns_of(p, at, here) : rows_of(p, at, here);
    const Widened larger = by_columns ? right(q) : left(q);
    Ref<Buffer> c =
        queue.device().allocator().allocate(size_t(q.batch * q.m * q.n) * sizeof(float), &queue);
    const Matrix result{c.get(), 0, false, q.n, q.batch == 1 ? 0 : q.m * q.n};
    multiply(queue, {float32, q.batch, q.m, q.n, q.k, by_columns ? smaller.matrix : larger.matrix,
                     by_columns ? larger.matrix : smaller.matrix, result, q.alpha, 0});
    narrow(queue, q.dtype, {c.get(), 0, false}, q.c, q.batch, q.m, q.n, q.beta);
    if (here == lines) break;
  }
}

/// A few rows times a large matrix: decoding. Libraries read such a matrix at a fraction of the
/// memory's speed.
bool is_few_by_large(const Product& p) {
  return (p.dtype.is_half() || p.dtype == float32) && p.batch == 1 && p.m <= most_few_rows &&
         p.n * p.k >= 1 << 16 && !(p.a.transposed && (p.m > 1 || p.a.leading > 1));
}

/// Sums a work-item keeps at once, in its core's first cache: as many columns of b as that allows,
/// since long runs of memory are read faster.
constexpr int64_t stretch_sums = 4096;

void multiply_few_by_rows(Queue& queue, const Product& p, const Defines& defines, int64_t block,
                          const BufferArgument& a, int64_t a_row) {
  const int64_t stretches = (p.n + block - 1) / block, items = most_items(queue, Work::few);
  // A part of the rows for each work-item, so that all have the same share.
  const int64_t parts = std::clamp<int64_t>(p.k / 64, 1, items);
  Ref<Buffer> partial;
  if (parts > 1)
    partial =
        queue.device().allocator().allocate(size_t(parts * p.m * p.n) * sizeof(float), &queue);
  const BufferArgument c{p.c.buffer, p.c.offset, true};
  const BufferArgument sums = partial ? BufferArgument{partial.get(), 0, true} : c;
  launch(queue, "few", "few_by_rows", defines)
      .over(work_items(queue, Work::few, stretches * parts))
      .moving(size_t(p.n * p.k) * p.dtype.size())
      .with(a, a_row, BufferArgument{p.b.buffer, p.b.offset, false}, p.b.leading, c, p.c.leading,
            sums, parts, p.m, p.n, p.k, p.alpha, p.beta);
  if (parts > 1)
    launch(queue, "few", "few_total", defines)
        .over(work_items(queue, Work::elementwise, p.m * p.n))
        .with(sums, c, p.c.leading, parts, p.m, p.n, p.alpha, p.beta);
}

/// As many sums as there are registers for: 32 of 16 floats, or 16 of 8.
int lines_together(const Queue& queue, int rows) {
  const bool wide = queue.device().facts().vector_width >= 16;
  return wide ? (rows == 8 ? 2 : rows == 1 ? 8 : 4) : std::max(4 / rows, 1);
}

/// Products of one a with matrices that are stored by columns, in one launch.
void multiply_few_by_columns(Queue& queue, const std::vector<Product>& products) {
  const Product& p = products[0];
  const int rows = int(std::bit_ceil(uint64_t(p.m))), lines = lines_together(queue, rows);
  const Defines defines{
      {"T", p.dtype}, {"ROWS", rows}, {"LINES", lines}, {"SETS", int64_t(products.size())}};
  Launch step = launch(queue, "few_columns", "few_by_columns", defines);
  step.set(BufferArgument{p.a.buffer, p.a.offset, false});
  for (const int64_t value : {p.a.leading, p.m, p.k}) step.set(value);
  step.set(p.alpha);
  step.set(p.beta);
  int64_t columns = 0;
  for (const Product& q : products) {
    step.set(BufferArgument{q.b.buffer, q.b.offset, false});
    step.set(q.b.leading);
    step.set(BufferArgument{q.c.buffer, q.c.offset, true});
    step.set(q.c.leading);
    step.set(q.n);
    columns += q.n;
  }
  step.over(lines_at_once(queue, columns)).moving(size_t(columns * p.k) * p.dtype.size());
  step.enqueue();
}

void multiply_few(Queue& queue, const Product& p) {
  if (p.b.transposed) return multiply_few_by_columns(queue, {p});
  Ref<Buffer> floats;
  BufferArgument a{p.a.buffer, p.a.offset, false};
  int64_t a_row = p.a.leading;
  if (p.dtype.is_half()) {
    floats = widened(queue, p.dtype, p.a, 1, p.m, p.k).memory;
    a = {floats.get(), 0, false};
    a_row = p.k;
  }
  const int rows = int(std::bit_ceil(uint64_t(p.m)));
  const int block = int(stretch_sums / rows);
  const Defines defines{{"T", p.dtype}, {"ROWS", rows}, {"BLOCK", block}};
  multiply_few_by_rows(queue, p, defines, block, a, a_row);
}

bool is_thick(const Product& p) {
  return std::min({p.m, p.n, p.k}) >= 16 && p.batch * p.m * p.n * p.k >= worth_widening;
}

bool multiply_on_cpu(Queue& queue, const Product& p) {
  if (p.k == 0) return openblas::multiply(queue, p);
  if (is_few_by_large(p)) {
    multiply_few(queue, p);
    return true;
  }
  return onednn::multiply(queue, p) || openblas::multiply(queue, p);
}

/// Widening and narrowing of `count` dense elements, shared out as lines.
constexpr int64_t line_length = 4096;

Widened widened_dense(Queue& queue, Dtype dtype, const BufferArgument& x, int64_t count) {
  const Matrix all{x.buffer, x.offset, false, line_length, 0};
  const int64_t lines = count / line_length, rest = count % line_length;
  Ref<Buffer> memory = queue.device().allocator().allocate(size_t(count) * sizeof(float), &queue);
  widen(queue, dtype, all, 1, lines, line_length, {memory.get(), 0, true});
  widen(queue, dtype, {x.buffer, x.offset + lines * line_length, false, rest, 0}, 1, 1, rest,
        {memory.get(), lines * line_length, true});
  return {memory, {memory.get(), 0, false, count, 0}};
}

bool widens(const Convolution& c) {
  return c.dtype == float16 || (c.dtype == bfloat16 && !onednn::multiplies_bfloat16_well());
}

/// A convolution of 16-bit floats through a float32 one.
void convolve_widened(Queue& queue, const Convolution& c, Pass pass, const BufferArgument& a,
                      const BufferArgument& b, const BufferArgument& result) {
  const int64_t sizes[] = {size_of(c.input), size_of(c.weight), size_of(c.output)};
  const int places[3][3] = {{0, 1, 2}, {2, 1, 0}, {0, 2, 1}};
  const auto size = [&](int i) { return sizes[places[int(pass)][i]]; };
  const Widened x = widened_dense(queue, c.dtype, a, size(0)),
                y = widened_dense(queue, c.dtype, b, size(1));
  const Ref<Buffer> z =
      queue.device().allocator().allocate(size_t(size(2)) * sizeof(float), &queue);
  Convolution computed = c;
  computed.dtype = float32;
  onednn::convolve(queue, computed, pass, {x.memory.get(), 0, false}, {y.memory.get(), 0, false},
                   {z.get(), 0, true});
  const int64_t lines = size(2) / line_length, done = lines * line_length, rest = size(2) - done;
  narrow(queue, c.dtype, {z.get(), 0, false}, {result.buffer, result.offset, false, line_length, 0},
         1, lines, line_length, 0);
  narrow(queue, c.dtype, {z.get(), done, false},
         {result.buffer, result.offset + done, false, rest, 0}, 1, 1, rest, 0);
}

}  // namespace

bool can_multiply(Queue& queue, const Product& product) {
  return product.dtype.is_inexact() && (product.dtype != float64 || queue.device().facts().fp64);
}

bool widens(Queue& queue, const Product& p) {
  if (!p.dtype.is_half()) return false;
  // CLBlast would add up float16 products in float16.
  if (!queue.device().facts().native_kernels) return is_thick(p);
  return p.dtype == float16 || p.k == 0 || onednn::multiplies_bfloat16_badly() ||
         (is_thick(p) && !onednn::multiplies_bfloat16_well());
}

bool multiplies_bfloat16(Queue& queue, const Product& p) {
  return p.dtype == bfloat16 && queue.device().facts().native_kernels && is_thick(p) &&
         onednn::multiplies_bfloat16_well();
}

void multiply(Queue& queue, const Product& product) {
  if (product.batch == 0 || product.m == 0 || product.n == 0) return;
  const bool on_cpu = queue.device().facts().native_kernels;
  const Product p = on_cpu ? as_row(plainest(product)) : plainest(product);
  if (p.wide_c) {
    if (!onednn::multiply(queue, p)) fail<std::runtime_error>("matmul", "oneDNN refused.");
    return;
  }
  if (p.wide_b || (widens(queue, p) && !(on_cpu && is_few_by_large(p))))
    return multiply_widened(queue, p);
  const bool served =
      on_cpu ? multiply_on_cpu(queue, p) : p.k > 0 && clblast_library::multiply(queue, p);
  if (!served) multiply_with_kernel(queue, p);
}

bool can_multiply_together(Queue& queue, const std::vector<Product>& products) {
  if (products.size() > most_together || !queue.device().facts().native_kernels) return false;
  const Product first = as_row(plainest(products[0]));
  return std::all_of(products.begin(), products.end(), [&](const Product& product) {
    if (product.m == 0 || product.n == 0) return false;
    const Product p = as_row(plainest(product));
    return is_few_by_large(p) && p.b.transposed && !p.wide_b && p.m == first.m && p.k == first.k &&
           p.dtype == first.dtype && p.a.buffer == first.a.buffer && p.a.offset == first.a.offset &&
           p.a.leading == first.a.leading && p.alpha == first.alpha && p.beta == first.beta;
  });
}

void multiply_together(Queue& queue, const std::vector<Product>& products) {
  std::vector<Product> plain;
  for (const Product& p : products) plain.push_back(as_row(plainest(p)));
  multiply_few_by_columns(queue, plain);
}

bool can_convolve(Queue& queue, const Convolution& convolution, Pass pass) {
  Convolution computed = convolution;
  if (computed.dtype == float16) computed.dtype = float32;
  return queue.device().facts().native_kernels && onednn::can_convolve(computed, pass);
}

void convolve(Queue& queue, const Convolution& convolution, Pass pass, BufferArgument a,
              BufferArgument b, BufferArgument result) {
  if (!can_convolve(queue, convolution, pass))
    fail<std::runtime_error>("conv", "no library serves this convolution.");
  if (widens(convolution)) return convolve_widened(queue, convolution, pass, a, b, result);
  onednn::convolve(queue, convolution, pass, a, b, result);
}

std::vector<std::pair<std::string, std::string>> library_versions() {
  std::vector<std::pair<std::string, std::string>> found;
  if (!clblast_library::version().empty())
    found.emplace_back("CLBlast", clblast_library::version());
  if (!onednn::version().empty()) found.emplace_back("oneDNN", onednn::version());
  if (!openblas::version().empty()) found.emplace_back("OpenBLAS", openblas::version());
  return found;
}

}  // namespace mlx
