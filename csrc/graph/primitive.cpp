// Defaults of the primitives' interface and the tracing state.
#include "graph/primitive.h"

#include "base/error.h"

namespace mlx {
namespace {

thread_local int differentiating = 0, recordings = 0;

/// Writes name and parameters as text.
class KeyWriter final : public Fields {
 public:
  using Fields::field;
  std::string text;
  void field(const char*, int64_t& value) override { add(&value, sizeof value); }
  void field(const char*, double& value) override { add(&value, sizeof value); }
  void field(const char*, std::string& value) override {
    int64_t size = int64_t(value.size());
    add(&size, sizeof size);
    text += value;
  }

 private:
  void add(const void* bytes, size_t count) { text.append(static_cast<const char*>(bytes), count); }
};

}  // namespace

std::string Primitive::key() {
  KeyWriter writer;
  writer.text = name();
  writer.text += '\0';
  fields(writer);
  return std::move(writer.text);
}

void no_transform(const char* transform, const Primitive& primitive) {
  fail(transform, "Not implemented for ", primitive.name(), ".");
}

std::vector<Shape> Primitive::output_shapes(const Arrays&) const {
  fail("compile", name(), " cannot infer output shapes.");
}

Arrays Primitive::vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) {
  no_transform("vjp", *this);
}

Arrays Primitive::jvp(const Arrays&, const Arrays&, const std::vector<int>&) {
  return {};
}

std::pair<Arrays, std::vector<int>> Primitive::vmap(const Arrays&, const std::vector<int>&) {
  no_transform("vmap", *this);
}

size_t Primitive::work(const Arrays&, const Arrays& outputs) const {
  size_t work = 0;
  for (const array& output : outputs) work += size_t(output.size());
  return work;
}

Tracing::Tracing(Mode mode) : mode_(mode) {
  ++(mode == record ? recordings : differentiating);
}
Tracing::~Tracing() {
  --(mode_ == record ? recordings : differentiating);
}
bool Tracing::active() {
  return differentiating + recordings > 0;
}
bool Tracing::recording() {
  return recordings > 0;
}

}  // namespace mlx
