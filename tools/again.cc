#include "tools/again.h"

#include <fstream>
#include <sstream>
#include <string>

namespace reprise {
namespace {

bool is_the_program = false;
std::string program_name = "reprise";

}  // namespace

void RememberProgram(int argc, char** argv) {
  program_name = argv[0];
  std::string words;
  for (int i = 0; i < argc; ++i) words += std::string(argv[i]) + '\0';
  std::ostringstream started_with;
  started_with << std::ifstream("/proc/self/cmdline").rdbuf();
  is_the_program = started_with.str() == words;
}

const std::string& ProgramName() { return program_name; }

TwiceOptions InAnotherProcess(const Scenario& scenario, std::optional<uint64_t> seed) {
  if (!is_the_program) return {};
  TwiceOptions options{.arguments = {"run", scenario.FullName(), "--twice"}};
  if (seed) {
    options.arguments.push_back("--seed");
    options.arguments.push_back(std::to_string(*seed));
  }
  for (const auto& [name, value] : scenario.options) {
    options.arguments.push_back("--option");
    options.arguments.push_back(name + "=" + value);
  }
  return options;
}

}  // namespace reprise
