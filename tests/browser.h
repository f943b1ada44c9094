// A browser without a window, for tests of the HTML page: by its command line, and by WebDriver, as
// a person would use it. Where there is no Chromium, tests that need it are skipped and say so.

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace reprise {

// Whether a program of that name is on the PATH.
bool IsInstalled(const std::string& program);

// What the program writes to its standard output until it ends. It is killed after that long.
std::string OutputOf(const std::vector<std::string>& command, int seconds_at_most = 100);

// The document that Chromium has made of the page, once its script has run. `fragment` is what
// stands after the '#'.
std::string DumpDom(const TemporaryFolder& folder, const std::string& page,
                    const std::string& fragment);

// One session of Chromium, driven over WebDriver (https://www.w3.org/TR/webdriver2/) on a loopback
// port that chromedriver chooses.
class Browser {
 public:
  explicit Browser(const TemporaryFolder& folder);
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void Open(const std::string& url);
  // What the script returns.
  nlohmann::json Run(const std::string& script);
  // Keys as WebDriver has them: text, or "\uE014" for the right arrow.
  void Press(const std::string& keys);
  void Click(double x, double y);
  void ClickOn(const std::string& css);
  void TypeInto(const std::string& css, const std::string& text);

 private:
  nlohmann::json Ask(const std::string& method, const std::string& path,
                     const nlohmann::json& body = nullptr);
  std::string Element(const std::string& css);

  int pid_ = 0;
  int port_ = 0;
  std::string session_;
};

}  // namespace reprise
