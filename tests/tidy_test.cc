// The rules of tidy.h: that this tree keeps them, and that each of them would notice.

#include "tests/tidy.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/tidy_words.h"

namespace reprise::tidy {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// The tree: what stands in the project's own folders, and at its root.

const fs::path kRoot = REPRISE_SOURCE_DIR;

const std::vector<File>& Tree() {
  static const std::vector<File> kTree = [] {
    std::vector<fs::path> paths;
    for (const char* folder : {"sim", "models", "protocols", "tools", "tests", "docs", ".ci"}) {
      if (!fs::exists(kRoot / folder)) continue;
      for (const auto& e : fs::recursive_directory_iterator(kRoot / folder)) {
        if (e.is_regular_file()) paths.push_back(e.path());
      }
    }
    for (const char* name : {"do", "README.md", "CHANGELOG.md", "CMakeLists.txt"}) {
      paths.push_back(kRoot / name);
    }
    std::ranges::sort(paths);
    std::vector<File> files;
    for (const auto& path : paths) {
      std::ostringstream text;
      text << std::ifstream(path).rdbuf();
      files.push_back({fs::relative(path, kRoot).generic_string(), text.str()});
    }
    return files;
  }();
  return kTree;
}

bool IsCode(const File& file) {
  for (const char* ending : {".h", ".cc", "do", "run", ".sh", ".txt", ".cmake"}) {
    if (file.path.ends_with(ending)) return true;
  }
  return false;
}

bool IsPage(const File& file) { return file.path.ends_with(".md"); }

Findings All(Findings (*rule)(const File&)) {
  Findings out;
  for (const File& file : Tree()) {
    if (!IsCode(file)) continue;
    for (Finding& f : rule(file)) out.push_back(std::move(f));
  }
  return out;
}

std::string Report(const Findings& findings) {
  std::string out;
  for (const Finding& f : Without(Exceptions(), findings)) out += Describe(f) + "\n";
  return out;
}

TEST(TidyTree, IsThere) { EXPECT_GT(Tree().size(), 30u); }
TEST(TidyTree, KeepsItsArrows) { EXPECT_EQ(Report(All(Arrows)), ""); }
TEST(TidyTree, SaysNoBannedWord) { EXPECT_EQ(Report(All(BannedWords)), ""); }
TEST(TidyTree, KeepsItsSizes) { EXPECT_EQ(Report(All(Sizes)), ""); }
TEST(TidyTree, OpensEachFileWell) { EXPECT_EQ(Report(All(Openings)), ""); }
TEST(TidyTree, MixesNoStringViews) { EXPECT_EQ(Report(All(StringViews)), ""); }
TEST(TidyTree, HasOneTypeOfEachName) {
  std::vector<File> ours;  // Tests are programs of their own names.
  std::ranges::copy_if(Tree(), std::back_inserter(ours),
                       [](const File& file) { return !file.path.starts_with("tests/"); });
  EXPECT_EQ(Report(TwoTypes(ours)), "");
}

TEST(TidyTree, HasNoDeadLinkAndNoOrphan) {
  std::vector<File> pages;
  std::ranges::copy_if(Tree(), std::back_inserter(pages), IsPage);
  Findings findings = Orphans(pages);
  for (const File& page : pages) {
    const auto exists = [](const std::string& path) { return fs::exists(kRoot / path); };
    for (Finding& f : DeadLinks(page, exists)) findings.push_back(std::move(f));
  }
  EXPECT_EQ(Report(findings), "");
}

// An exception outlives its reason unless somebody looks.
TEST(TidyTree, NeedsEveryException) {
  std::set<const Exception*> used;
  for (const auto rule : {Arrows, BannedWords, Sizes, Openings, StringViews}) {
    Without(Exceptions(), All(rule), &used);
  }
  for (const Exception& e : Exceptions()) {
    EXPECT_GT(e.reason.size(), 10u) << e.path;
    EXPECT_TRUE(used.contains(&e)) << "no longer needed: " << e.path << ", " << e.rule;
  }
}

// And now the rules themselves, on small strings.

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> out;
  for (const Token& t : Tokens(text)) out.push_back(t.text);
  return out;
}

std::vector<std::string> Banned(const std::string& text, const std::string& path = "sim/a.cc") {
  std::vector<std::string> out;
  for (const Finding& f : BannedWords({path, text})) out.push_back(f.rule);
  return out;
}

