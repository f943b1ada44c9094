// Calls on simulated files, for streams. In the program; as the functions of libc of these names.
// Private to sim/posix.

#pragma once

#include "sim/posix/thread.h"

namespace reprise::posix {

int OpenFile(Thread& me, const char* call, int at, const char* path, int flags, void* caller);
int64_t ReadFile(Thread& me, int fd, void* to, size_t bytes);
int64_t WriteFile(Thread& me, int fd, const void* from, size_t bytes);
int64_t SeekFile(Thread& me, int fd, int64_t offset, int whence);
int CloseFile(Thread& me, int fd);

}  // namespace reprise::posix
