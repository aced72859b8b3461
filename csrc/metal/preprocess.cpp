// Carries out the preprocessor's directives of a Metal text: macros, conditions, pragmas.
#include <set>

#include "metal/tokenise.h"

namespace mlx::metal {
namespace {

/// What programs ask the compiler about itself.
const std::map<std::string, int64_t> predefined = {
    {"__METAL_VERSION__", 310}, {"__METAL__", 1}, {"__HAVE_BFLOAT__", 1}};

class Preprocessor {
 public:
  Preprocessor(Tokens tokens, Macros& macros) : tokens_(std::move(tokens)), macros_(macros) {}

  Tokens run() {
    while (at_ < tokens_.size()) {
      const Token& token = tokens_[at_];
      if (token.text == "#" && token.first) {
        directive(rest_of_line());
      } else if (!active()) {
        ++at_;
      } else {
        expand_next(tokens_, at_, result_, {});
      }
    }
    if (!conditions_.empty()) throw Untranslatable(opened_, "#if without #endif.");
    return std::move(result_);
  }

 private:
  struct Condition {
    bool now, taken, outer;
  };
  using Hidden = std::set<std::string>;

  bool active() const {
    return conditions_.empty() || (conditions_.back().now && conditions_.back().outer);
  }

  Tokens rest_of_line() {
    Tokens line{tokens_[at_++]};
    while (at_ < tokens_.size() && !tokens_[at_].first) line.push_back(tokens_[at_++]);
    return line;
  }

  void directive(const Tokens& line) {
    if (line.size() < 2) return;
    const std::string& name = line[1].text;
    const auto word = [&]() -> const std::string& {
      if (line.size() < 3) throw Untranslatable(line[0].place, "#" + name + " needs a name.");
      return line[2].text;
    };
    if (name == "ifdef" || name == "ifndef") {
      open(line, (macros_.count(word()) || predefined.count(word())) == (name == "ifdef"));
    } else if (name == "if") {
      open(line, active() && condition(line));
    } else if (name == "elif" || name == "else" || name == "endif") {
      turn(line, name);
    } else if (!active()) {
      return;
    } else if (name == "define") {
      define(line, word());
    } else if (name == "undef") {
      macros_.erase(word());
    } else if (name == "include") {
      include(line);
    } else if (name == "pragma") {
      pragma(line);
    } else if (name == "error") {
      throw Untranslatable(line[0].place, "#error is reached.");
    }
  }

  void open(const Tokens& line, bool holds) {
    opened_ = line[0].place;
    conditions_.push_back({holds, holds, active()});
  }

  void turn(const Tokens& line, const std::string& name) {
    if (conditions_.empty()) throw Untranslatable(line[0].place, "#" + name + " without #if.");
    if (name == "endif") return conditions_.pop_back();
    Condition& last = conditions_.back();
    last.now = !last.taken && (name == "else" || condition(line));
    last.taken |= last.now;
  }

  void include(const Tokens& line) {
    std::string file;
    for (size_t i = 2; i < line.size(); ++i) file += line[i].text;
    if (file.rfind("<metal_", 0) == 0 || file.find("utils.h") != file.npos) return;
    throw Untranslatable(line[0].place, "#include " + file +
                                            " is not translated; put what the kernel needs of it "
                                            "into the header.");
  }

  void pragma(const Tokens& line) {
    Token token = line[0];
    token.kind = Token::pragma, token.text.clear();
    for (size_t i = 2; i < line.size(); ++i) token.text += (i > 2 ? " " : "") + line[i].text;
    if (token.text.find("unroll") != std::string::npos) result_.push_back(std::move(token));
  }

  void define(const Tokens& line, const std::string& name) {
    Macro macro;
    size_t at = 3;
    if (at < line.size() && line[at].text == "(" && !line[at].spaced) {
      macro.takes_arguments = true;
      for (++at; at < line.size() && line[at].text != ")"; ++at)
        if (line[at].text != ",") macro.parameters.push_back(line[at].text);
      ++at;
    }
    macro.body.assign(line.begin() + long(std::min(at, line.size())), line.end());
    for (Token& token : macro.body) token.first = false;
    macros_[name] = std::move(macro);
  }