std::vector<std::string> Rules(const Findings& findings) {
  std::vector<std::string> out;
  for (const Finding& f : findings) out.push_back(f.rule);
  return out;
}

TEST(Tokens, LeaveOutCommentsAndWhatLiteralsSay) {
  EXPECT_THAT(Words("a // b\n/* c\n */ d"), ElementsAre("a", "d"));
  EXPECT_THAT(Words("f(\"rand(\\\"\", '\\'') + 1'000"),
              ElementsAre("f", "(", "\"\"", ",", "''", ")", "+", "1'000"));
  EXPECT_THAT(Words("R\"x(\" rand() )x\" a::b"), ElementsAre("\"\"", "a", "::", "b"));
  EXPECT_THAT(Words("#include \"sim/env.h\""), ElementsAre("#", "include", "\"sim/env.h\""));
}

TEST(Tokens, KnowTheirLines) {
  const auto tokens = Tokens("a\n/*\n*/ b \"\\\"\"\nc");
  EXPECT_EQ(tokens[1].line, 3);
  EXPECT_EQ(tokens.back().line, 4);
}

TEST(Tokens, EndWhereTheTextEnds) {
  for (const char* text : {"\"", "'", "/*", "R\"(", "R\"", "//", "\"\\", "#"}) Tokens(text);
}

TEST(Arrows, PointDown) {
  EXPECT_THAT(Arrows({"protocols/p.cc",
                      "#include \"models/spec/r.h\"\n#include \"sim/env.h\"\n"
                      "#include \"absl/status/status.h\"\n#include <map>\n"}),
              IsEmpty());
  EXPECT_THAT(Arrows({"tests/p_test.cc", "#include \"tools/draw.h\""}), IsEmpty());
  EXPECT_THAT(Arrows({"sim/a.h", "// #include \"models/a.h\""}), IsEmpty());
}

TEST(Arrows, NeverUp) {
  EXPECT_THAT(Arrows({"sim/a.h", "#include \"models/spec/a.h\""}), SizeIs(1));
  EXPECT_THAT(Arrows({"sim/search/a.h", "\n#  include \"protocols/a.h\""}),
              ElementsAre(Finding{"sim/search/a.h", 2, "arrow", "sim knows nothing of protocols"}));
  EXPECT_THAT(Arrows({"models/a.cc", "#include \"tools/a.h\""}), SizeIs(1));
  EXPECT_THAT(Arrows({"tools/a.cc", "#include \"tests/a.h\""}), SizeIs(1));
}

TEST(Arrows, AreWrittenFromTheRoot) {
  EXPECT_THAT(Arrows({"sim/a.cc", "#include \"a.h\""}), SizeIs(1));
  EXPECT_THAT(Arrows({"sim/a.cc", "#include \"../tools/a.h\""}), SizeIs(1));
}

TEST(BannedWords, AreFound) {
  EXPECT_THAT(Banned("clock_gettime(CLOCK_REALTIME, &t);"), ElementsAre("clock_gettime"));
  EXPECT_THAT(Banned("auto t = std::chrono::steady_clock::now();"), ElementsAre("steady_clock"));
  EXPECT_THAT(Banned("std::uniform_int_distribution<int> d;"), ElementsAre("*_distribution"));
  EXPECT_THAT(Banned("std :: shuffle(a, b, c);"), ElementsAre("std::shuffle"));
  EXPECT_THAT(Banned("absl::flat_hash_map<int, int> m;"), ElementsAre("flat_hash_map"));
  EXPECT_THAT(Banned("#include <cmath>"), ElementsAre("<cmath>"));
  EXPECT_THAT(Banned("double x;"), ElementsAre("double"));
  EXPECT_THAT(Banned("if (std::hash<int>()(1)) getenv(\"X\");"),
              testing::UnorderedElementsAre("std::hash", "getenv"));
}

TEST(BannedWords, EveryOneOfThem) {
  for (const Ban& ban : Bans()) {
    std::string text(ban.words);
    if (text.starts_with('*')) text.replace(0, 1, "some");
    EXPECT_THAT(Banned("x = " + text, "protocols/a.cc"), testing::Contains(ban.words)) << text;
  }
}

TEST(BannedWords, AreWholeWords) {
  EXPECT_THAT(Banned("int doubled, floats, runtime; static_assert(is_floating_point_v<T>);"),
              IsEmpty());
  EXPECT_THAT(Banned("// time(nullptr)\nconst char* s = \"rand()\";"), IsEmpty());
}

