// What a world does when the leak guard finds that node code asks the real world: the verdict, and
// the stack of the call, by names of functions.

#include <execinfo.h>

#include <algorithm>
#include <string>

#include "absl/debugging/symbolize.h"
#include "sim/world.h"

namespace reprise {
namespace {

constexpr int kFrames = 48;

}  // namespace

void World::Leak(const char* call, const char* about, const char* instead, void* caller) {
  if (over_) return;
  SimNode& node = *running_->node;
  std::string what = call;
  if (about != nullptr) what += "(\"" + std::string(about).substr(0, 200) + "\")";
  Fail("leak",
       Name(node.self()) + " asked the real world by " + what + ": use " + instead + " instead",
       node.self());
  // Only taken here, and named in StackText: names need more room than a fiber may have.
  stack_.resize(kFrames);
  stack_.resize(static_cast<size_t>(backtrace(stack_.data(), kFrames)));
  // What the guard itself called is of no interest.
  const auto from = std::ranges::find(stack_, caller);
  if (from != stack_.end()) stack_.erase(stack_.begin(), from);
  node.EndAtNextCall();
}

std::vector<std::string> World::StackText() const {
  std::vector<std::string> text;
  for (void* frame : stack_) {
    char name[512];
    // A return address may be the first of what follows the function.
    const bool known = absl::Symbolize(static_cast<char*>(frame) - 1, name, sizeof name);
    if (known && std::string_view(name).starts_with("reprise::SimNode::Entry")) break;
    text.push_back(known ? name : "(a function without a name)");
  }
  return text;
}

}  // namespace reprise
