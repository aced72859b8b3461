// Short-time Fourier transforms: windowed frames of a signal, and the signal from its frames by
// overlap-add.
#include "base/error.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/fft.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx::fft {
namespace {

/// Frames of n samples every `hop` samples, each times `window` (n float32 values).
struct Framing {
  int n, hop;
  array window;
};

Framing framing(const char* op, int n_fft, const std::optional<int>& hop_length,
                const std::optional<int>& win_length, const std::optional<array>& window,
                const std::string& norm, const StreamOrDevice& s) {
  if (n_fft <= 0) fail(op, "n_fft must be positive, not ", n_fft, ".");
  const int hop = hop_length.value_or(n_fft / 4);
  if (hop <= 0) fail(op, "hop_length must be positive, not ", hop, ".");
  if (window && window->ndim() != 1)
    fail(op, "the window must have one dimension, not ", window->ndim(), ".");
  const int width = window ? window->shape(0) : win_length.value_or(n_fft);
  if (width > n_fft || width < 0)
    fail(op, "a window of ", width, " samples does not fit into n_fft = ", n_fft, ".");
  if (norm != "backward" && norm != "ortho" && norm != "forward")
    fail(op, "Invalid norm. Expected one of {'backward', 'ortho', 'forward'}.");
  array taper = window
                    ? astype(window->dtype().is_complex() ? real(*window, s) : *window, float32, s)
                    : ones({width}, float32, s);
  const int before = (n_fft - width) / 2;
  if (width < n_fft)
    taper = pad(taper, std::vector<int>{before, n_fft - width - before}, "constant", 0, s);
  return {n_fft, hop, taper};
}

array cut(const array& x, int start, int stop, const StreamOrDevice& s) {
  Shape low(size_t(x.ndim()), 0), high = x.shape();
  low.back() = start;
  high.back() = stop;
  return slice(x, low, high, s);
}

/// Sample t of the sum of the frames (..., count, n), frame f beginning at f * hop: as many pieces
/// of `hop` samples as meet at t are laid side by side by an index and added in a fixed order, so
/// that nothing is written twice.
array overlap_add(const array& frames, int hop, const StreamOrDevice& s) {
  const int count = frames.shape(-2), n = frames.shape(-1), pieces = (n + hop - 1) / hop,
            last = frames.ndim() - 1;
  std::vector<std::vector<int>> widths(size_t(frames.ndim()), {0, 0});
  widths[last][1] = pieces * hop - n;
  widths[last - 1] = {pieces - 1, pieces - 1};
  const array padded = flatten(pad(frames, widths, "constant", 0, s), last - 1, last, s);
  // Piece p of frame f covers block f + p: block b adds piece p of the padded frame b - p + (pieces
  // - 1).
  const int blocks = count + pieces - 1;
  const array block = reshape(ramp(pieces - 1, 1, blocks, int32, s), {blocks, 1, 1}, s);
  const array piece = reshape(arange(pieces, int32, s), {pieces, 1}, s);
  const array sample = arange(hop, int32, s);
  const array row = multiply(subtract(block, piece, s), array(pieces * hop, int32), s);
  const array at = add(add(row, multiply(piece, array(hop, int32), s), s), sample, s);
  const array sums =
      flatten(sum(take(padded, at, last - 1, s), Axes{-2}, false, s), last - 1, last, s);
  return cut(sums, 0, (count - 1) * hop + n, s);
}

}  // namespace

array stft(const array& x, int n_fft, std::optional<int> hop_length, std::optional<int> win_length,
           const std::optional<array>& window, bool center, const std::string& pad_mode,
           const std::string& norm, std::optional<bool> onesided, StreamOrDevice s) {
  if (x.ndim() == 0) fail("stft", "the signal must have at least one dimension.");
  const Framing frame = framing("stft", n_fft, hop_length, win_length, window, norm, s);
  const bool half = onesided.value_or(!x.dtype().is_complex());
  array signal = half && x.dtype().is_complex() ? real(x, s) : x;
  signal = astype(signal, signal.dtype().is_complex() ? complex64 : float32, s);
  if (signal.shape(-1) == 0) fail("stft", "the signal is empty.");
  if (center) {
    std::vector<std::vector<int>> widths(size_t(x.ndim()), {0, 0});
    widths.back() = {n_fft / 2, n_fft / 2};
    signal = pad(signal, widths, pad_mode, 0, s);
  }
  if (signal.shape(-1) < n_fft)
    fail("stft", "a signal of ", signal.shape(-1), " samples is too short for n_fft = ", n_fft,
         ".");
  const int count = (signal.shape(-1) - n_fft) / frame.hop + 1;
  const array start = reshape(ramp(0, frame.hop, count, int32, s), {count, 1}, s);
  const array frames = take(signal, add(start, arange(n_fft, int32, s), s), -1, s);
  const array tapered = multiply(frames, frame.window, s);
  return swapaxes(half ? rfft(tapered, n_fft, -1, norm, s) : fft(tapered, n_fft, -1, norm, s), -1,
                  -2, s);
}

array istft(const array& stft_matrix, std::optional<int> n_fft, std::optional<int> hop_length,
            std::optional<int> win_length, const std::optional<array>& window, bool center,
            const std::string& norm, std::optional<bool> onesided, std::optional<int> length,
            StreamOrDevice s) {
  if (stft_matrix.ndim() < 2)
    fail("istft", "the input must have at least two dimensions (frequencies, frames).");
  const bool half = onesided.value_or(true);
  const int frequencies = stft_matrix.shape(-2), count = stft_matrix.shape(-1);
  const int n = n_fft.value_or(half ? 2 * (frequencies - 1) : frequencies);
  const Framing frame = framing("istft", n, hop_length, win_length, window, norm, s);
  if (count == 0) fail("istft", "there are no frames.");
  const array spectra = swapaxes(stft_matrix, -1, -2, s);
  const array frames =
      half ? irfft(spectra, n, -1, norm, s) : real(ifft(spectra, n, -1, norm, s), s);
  const array squares = broadcast_to(square(frame.window, s), {count, n}, s);
  // Where hardly any window reaches, the division would only blow up noise.
  const array envelope = maximum(overlap_add(squares, frame.hop, s), array(1e-8f), s);
  array signal = divide(overlap_add(multiply(frames, frame.window, s), frame.hop, s), envelope, s);
  const int all = signal.shape(-1), first = center ? n / 2 : 0;
  if (!length) return center ? cut(signal, first, std::max(first, all - first), s) : signal;
  const int wanted = std::max(*length, 0), there = std::min(wanted, std::max(all - first, 0));
  signal = cut(signal, first, first + there, s);
  if (there == wanted) return signal;
  std::vector<std::vector<int>> widths(size_t(signal.ndim()), {0, 0});
  widths.back()[1] = wanted - there;
  return pad(signal, widths, "constant", 0, s);
}

}  // namespace mlx::fft
