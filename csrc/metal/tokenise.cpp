// Splits Metal text into words, numbers and punctuation; knows comments and continued lines.
#include "metal/tokenise.h"

#include <cctype>

namespace mlx::metal {
namespace {

const char* const long_punctuation[] = {
    "<<=", "...", "::", "->", "++", "--", "<<", "<=", ">=", "==", "!=", "&&",
    "||",  "+=",  "-=", "*=", "/=", "%=", "&=", "|=", "^=", "##"};  // >> may close two lists: the
                                                                    // parser joins it

const char* name_of(Place::Text text) {
  return text == Place::source   ? "the source"
         : text == Place::header ? "the header"
                                 : "the library";
}

bool starts_word(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool continues_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

class Tokeniser {
 public:
  Tokeniser(const std::string& text, Place place) : text_(text), place_(place) {}

  Tokens all() {
    Tokens tokens;
    bool first = true;
    for (;;) {
      const bool spaced = skip_blanks(first);
      if (at_ == text_.size()) return tokens;
      Token token = next();
      token.first = first, token.spaced = spaced;
      tokens.push_back(std::move(token));
      first = false;
    }
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : 0; }

  bool skip_blanks(bool& first) {
    const size_t start = at_;
    for (; at_ < text_.size(); ++at_) {
      if (peek() == '\n') {
        ++place_.line, first = true;
      } else if (peek() == '\\' && peek(1) == '\n') {
        ++place_.line, ++at_;
      } else if (peek() == '/' && peek(1) == '/') {
        while (at_ + 1 < text_.size() && peek(1) != '\n') ++at_;
      } else if (peek() == '/' && peek(1) == '*') {
        const size_t close = text_.find("*/", at_ + 2);
        if (close == text_.npos) throw Untranslatable(place_, "a comment does not end.");
        for (; at_ < close + 1; ++at_) place_.line += peek() == '\n';
      } else if (!std::isspace(static_cast<unsigned char>(peek()))) {
        break;
      }
    }
    return at_ > start;
  }

  Token next() {
    const size_t start = at_;
    const char c = peek();
    Token::Kind kind = Token::punctuation;
    if (starts_word(c)) {
      kind = Token::word;
      while (continues_word(peek())) ++at_;
    } else if (std::isdigit(static_cast<unsigned char>(c)) ||
               (c == '.' && std::isdigit(static_cast<unsigned char>(peek(1))))) {
      kind = Token::number;
      const bool hexadecimal = c == '0' && (peek(1) == 'x' || peek(1) == 'X');
      while (continues_word(peek()) || peek() == '.' ||
             ((peek() == '+' || peek() == '-') && !hexadecimal &&
              (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E')) ||
             (peek() == '\'' && continues_word(peek(1))))
        ++at_;
    } else if (c == '"' || c == '\'') {
      kind = Token::string;
      for (++at_; at_ < text_.size() && peek() != c; ++at_)
        if (peek() == '\\') ++at_;
      ++at_;
    } else {
      at_ += length_of_punctuation();
    }
    return {kind, text_.substr(start, at_ - start), place_, false, false};
  }

  size_t length_of_punctuation() const {
    for (const std::string mark : long_punctuation)
      if (text_.compare(at_, mark.size(), mark) == 0) return mark.size();
    return 1;
  }

  const std::string& text_;
  Place place_;
  size_t at_ = 0;
};

}  // namespace

Untranslatable::Untranslatable(Place place, const std::string& what)
    : std::runtime_error("line " + std::to_string(place.line) + " of " + name_of(place.text) +
                         ": " + what) {}

Tokens tokenise(const std::string& text, Place start) {
  return Tokeniser(text, start).all();
}

int64_t integer_value(const Token& number) {
  std::string digits;
  for (const char c : number.text)
    if (c != '\'') digits += c;
  try {
    if (digits.size() > 2 && (digits[1] == 'b' || digits[1] == 'B'))
      return int64_t(std::stoull(digits.substr(2), nullptr, 2));
    return int64_t(std::stoull(digits, nullptr, 0));
  } catch (const std::exception&) {
    throw Untranslatable(number.place, "the number " + number.text + " is out of range.");
  }
}

}  // namespace mlx::metal
