// What tidy.h says of Markdown.

#include <algorithm>

#include "tests/tidy.h"

namespace reprise::tidy {
namespace {

// The page without what stands in code, fenced or `inline`; line ends stay.
std::string WithoutCode(std::string_view text) {
  std::string out;
  bool fenced = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const bool fence = line.starts_with("```");
    if (fence) fenced = !fenced;
    bool code = false;
    for (const char c : fenced || fence ? std::string_view() : line) {
      if (c == '`') code = !code;
      if (!code) out += c;
    }
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// "docs/../sim/env.h" as "sim/env.h".
std::string Normal(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::string out;
  for (const auto part : parts) out += (out.empty() ? "" : "/") + std::string(part);
  return out;
}

}  // namespace

std::multimap<std::string, int> Links(const File& file) {
  std::multimap<std::string, int> out;
  const size_t slash = file.path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : file.path.substr(0, slash + 1);
  const std::string text = WithoutCode(file.text);
  for (size_t at = text.find("]("); at != text.npos; at = text.find("](", at + 1)) {
    const size_t end = text.find_first_of(") \n", at + 2);
    if (end == text.npos) break;
    std::string target = text.substr(at + 2, end - at - 2);
    target = target.substr(0, target.find('#'));
    if (target.empty() || target.find(':') != target.npos) continue;  // In this page, or elsewhere.
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
    out.emplace(Normal(folder + target), static_cast<int>(line));
  }
  return out;
}

Findings DeadLinks(const File& file, const std::function<bool(const std::string&)>& exists) {
  Findings out;
  for (const auto& [target, line] : Links(file)) {
    if (!target.starts_with("..") && exists(target)) continue;
    out.push_back({file.path, line, "link", target + " is not there"});
  }
  return out;
}

Findings Orphans(const std::vector<File>& files) {
  std::set<std::string> reached = {"README.md"};
  std::vector<std::string> next = {"README.md"};
  while (!next.empty()) {
    const std::string path = std::move(next.back());
    next.pop_back();
    const auto at = std::ranges::find(files, path, &File::path);
    if (at == files.end()) continue;
    for (const auto& [target, line] : Links(*at)) {
      if (reached.insert(target).second) next.push_back(target);
    }
  }
  Findings out;
  for (const File& file : files) {
    if (!file.path.starts_with("docs/") || reached.contains(file.path)) continue;
    out.push_back({file.path, 0, "orphan", "no chain of links from README.md leads here"});
  }
  return out;
}

}  // namespace reprise::tidy
