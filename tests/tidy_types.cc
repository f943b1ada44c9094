// Types of one name in one namespace: two definitions of the same thing, as far as the linker can
// see. It keeps one of them for all, without a word, and facts are decoded as others.

#include <algorithm>

#include "tests/tidy.h"

namespace reprise::tidy {
namespace {

constexpr char kAnonymous[] = "(anonymous)";

// Calls `found` for each type that is defined in a namespace, with its full name.
void ForEachType(const File& file, const std::function<void(const std::string&, int)>& found) {
  const auto tokens = Tokens(file.text);
  std::vector<std::string> open;  // What each open brace began; empty where it is no namespace.
  std::string begins;
  const auto text = [&](size_t i) { return i < tokens.size() ? tokens[i].text : std::string(); };
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string& token = tokens[i].text;
    if (token == "namespace" && text(i + 1) != "=") {
      begins.clear();
      while (text(i + 1) != "{" && text(i + 1) != ";" && i + 1 < tokens.size()) {
        begins += tokens[++i].text;
      }
      begins = begins.empty() ? kAnonymous : begins;
    } else if (token == "{") {
      open.push_back(begins);
      begins.clear();
    } else if (token == "}" && !open.empty()) {
      open.pop_back();
    } else if (token == "struct" || token == "class" || token == "enum") {
      if (token == "enum" && (text(i + 1) == "class" || text(i + 1) == "struct")) ++i;
      const size_t name = i + 1;
      size_t after = name + 1;
      if (text(after) == "final") ++after;
      const bool defined = text(after) == "{" || text(after) == ":";
      if (!defined || std::ranges::count(open, "") > 0) continue;
      std::string full;
      for (const std::string& one : open) full += one + "::";  // "a::b::" for nested ones, too.
      found(full + text(name), tokens[name].line);
      i = name;
    }
  }
}

}  // namespace

Findings TwoTypes(const std::vector<File>& files) {
  std::map<std::string, std::string> first;  // Where each was found first.
  Findings findings;
  for (const File& file : files) {
    if (!file.path.ends_with(".h") && !file.path.ends_with(".cc")) continue;
    ForEachType(file, [&](const std::string& name, int line) {
      if (name.find(kAnonymous) != std::string::npos) return;
      const auto [at, fresh] = first.try_emplace(name, file.path);
      if (fresh || at->second == file.path) return;
      findings.push_back({file.path, line, "types",
                          name + " is also a type of " + at->second +
                              ", and a program that has both mixes them up"});
    });
  }
  return findings;
}

}  // namespace reprise::tidy