TEST(BannedWords, CallsAreOfFreeFunctions) {
  EXPECT_THAT(Banned("return time(nullptr);"), ElementsAre("time("));
  EXPECT_THAT(Banned("x = ::time(0) + std::rand();"), ElementsAre("time(", "rand("));
  EXPECT_THAT(Banned("x = env.time() + env->random(3) + Event::time(1);"), IsEmpty());
  EXPECT_THAT(Banned("Time time(const Event& e);"), IsEmpty());
}

TEST(BannedWords, OnlyWhereRunsHappen) {
  EXPECT_THAT(Banned("double x = exp(y);", "models/theory/availability.cc"), IsEmpty());
  EXPECT_THAT(Banned("double x;", "models/world/links.h"), SizeIs(1));
  EXPECT_THAT(Banned("std::thread t;", "tools/fuzz.cc"), IsEmpty());
  EXPECT_THAT(Banned("std::thread t;", "docs/a.md"), IsEmpty());
}

TEST(BannedWords, CatchAllOnlyInNodes) {
  EXPECT_THAT(Banned("try { f(); } catch (...) {}", "protocols/a.cc"), ElementsAre("catch (...)"));
  EXPECT_THAT(Banned("try { f(); } catch (...) {}", "sim/node.cc"), IsEmpty());
}

TEST(BannedWords, PointersAreNoKeys) {
  EXPECT_THAT(Banned("std::map<const Node*, int> m;"), ElementsAre("pointer-key"));
  EXPECT_THAT(Banned("std::set<std::pair<int, int>*> s;"), ElementsAre("pointer-key"));
  EXPECT_THAT(Banned("absl::btree_set<Node*> s;"), ElementsAre("pointer-key"));
  EXPECT_THAT(Banned("std::map<int, Node*> m; if (set < a * b) f();"), IsEmpty());
}

TEST(Without, ExceptsByFileAndFolder) {
  const std::vector<Exception> exceptions = {{"sim/posix/", "getenv", "it stands in for it"},
                                             {"sim/a.cc", "time(", "it says so"}};
  std::set<const Exception*> used;
  const Findings kept = Without(exceptions,
                                {{"sim/posix/env.cc", 1, "getenv", ""},
                                 {"sim/posix/env.cc", 1, "time(", ""},
                                 {"sim/a.cc.h", 1, "time(", ""}},
                                &used);
  EXPECT_THAT(kept, SizeIs(2));
  EXPECT_THAT(used, ElementsAre(&exceptions[0]));
}

std::string Repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Sizes, OfFilesAndLines) {
  EXPECT_THAT(Sizes({"do", Repeated("\n", 500)}), IsEmpty());
  EXPECT_THAT(Rules(Sizes({"do", Repeated("\n", 501)})), ElementsAre("size"));
  EXPECT_THAT(Sizes({"sim/a.h", Repeated("x", 100)}), IsEmpty());
  EXPECT_THAT(Sizes({"sim/a.h", Repeated("é", 100)}), IsEmpty());
  EXPECT_THAT(Sizes({"sim/a.h", "\n" + Repeated("x", 101)}),
              ElementsAre(Finding{"sim/a.h", 2, "column", "101 columns, where 100 are the most"}));
}

TEST(Sizes, OfFunctions) {
  const std::string body = Repeated("  f();\n", 68);
  const auto rules = [](const std::string& text) { return Rules(Sizes({"sim/a.cc", text})); };
  EXPECT_THAT(rules("void F() {\n" + body + "}\n"), IsEmpty());
  EXPECT_THAT(rules("void F() {\n  x;\n" + body + "}\n"), ElementsAre("function"));
  EXPECT_THAT(rules("void F(int a = 0,\n       int b) {\n" + body + "}\n"),
              ElementsAre("function"));
  EXPECT_THAT(rules("#include <map>\n#define X 1\nnamespace a {\ntemplate <class T>\nstruct B {\n"
                    "  B& operator=(int) {\n    if (x) {\n" +
                    body + "    }\n  }\n};\n}\n"),
              ElementsAre("function"));
}

