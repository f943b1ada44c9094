#include "tests/tidy.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "tests/tidy_words.h"

namespace reprise::tidy {
namespace {

constexpr int kLinesAtMost = 500;
constexpr int kColumnsAtMost = 100;
constexpr int kFunctionLinesAtMost = 70;

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool IsCpp(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cc"); }

std::string_view FolderOf(std::string_view path) { return path.substr(0, path.find('/')); }

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Reads one token after another off a text.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> All() {
    while (at_ < text_.size()) Next();
    return std::move(tokens_);
  }

 private:
  bool Sees(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void Next() {
    const char c = text_[at_];
    if (std::isspace(static_cast<unsigned char>(c)) || c == '\\') {
      Skip(1);
    } else if (Sees("//")) {
      Skip(std::min(text_.find('\n', at_), text_.size()) - at_);
    } else if (Sees("/*")) {
      SkipPast("*/", 2);
    } else if (Sees("R\"")) {
      const size_t open = std::min(text_.find('(', at_), text_.size());
      const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
      Add("\"\"");
      SkipPast(close, 2);
    } else if (c == '"' || c == '\'') {
      Literal(c);
    } else if (IsWordChar(c)) {
      Word();
    } else {
      Add(Sees("::") ? "::" : std::string(1, c));
      Skip(tokens_.back().text.size());
    }
  }

  void Word() {
    size_t end = at_;
    const bool number = std::isdigit(static_cast<unsigned char>(text_[at_]));
    // 1'000'000 is one number, and its signs no literals.
    while (end < text_.size() && (IsWordChar(text_[end]) || (number && text_[end] == '\''))) ++end;
    Add(std::string(text_.substr(at_, end - at_)));
    Skip(end - at_);
  }

  void Literal(char quote) {
    const size_t n = tokens_.size();
    const bool include = n >= 2 && tokens_[n - 2].text == "#" && tokens_[n - 1].text == "include";
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    end = std::min(end + 1, text_.size());
    Add(include ? std::string(text_.substr(at_, end - at_)) : std::string(2, quote));
    Skip(end - at_);
  }

  void Add(std::string text) { tokens_.push_back({std::move(text), line_}); }

  void Skip(size_t n) {
    for (; n > 0 && at_ < text_.size(); --n) line_ += text_[at_++] == '\n';
  }
  void SkipPast(std::string_view what, size_t opening) {
    const size_t found = text_.find(what, at_ + opening);
    Skip(found == text_.npos ? text_.size() : found + what.size() - at_);
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  std::vector<Token> tokens_;
};

// Whether what begins at tokens[i] is a call of the free function of that name.
bool IsCall(const std::vector<Token>& tokens, size_t i) {
  if (i == 0) return true;
  const std::string& before = tokens[i - 1].text;
  if (before == "." || (before == ">" && i >= 2 && tokens[i - 2].text == "-")) return false;
  if (before == "::") {  // Of whose name space?
    return i < 2 || !IsWordChar(tokens[i - 2].text.front()) || tokens[i - 2].text == "std";
  }
  static constexpr std::array kBeforeCalls = {"return", "co_return", "co_yield",
                                              "case",   "else",      "do"};
  // A word before it is a type, and this a declaration.
  return !(IsWordChar(before.front()) || before == "*" || before == "&" || before == "~") ||
         std::ranges::find(kBeforeCalls, before) != kBeforeCalls.end();
}

bool Occurs(const std::vector<Token>& pattern, const std::vector<Token>& tokens, size_t i) {
  if (i + pattern.size() > tokens.size()) return false;
  for (size_t k = 0; k < pattern.size(); ++k) {
    if (tokens[i + k].text != pattern[k].text) return false;
  }
  const bool call = pattern.size() == 2 && pattern.back().text == "(";
  return !call || IsCall(tokens, i);
}

// Maps and sets ordered by address: the first template argument ends in '*'.
Findings PointerKeys(const File& file, const std::vector<Token>& tokens) {
  static constexpr std::array kOrdered = {"map",       "set",       "multimap", "multiset",
                                          "btree_map", "btree_set", "less"};
  Findings out;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i + 1].text != "<" || std::ranges::find(kOrdered, tokens[i].text) == kOrdered.end())
      continue;
    int depth = 1;
    size_t k = i + 2;
    for (; k < tokens.size(); ++k) {
      const std::string& t = tokens[k].text;
      if (t == "<" || t == "(") ++depth;
      if (t == ">" || t == ")") --depth;
      if (t == ";" || depth == 0 || (depth == 1 && t == ",")) break;
    }
    if (k < tokens.size() && tokens[k - 1].text == "*") {
      out.push_back({file.path, tokens[i].line, "pointer-key", "addresses differ between runs"});
    }
  }
  return out;
}

}  // namespace

