// CRC32C (Castagnoli), the checksum of iSCSI, ext4 and most storage engines: it detects every burst
// of up to 32 bits, so every torn or rotten sector that left a length intact, but for one in 2^32.

#pragma once

#include <boost/crc.hpp>
#include <cstdint>
#include <string_view>

namespace reprise {

// Crc32c("123456789") is 0xe3069283.
inline uint32_t Crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

}  // namespace reprise
