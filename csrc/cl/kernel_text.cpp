// Fills in the includes of the kernel files that travel inside the library.
#include "cl/kernel_text.h"

#include "cl/program.h"

namespace mlx {

std::string kernel_text(std::string_view stem, const EndsText& ends) {
  if (stem == "features" && !(ends.source.empty() && ends.sink.empty()))
    return std::string(ends.features[0]).append(ends.features[1]);
  if (stem == "source" && !ends.source.empty()) return std::string(ends.source);
  if (stem == "sink" && !ends.sink.empty()) return std::string(ends.sink);
  const std::string_view text = kernel_source(stem), before = "#include \"", after = ".clh\"";
  std::string result;
  for (size_t at = 0;;) {
    const size_t next = text.find(before, at);
    result += text.substr(at, next - at);
    if (next == text.npos) return result;
    const size_t name = next + before.size(), end = text.find(after, name);
    result += kernel_text(text.substr(name, end - name), ends);
    at = end + after.size();
  }
}

}  // namespace mlx