std::string Describe(const Finding& f) {
  return f.path + ":" + std::to_string(f.line) + ": " + f.rule + ": " + f.what;
}

std::vector<Token> Tokens(std::string_view text) { return Lexer(text).All(); }

Findings Without(const std::vector<Exception>& exceptions, const Findings& findings,
                 std::set<const Exception*>* used) {
  Findings out;
  for (const Finding& f : findings) {
    const auto covers = [&](const Exception& e) {
      const bool here = e.path.ends_with('/') ? f.path.starts_with(e.path) : f.path == e.path;
      return here && e.rule == f.rule;
    };
    const auto at = std::ranges::find_if(exceptions, covers);
    if (at == exceptions.end()) {
      out.push_back(f);
    } else if (used != nullptr) {
      used->insert(&*at);
    }
  }
  return out;
}

Findings Arrows(const File& file) {
  static constexpr std::array<std::string_view, 5> kOrder = {"sim", "models", "protocols", "tools",
                                                             "tests"};
  const auto self = std::ranges::find(kOrder, FolderOf(file.path));
  Findings out;
  if (!IsCpp(file.path) || self == kOrder.end()) return out;
  const auto tokens = Tokens(file.text);
  for (size_t i = 2; i < tokens.size(); ++i) {
    const std::string_view name = tokens[i].text;
    if (tokens[i - 1].text != "include" || tokens[i - 2].text != "#" || !name.starts_with('"'))
      continue;
    const std::string_view path = name.substr(1, name.size() - 2);
    if (path.find('/') == path.npos || path.starts_with('.')) {
      out.push_back({file.path, tokens[i].line, "arrow",
                     std::string(path) + " should be a path from the root of the project"});
    }
    const auto other = std::ranges::find(kOrder, FolderOf(path));
    if (other != kOrder.end() && other > self) {
      out.push_back({file.path, tokens[i].line, "arrow",
                     std::string(*self) + " knows nothing of " + std::string(*other)});
    }
  }
  return out;
}

Findings BannedWords(const File& file) {
  const std::string_view folder = FolderOf(file.path);
  const bool nodes = folder == "protocols";
  const bool runs =
      folder == "sim" || nodes || (folder == "models" && !file.path.starts_with("models/theory/"));
  if (!IsCpp(file.path) || !runs) return {};
  const auto tokens = Tokens(file.text);
  Findings out = PointerKeys(file, tokens);
  for (const Ban& ban : Bans()) {
    if (ban.where == kNodes && !nodes) continue;
    const bool ending = ban.words.starts_with('*');
    const auto pattern = Tokens(ban.words);
    for (size_t i = 0; i < tokens.size(); ++i) {
      const bool found =
          ending ? tokens[i].text.ends_with(ban.words.substr(1)) : Occurs(pattern, tokens, i);
      if (!found) continue;
      out.push_back({file.path, tokens[i].line, std::string(ban.words), std::string(ban.why)});
    }
  }
  return out;
}

