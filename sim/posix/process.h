// Programs of the real world on fibers: a library that knows nothing of simulation, with its own
// threads, locks, clocks and files, runs as a process of a simulated node.
//
// This library defines functions of libc (pthread_mutex_lock, clock_gettime, open, malloc...) in
// the program that it is linked into, and the dynamic linker prefers them to libc's. Called by a
// thread of a simulated process they work on the node: its fibers, its clock, its disk, its
// choices. Called by anybody else they do nothing but pass the call on. What would escape -- a real
// file, a socket, a system call of the program's own -- ends the run with a verdict that names it.
//
//   void Main(Env& env) {
//     posix::RunProcess(env, {.libraries = {"libleveldb"}}, [](Env& env) {
//       leveldb::DB* db = nullptr;                        // Its files are on the simulated disk;
//       leveldb::DB::Open(Options(), "/disk/db", &db);    // its threads are fibers of the node.
//       ...
//     });
//   }
//
// A crash runs none of the program's code: its threads are dropped where they stand, nothing is
// unwound, and what they allocated goes with the boot. docs/real-code.md says how to bring a
// library, what is simulated, what is not, and what it costs.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/env.h"

namespace reprise::posix {

struct ProcessOptions {
  // Absolute paths below it are files on the node's disk, and so are relative paths.
  std::string root = "/disk";
  // Shared libraries whose global variables belong to the process: each process starts with them as
  // the dynamic linker made them. Beginnings of file names: "libleveldb".
  std::vector<std::string> libraries = {};
  // Whether an fsync() of a directory does anything.
  bool directories_sync = true;
  // How often, of 64 operations on locks and threads, a thread is held up at one of them, so that
  // others go first. A calm run never does it.
  Ratio preempt = OneIn(8);
  unsigned processors = 4;  // As the program is told.
};

// Why no process can run here; empty where it can: x86-64, glibc, and no sanitizer.
std::string_view Unsupported();

// Runs the program as the main thread of a new process, on this fiber; returns when it has
// returned, and ends the process's other threads. An exception that leaves the program leaves this
// function too, as a std::runtime_error (or CheckFailure) of the same text.
//
// The program's Env is not the node's own, but does the same: on the program's threads nothing but
// it may be used. It has no disk(), as there are files; its Spawn() starts a thread.
void RunProcess(Env& env, const ProcessOptions& options, std::function<void(Env&)> program);

}  // namespace reprise::posix
