// Words of a Metal text: the tokeniser and the preprocessor's directives that kernels use.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace mlx::metal {

/// Where a construct stands: a line of the library's own text, the header or the source.
struct Place {
  enum Text { library, header, source };
  Text text = source;
  int line = 0;
};

/// A text that cannot be translated; the message names the place, the construct and, where there is
/// one, what would do instead.
struct Untranslatable : std::runtime_error {
  Untranslatable(Place place, const std::string& what);
};

struct Token {
  enum Kind { word, number, string, punctuation, pragma, end };
  Kind kind = end;
  std::string text;
  Place place;
  bool first = false;   ///< of its line
  bool spaced = false;  ///< stands after a blank
};
using Tokens = std::vector<Token>;

/// Object-like and function-like macros of one kernel; they live from header to source.
struct Macro {
  bool takes_arguments = false;
  std::vector<std::string> parameters;
  Tokens body;
};
using Macros = std::map<std::string, Macro>;

/// The tokens of `text` with its directives carried out: #define, #undef, #if and its like.
/// #include of Metal's own headers means nothing here; any other one is Untranslatable.
Tokens tokens_of(const std::string& text, Place::Text which, Macros& macros);

/// The value of a literal of integers, with its suffix still on.
int64_t integer_value(const Token& number);

}  // namespace mlx::metal
