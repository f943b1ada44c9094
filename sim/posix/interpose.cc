#include "sim/posix/interpose.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace reprise::posix {

void LinkMemory();
void LinkThreads();
void LinkLocks();
void LinkSignals();
void LinkClocks();
void LinkFileCalls();
void LinkStreams();
void LinkRefusals();

void* NextDefinition(const char* name) {
  void* next = dlsym(RTLD_NEXT, name);
  if (next == nullptr) {
    std::fprintf(stderr, "reprise: the system's libraries have no function %s\n", name);
    std::abort();
  }
  return next;
}

void LinkCalls() {
  LinkMemory();
  LinkThreads();
  LinkLocks();
  LinkSignals();
  LinkClocks();
  LinkFileCalls();
  LinkStreams();
  LinkRefusals();
}

}  // namespace reprise::posix
