// The node's clock and chance, as programs ask for them. Private to sim/posix.

#pragma once

#include <time.h>

#include <cstddef>
#include <cstdint>

#include "sim/posix/thread.h"

namespace reprise::posix {

// What that clock shows.
timespec Read(Thread& me, clockid_t clock);
// The moment, by the node's clock, at which that clock shows `until`, should it not be set; and the
// moment that is so long from now.
Time Deadline(Thread& me, clockid_t clock, const timespec& until);
Time After(Thread& me, const timespec& span);

// Random bytes: all that one call asks for follow from one draw, and a calm run has zeros.
long FillByChance(Thread& me, void* to, size_t bytes);
uint64_t Chance(Thread& me);
// The same inside the gate.
void FillInKernel(Process& process, char* to, size_t bytes);

}  // namespace reprise::posix