namespace {

// What a '{' opens, judged by the tokens since the last ';', '{' or '}'.
enum class Opens { kScope, kFunction, kOther };

Opens WhatOpens(const std::vector<Token>& tokens, size_t begin, size_t end) {
  bool parenthesis = false;
  int nested = 0;  // In how many parentheses: a default argument has its '=' inside.
  for (size_t i = begin; i < end; ++i) {
    const std::string& t = tokens[i].text;
    if (t == "template" && i + 1 < end && tokens[i + 1].text == "<") {  // Past its parameters.
      int depth = 0;
      do {
        ++i;
        depth += tokens[i].text == "<" ? 1 : tokens[i].text == ">" ? -1 : 0;
      } while (i + 1 < end && depth > 0);
      continue;
    }
    if (t == "namespace" || t == "extern") return Opens::kScope;
    if (!parenthesis && (t == "class" || t == "struct" || t == "union")) return Opens::kScope;
    if (t == "operator")
      return Opens::kFunction;  // The '=' of operator= is none of an initialiser.
    if (t == "enum" || (t == "=" && nested == 0)) return Opens::kOther;
    parenthesis |= t == "(";
    nested += t == "(" ? 1 : t == ")" ? -1 : 0;
  }
  return parenthesis ? Opens::kFunction : Opens::kOther;
}

Findings LongFunctions(const File& file) {
  const auto tokens = Tokens(file.text);
  Findings out;
  std::vector<Opens> open;
  size_t begin = 0;  // Of the declaration that we are in.
  int inside = 0;    // How many of the open braces are none of a scope's.
  int first_line = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string& t = tokens[i].text;
    if (t == "{") {
      const Opens what = inside > 0 ? Opens::kOther : WhatOpens(tokens, begin, i);
      open.push_back(what);
      if (what != Opens::kScope && inside++ == 0) {
        first_line = what == Opens::kFunction ? tokens[begin].line : 0;
      }
    } else if (t == "}" && !open.empty()) {
      const Opens what = open.back();
      open.pop_back();
      if (what != Opens::kScope && --inside == 0 && first_line > 0) {
        const int lines = tokens[i].line - first_line + 1;
        if (lines > kFunctionLinesAtMost) {
          out.push_back({file.path, first_line, "function",
                         std::to_string(lines) + " lines, where " +
                             std::to_string(kFunctionLinesAtMost) + " are the most"});
        }
      }
    }
    const bool ends = t == "{" || t == "}" || t == ";";
    if (inside == 0 && ends) begin = i + 1;
    // What a preprocessor line says belongs to no declaration.
    if (inside == 0 && i > begin && tokens[begin].text == "#" && t != "\\" &&
        tokens[i].line != tokens[begin].line) {
      begin = i;
    }
  }
  return out;
}

}  // namespace

Findings Sizes(const File& file) {
  Findings out;
  const auto lines = Lines(file.text);
  // A table that a command makes has as many lines as there are scenarios.
  const bool made = file.path == "tests/golden/digests.txt";
  if (!made && static_cast<int>(lines.size()) > kLinesAtMost) {
    out.push_back({file.path, 0, "size",
                   std::to_string(lines.size()) + " lines, where " + std::to_string(kLinesAtMost) +
                       " are the most"});
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    // In UTF-8, the bytes that begin with 10 go on with a character.
    const auto columns = std::ranges::count_if(lines[i], [](char c) { return (c & 0xc0) != 0x80; });
    if (columns > kColumnsAtMost) {
      out.push_back({file.path, static_cast<int>(i + 1), "column",
                     std::to_string(columns) + " columns, where " + std::to_string(kColumnsAtMost) +
                         " are the most"});
    }
  }
  if (IsCpp(file.path)) {
    for (Finding& f : LongFunctions(file)) out.push_back(std::move(f));
  }
  return out;
}

Findings Openings(const File& file) {
  Findings out;
  if (!IsCpp(file.path)) return out;
  const bool header = file.path.ends_with(".h");
  if (!file.text.starts_with("// ") && (header || !file.text.starts_with("#include "))) {
    out.push_back({file.path, 1, "opening", "a file begins with what it is for"});
  }
  if (header && file.text.find("\n#pragma once\n") == std::string::npos) {
    out.push_back({file.path, 1, "opening", "no #pragma once"});
  }
  return out;
}

Findings StringViews(const File& file) {
  if (!IsCpp(file.path)) return {};
  const auto tokens = Tokens(file.text);
  std::map<std::string, int> first;  // Where each of the two first occurs.
  for (size_t i = 2; i < tokens.size(); ++i) {
    if (tokens[i].text != "string_view" || tokens[i - 1].text != "::") continue;
    if (tokens[i - 2].text == "std" || tokens[i - 2].text == "absl")
      first.emplace(tokens[i - 2].text, tokens[i].line);
  }
  if (first.size() < 2) return {};
  return {{file.path, std::max(first["std"], first["absl"]), "string_view",
           "two types of this name in one file, and neither becomes the other"}};
}

}  // namespace reprise::tidy
