// The kits of kits.def, made of the elementwise operations.
#include "ops/kits.h"

#include <algorithm>
#include <sstream>

#include "ops/elementwise.h"

namespace mlx {
namespace {

std::vector<std::string> words_of(const char* text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

KitRow row_of(const char* name, const char* operands, const char* others, const char* operations) {
  KitRow row{name, {}, {}, {}};
  const std::vector<std::string> chosen = words_of(operations ? operations : "");
  const auto wanted = [&](const char* operation) {
    return !operations || std::find(chosen.begin(), chosen.end(), operation) != chosen.end();
  };
  for (const std::string& word : words_of(operands)) {
    const Dtype dtype = dtype_named(word);
    row.operands.push_back(dtype);
    for (const ElementwiseRow& operation : elementwise_rows())
      if (operation.takes(dtype) && wanted(operation.name))
        row.operations.push_back({{operation.expression(dtype), dtype, operation.boolean},
                                  operation.result(dtype, operation.name).second});
    if (wanted("where")) row.operations.push_back({where_fragment(dtype), dtype});
  }
  for (const std::string& word : words_of(others)) row.others.push_back(dtype_named(word));
  return row;
}

}  // namespace

std::vector<KitRow> rows_of_kits() {
  return {
#define KIT(name, ...) row_of(#name, __VA_ARGS__),
#include "ops/kits.def"
#undef KIT
  };
}

}  // namespace mlx
