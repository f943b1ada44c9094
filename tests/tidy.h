// What every file of this project promises, as pure functions on its path and text.
//
// Ordinary code, so that the rules can be tested like any other (tidy_test.cc) and need no tool
// that is not there already. They read words, not meaning, and so know less than a compiler would:
// they are there to catch a slip, not to stop somebody who means it. Who means it adds a line to
// Exceptions(), with a reason.
//
// Paths are relative to the root of the project, with '/'.

#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace reprise::tidy {

struct File {
  std::string path;
  std::string text;
};

struct Finding {
  std::string path;
  int line = 0;      // From 1; 0 for the file as a whole.
  std::string rule;  // What Exceptions() calls it: "size", "arrow", or the banned words.
  std::string what;
  friend bool operator==(const Finding&, const Finding&) = default;
};
using Findings = std::vector<Finding>;

// "sim/fiber.cc:12: std::thread: ..."
std::string Describe(const Finding& finding);

// C++ as tokens: words, numbers and single signs, but "::" is one. Comments are gone; a string or
// character literal is an empty "" or '', but what an #include names in quotes stays.
struct Token {
  std::string text;
  int line = 0;
};
std::vector<Token> Tokens(std::string_view text);

// A finding that is meant. `path` is a file, or a folder that ends in '/'.
struct Exception {
  std::string_view path;
  std::string_view rule;
  std::string_view reason;
};
const std::vector<Exception>& Exceptions();
// Findings without those excepted, whose exceptions are added to `used`.
Findings Without(const std::vector<Exception>& exceptions, const Findings& findings,
                 std::set<const Exception*>* used = nullptr);

// tools -> protocols -> models -> sim, and tests may include everything.
Findings Arrows(const File& file);
// Words that would make a run depend on more than its scenario and choices, where runs happen.
Findings BannedWords(const File& file);
// At most 500 lines to a file, 100 columns to a line, 70 lines to a function.
Findings Sizes(const File& file);
// A header begins with what it is for, in a comment, and has #pragma once; a .cc file begins with a
// comment or an #include.
Findings Openings(const File& file);
// absl::string_view and std::string_view are two types on Debian; one file uses one of them.
Findings StringViews(const File& file);
// Files that define types of the same name in the same namespace, unless it has no name.
Findings TwoTypes(const std::vector<File>& files);

// The targets of a Markdown file's relative links, as paths from the root, and their lines. Links
// in code are none. One that leaves the root begins with "../".
std::multimap<std::string, int> Links(const File& file);
// Links to what is not there.
Findings DeadLinks(const File& file, const std::function<bool(const std::string&)>& exists);
// Pages under docs/ that no chain of links from README.md reaches.
Findings Orphans(const std::vector<File>& files);

}  // namespace reprise::tidy
