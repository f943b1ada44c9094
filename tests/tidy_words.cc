// Which words are banned where, and who may use them all the same.

#include "tests/tidy_words.h"

#include "tests/tidy.h"

namespace reprise::tidy {

const std::vector<Ban>& Bans() {
  constexpr std::string_view kClock = "a run has virtual time only: Env::Now, Env::WallNow";
  constexpr std::string_view kRandom = "all that is random is drawn from Choices: Env::Random";
  constexpr std::string_view kLibrary = "standard libraries differ in what this gives: use Choices";
  constexpr std::string_view kThread = "a run has one order: Env::Spawn is a fiber";
  constexpr std::string_view kWorld = "a run depends on nothing but its scenario and its choices";
  constexpr std::string_view kOrder = "its order differs between runs and libraries: use std::map";
  constexpr std::string_view kHash = "its values differ between builds: use Choices::Mix";
  constexpr std::string_view kFloat = "floating point decides nothing; it lives in models/theory";
  constexpr std::string_view kMath = "libm's results differ between processors; see models/theory";
  constexpr std::string_view kCrash = "a crash passes through a node as an exception";
  static const std::vector<Ban> kBans = {
      {"clock_gettime", kClock, kRuns},
      {"gettimeofday", kClock, kRuns},
      {"time(", kClock, kRuns},
      {"clock(", kClock, kRuns},
      {"localtime", kClock, kRuns},
      {"gmtime", kClock, kRuns},
      {"system_clock", kClock, kRuns},
      {"steady_clock", kClock, kRuns},
      {"high_resolution_clock", kClock, kRuns},
      {"absl::Now", kClock, kRuns},
      {"__DATE__", kClock, kRuns},
      {"__TIME__", kClock, kRuns},
      {"__TIMESTAMP__", kClock, kRuns},
      {"sleep(", kClock, kRuns},
      {"usleep(", kClock, kRuns},
      {"nanosleep(", kClock, kRuns},
      {"random_device", kRandom, kRuns},
      {"rand(", kRandom, kRuns},
      {"srand(", kRandom, kRuns},
      {"random(", kRandom, kRuns},
      {"drand48(", kRandom, kRuns},
      {"getrandom(", kRandom, kRuns},
      {"arc4random(", kRandom, kRuns},
      {"mt19937", kRandom, kRuns},
      {"mt19937_64", kRandom, kRuns},
      {"minstd_rand", kRandom, kRuns},
      {"default_random_engine", kRandom, kRuns},
      {"absl::BitGen", kRandom, kRuns},
      {"absl::InsecureBitGen", kRandom, kRuns},
      {"*_distribution", kLibrary, kRuns},
      {"std::shuffle", kLibrary, kRuns},
      {"std::sample", kLibrary, kRuns},
      {"std::random_shuffle", kLibrary, kRuns},
      {"std::ranges::shuffle", kLibrary, kRuns},
      {"std::ranges::sample", kLibrary, kRuns},
      {"std::thread", kThread, kRuns},
      {"std::jthread", kThread, kRuns},
      {"std::async", kThread, kRuns},
      {"std::this_thread", kThread, kRuns},
      {"pthread_create", kThread, kRuns},
      {"fork(", kThread, kRuns},
      {"getenv", kWorld, kRuns},
      {"secure_getenv", kWorld, kRuns},
      {"getpid(", kWorld, kRuns},
      {"setlocale", kWorld, kRuns},
      {"std::locale", kWorld, kRuns},
      {"unordered_map", kOrder, kRuns},
      {"unordered_set", kOrder, kRuns},
      {"unordered_multimap", kOrder, kRuns},
      {"unordered_multiset", kOrder, kRuns},
      {"flat_hash_map", kOrder, kRuns},
      {"flat_hash_set", kOrder, kRuns},
      {"node_hash_map", kOrder, kRuns},
      {"node_hash_set", kOrder, kRuns},
      {"std::hash", kHash, kRuns},
      {"absl::Hash", kHash, kRuns},
      {"absl::HashOf", kHash, kRuns},
      {"double", kFloat, kRuns},
      {"float", kFloat, kRuns},
      {"<cmath>", kMath, kRuns},
      {"<math.h>", kMath, kRuns},
      {"<numbers>", kMath, kRuns},
      {"<random>", kLibrary, kRuns},
      {"exp(", kMath, kRuns},
      {"pow(", kMath, kRuns},
      {"sqrt(", kMath, kRuns},
      {"std::log", kMath, kRuns},
      {"catch (...)", kCrash, kNodes},
  };
  return kBans;
}

const std::vector<Exception>& Exceptions() {
  static const std::vector<Exception> kExceptions = {
      {"sim/network.h", "flat_hash_map", "looked up by its key, and never walked through"},
      {"sim/files.cc", "getpid(", "names a file that is renamed at once"},
      {"sim/guard.cc", "clock_gettime", "names what it guards against"},
      {"sim/guard.cc", "gettimeofday", "names what it guards against"},
      {"sim/guard.cc", "random_device", "names what it guards against"},
      {"sim/guard.cc", "pthread_create", "names what it guards against"},
      {"sim/guard.cc", "getenv", "names what it guards against"},
      {"sim/guard.cc", "secure_getenv", "names what it guards against"},
      {"sim/guard.cc", "double", "names what it guards against"},
      {"sim/search/elsewhere.cc", "getenv", "says that this process is to answer with one run"},
      {"sim/search/", "steady_clock", "searching stops after real time, of which no run knows"},
      {"sim/search/", "double", "real seconds, for people"},
      {"sim/search/child.cc", "getpid(", "a child ends with its parent"},
      {"sim/search/gtest.h", "getenv",
       "says which runs to make; what each run does knows nothing of it"},
      {"sim/search/", "fork(", "searchers are processes; a run stays within one"},
      {"sim/posix/clocks.cc", "clock_gettime", "defines it for simulated threads"},
      {"sim/posix/clocks.cc", "gettimeofday", "defines it for simulated threads"},
      {"sim/posix/clocks.cc", "localtime", "defines it for simulated threads"},
      {"sim/posix/clocks.cc", "gmtime", "defines it for simulated threads"},
      {"sim/posix/clocks.cc", "random_device", "defines its call for simulated threads"},
      {"sim/posix/refusals.cc", "getenv", "defines it for simulated threads"},
      {"sim/posix/refusals.cc", "secure_getenv", "defines it for simulated threads"},
      {"sim/posix/threads.cc", "pthread_create", "defines it for simulated threads"},
      {"protocols/engines/key_value.cc", "std::thread", "in a process a thread is a fiber"},
      {"tests/tutorial/", "arrow", "a project of its own, with its own root"},
      {"tests/consumer/", "arrow", "a project of its own, with its own root"},
      {"sim/fields.h", "function", "WithFields is one case for each number of fields, to 24"},
      {"tests/tidy_words.cc", "function", "Bans is a table"},
  };
  return kExceptions;
}

}  // namespace reprise::tidy
