// Copying a few bytes, as every event does.

#pragma once

#include <cstddef>
#include <cstring>

namespace reprise {

// memcpy, for sizes that are mostly below a hundred and known only at run time: a call into the C
// library would cost more than the copying. REQUIRES: the ranges do not overlap.
inline void CopyFew(char* to, const char* from, size_t bytes) {
  if (bytes > 256) {
    std::memcpy(to, from, bytes);
    return;
  }
  if (bytes >= 16) {
    for (size_t i = 16; i < bytes; i += 16) std::memcpy(to + i - 16, from + i - 16, 16);
    std::memcpy(to + bytes - 16, from + bytes - 16, 16);  // The rest, and some again.
  } else if (bytes >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + bytes - 8, from + bytes - 8, 8);
  } else {
    for (size_t i = 0; i < bytes; ++i) to[i] = from[i];
  }
}

}  // namespace reprise
