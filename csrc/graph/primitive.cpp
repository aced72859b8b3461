// Defaults of the primitives' interface and the tracing state.
#include "graph/primitive.h"

#include <array>

#include "base/error.h"
#include "graph/group_kernel.h"

namespace mlx {
namespace {

thread_local int differentiating = 0, recordings = 0;

/// Writes name and parameters as text.
class KeyWriter final : public FieldReader {
 public:
  std::string text;

 private:
  void read(const char*, int64_t value) override { add(&value, sizeof value); }
  void read(const char*, double value) override { add(&value, sizeof value); }
  void read(const char*, const std::string& value) override {
    const size_t size = value.size();
    add(&size, sizeof size);
    text += value;
  }
  void add(const void* bytes, size_t count) { text.append(static_cast<const char*>(bytes), count); }
};

}  // namespace

Names dtype_names() {
  static const auto names = [] {
    std::array<const char*, Dtype::count> all;
    for (int i = 0; i < Dtype::count; ++i) all[size_t(i)] = dtype_numbered(i).name();
    return all;
  }();
  return names;
}

void FieldReader::visit(const Primitive& primitive) {
  const_cast<Primitive&>(primitive).fields(*this);  // whose functions above change nothing
}

std::string Primitive::key() const {
  KeyWriter writer;
  writer.text = name();
  writer.text += '\0';
  writer.visit(*this);
  return std::move(writer.text);
}

void no_transform(const char* transform, const Primitive& primitive) {
  fail(transform, "Not implemented for ", primitive.name(), ".");
}

void Primitive::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  single(*fragment(inputs), inputs, outputs[0].dtype())
      .run(inputs, outputs, outputs[0].shape(), queue);
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