TEST(Sizes, OfNothingElse) {
  const std::string rows = Repeated("  {1, f(2)},\n", 100);
  const auto rules = [](const std::string& text) { return Rules(Sizes({"sim/a.cc", text})); };
  EXPECT_THAT(rules("const int kTable[] = {\n" + rows + "};\n"), IsEmpty());
  EXPECT_THAT(rules("enum class E : int {\n" + rows + "};\n"), IsEmpty());
  EXPECT_THAT(rules("template <class T>\nclass A : public B<int(T)> {\n" +
                    Repeated("  void F() { f(); }\n", 100) + "};\n"),
              IsEmpty());
}

TEST(Openings, SayWhatAFileIsFor) {
  EXPECT_THAT(Openings({"sim/a.h", "// A.\n\n#pragma once\n"}), IsEmpty());
  EXPECT_THAT(Openings({"sim/a.h", "#pragma once\n\n// A.\n"}), SizeIs(2));
  EXPECT_THAT(Openings({"sim/a.h", "// A.\n#ifndef A\n"}), SizeIs(1));
  EXPECT_THAT(Openings({"sim/a.cc", "#include \"sim/a.h\"\n"}), IsEmpty());
  EXPECT_THAT(Openings({"sim/a.cc", "\n// A.\n"}), SizeIs(1));
}

TEST(StringViews, AreOfOneKind) {
  EXPECT_THAT(StringViews({"sim/a.h", "std::string_view a; std::string_view b;"}), IsEmpty());
  EXPECT_THAT(StringViews({"sim/a.h", "std::string_view a; // absl::string_view"}), IsEmpty());
  EXPECT_THAT(StringViews({"sim/a.h", "std::string_view a;\nabsl::string_view b;"}), SizeIs(1));
}

TEST(TwoTypes, AreFoundInOneNamespaceOnly) {
  const File a{"models/a.h",
               "namespace r::m {\nstruct Applied { int x; };\nenum class E { kX };\n}"};
  const auto in = [](const std::string& text) { return File{"models/b.h", text}; };
  EXPECT_THAT(TwoTypes({a, in("namespace r {\nnamespace m {\nstruct Applied final : B {};\n}}")}),
              SizeIs(1));
  EXPECT_THAT(TwoTypes({a, in("namespace r::m {\n\nclass Applied final : public B {};\n}")}),
              SizeIs(1));
  EXPECT_THAT(TwoTypes({a, in("namespace r::m { enum E : int { kY }; }")}), SizeIs(1));
  EXPECT_THAT(TwoTypes({a, in("namespace r::m { struct Applied; void F(struct Applied&); }")}),
              IsEmpty());
  EXPECT_THAT(TwoTypes({a, in("namespace r::m { struct B { struct Applied {}; }; }")}), IsEmpty());
  EXPECT_THAT(TwoTypes({a, in("namespace r::n { struct Applied {}; }")}), IsEmpty());
  EXPECT_THAT(TwoTypes({a, a}), IsEmpty());
}

TEST(Links, ArePathsFromTheRoot) {
  const File page{"docs/a.md",
                  "[x](b.md#part) [y](../sim/env.h)\n`[z](no.md)` ![p](./p.png)\n"
                  "```\n[z](no.md)\n```\n[u](https://x.org/a.md) [here](#part) [out](../../o.md)"};
  EXPECT_THAT(Links({page.path, page.text + ")"}),
              ElementsAre(Pair("../o.md", 6), Pair("docs/b.md", 1), Pair("docs/p.png", 2),
                          Pair("sim/env.h", 1)));
}

TEST(DeadLinks, AreThoseToNowhere) {
  const auto exists = [](const std::string& path) { return path == "docs/b.md"; };
  EXPECT_THAT(DeadLinks({"docs/a.md", "[x](b.md)"}, exists), IsEmpty());
  EXPECT_THAT(DeadLinks({"docs/a.md", "\n[x](c.md)"}, exists),
              ElementsAre(Finding{"docs/a.md", 2, "link", "docs/c.md is not there"}));
}

TEST(Orphans, AreReachedByNoChainOfLinks) {
  const File readme{"README.md", "[docs](docs/README.md)"};
  const File index{"docs/README.md", "[a](a.md)"};
  const File page{"docs/a.md", "text"};
  EXPECT_THAT(Orphans({readme, index, page}), IsEmpty());
  EXPECT_THAT(Orphans({readme, {"docs/README.md", ""}, page}), SizeIs(1));
}

}  // namespace
}  // namespace reprise::tidy
