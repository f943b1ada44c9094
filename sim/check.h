// CHECK(condition): an assertion that stays on in every build.
//
// In a node it ends the run with a verdict that names the node, so that fuzzing goes on and the
// failure shrinks like any other; outside a node it means that the testbed itself is wrong.

#pragma once

#include <stdexcept>
#include <string>

namespace reprise {

struct CheckFailure : std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] inline void FailCheck(const char* where_and_what) {
  throw CheckFailure(where_and_what);
}

}  // namespace reprise

#define REPRISE_STR_(x) #x
#define REPRISE_STR(x) REPRISE_STR_(x)
#define CHECK(condition)              \
  (__builtin_expect(!!(condition), 1) \
       ? void()                       \
       : ::reprise::FailCheck(__FILE_NAME__ ":" REPRISE_STR(__LINE__) ": " #condition))