  /// Puts the expansion of the token at `at` into `out` and moves on.
  void expand_next(const Tokens& from, size_t& at, Tokens& out, const Hidden& hidden) {
    const Token& token = from[at];
    const auto found = token.kind == Token::word && !hidden.count(token.text)
                           ? macros_.find(token.text)
                           : macros_.end();
    if (found == macros_.end() ||
        (found->second.takes_arguments && (at + 1 >= from.size() || from[at + 1].text != "("))) {
      if (const auto known = predefined.find(token.text); known != predefined.end()) {
        Token number = token;
        number.kind = Token::number, number.text = std::to_string(known->second);
        out.push_back(number), ++at;
        return;
      }
      out.push_back(token), ++at;
      return;
    }
    const Macro& macro = found->second;
    const Place place = token.place;
    Hidden deeper = hidden;
    deeper.insert(token.text);
    ++at;
    std::vector<Tokens> arguments;
    if (macro.takes_arguments) arguments = arguments_of(from, at, hidden);
    Tokens body = substitute(macro, arguments);
    for (Token& part : body) part.place = place;
    for (size_t i = 0; i < body.size();) expand_next(body, i, out, deeper);
  }

  std::vector<Tokens> arguments_of(const Tokens& from, size_t& at, const Hidden& hidden) {
    std::vector<Tokens> arguments(1);
    int depth = 0;
    const Place place = from[at].place;
    for (++at; at < from.size();) {
      const std::string& text = from[at].text;
      if (text == ")" && depth == 0) return ++at, arguments;
      if (text == "," && depth == 0) {
        arguments.emplace_back(), ++at;
        continue;
      }
      depth += text == "(" || text == "[" || text == "{";
      depth -= text == ")" || text == "]" || text == "}";
      expand_next(from, at, arguments.back(), hidden);
    }
    throw Untranslatable(place, "the arguments of a macro do not end.");
  }

  static Tokens substitute(const Macro& macro, const std::vector<Tokens>& arguments) {
    Tokens body;
    bool paste = false;
    const auto put = [&](const Token& token) {
      if (paste && !body.empty())
        body.back().text += token.text;
      else
        body.push_back(token);
      paste = false;
    };
    for (const Token& token : macro.body) {
      size_t parameter = 0;
      while (parameter < macro.parameters.size() && macro.parameters[parameter] != token.text)
        ++parameter;
      if (token.text == "##")
        paste = true;
      else if (parameter < macro.parameters.size() && parameter < arguments.size())
        for (const Token& part : arguments[parameter]) put(part);
      else
        put(token);
    }
    return body;
  }

  // Conditions: || over && over comparisons of sums of integers, defined(), ! and parentheses.
  bool condition(const Tokens& line) {
    Tokens words;
    for (size_t i = 2; i < line.size();) {
      if (line[i].text == "defined") {
        const bool bracket = i + 1 < line.size() && line[i + 1].text == "(";
        Token number = line[i];
        const std::string& name = line[std::min(i + 1 + bracket, line.size() - 1)].text;
        number.kind = Token::number;
        number.text = std::to_string(int(macros_.count(name) || predefined.count(name)));
        words.push_back(number);
        i += bracket ? 4 : 2;
      } else {
        expand_next(line, i, words, {});
      }
    }
    size_t at = 0;
    return value_of(words, at, 0) != 0;
  }

  static int64_t value_of(const Tokens& words, size_t& at, int level) {
    static const std::vector<std::set<std::string>> levels = {
        {"||"}, {"&&"}, {"==", "!=", "<", ">", "<=", ">="}, {"+", "-"}, {"*", "/", "%"}};
    if (level == int(levels.size())) return unary(words, at);
    int64_t left = value_of(words, at, level + 1);
    while (at < words.size() && levels[size_t(level)].count(words[at].text)) {
      const std::string mark = words[at++].text;
      const int64_t right = value_of(words, at, level + 1);
      left = mark == "||"   ? left || right
             : mark == "&&" ? left && right
             : mark == "==" ? left == right
             : mark == "!=" ? left != right
             : mark == "<"  ? left < right
             : mark == ">"  ? left > right
             : mark == "<=" ? left <= right
             : mark == ">=" ? left >= right
             : mark == "+"  ? left + right
             : mark == "-"  ? left - right
             : mark == "*"  ? left * right
             : right == 0   ? 0
             : mark == "/"  ? left / right
                            : left % right;
    }
    return left;
  }

  static int64_t unary(const Tokens& words, size_t& at) {
    if (at == words.size()) return 0;
    const Token& token = words[at++];
    if (token.text == "!") return !unary(words, at);
    if (token.text == "(") {
      const int64_t value = value_of(words, at, 0);
      ++at;
      return value;
    }
    return token.kind == Token::number ? integer_value(token) : 0;
  }

  Tokens tokens_;
  Macros& macros_;
  Tokens result_;
  std::vector<Condition> conditions_;
  Place opened_;
  size_t at_ = 0;
};

}  // namespace

Tokens tokens_of(const std::string& text, Place::Text which, Macros& macros) {
  return Preprocessor(tokenise(text, {which, 1}), macros).run();
}

}  // namespace mlx::metal
