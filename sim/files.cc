#include "sim/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace reprise {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Stream = std::unique_ptr<std::FILE, Close>;

absl::Status Cannot(const char* what, const std::string& path, int error) {
  return absl::UnavailableError("cannot " + std::string(what) + " " + path + ": " +
                                std::strerror(error));
}

// Replacing these would be a bad surprise.
bool IsSpecial(const std::string& path) {
  struct stat found;
  return lstat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode);
}

bool WriteTo(std::FILE* file, const std::string& content) {
  const bool whole = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  return std::fflush(file) == 0 && whole;
}

}  // namespace

absl::Status SaveFile(const std::string& path, const std::string& content) {
  if (path == "-") {
    return WriteTo(stdout, content) ? absl::OkStatus() : Cannot("write to", path, errno);
  }
  const bool special = IsSpecial(path);
  const std::string partial =
      special ? path : path + ".tmp" + std::to_string(static_cast<long>(getpid()));
  if (!special) unlink(partial.c_str());  // Of a process before us, which died.
  const int fd =
      open(partial.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (special ? O_TRUNC : O_EXCL), 0666);
  if (fd < 0) return Cannot("write", path, errno);
  const Stream file(fdopen(fd, "wb"));
  if (file == nullptr) return Cannot("write", path, errno);
  const bool whole = WriteTo(file.get(), content);
  if (special) return whole ? absl::OkStatus() : Cannot("write", path, errno);
  if (whole && std::rename(partial.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const int error = errno;
  unlink(partial.c_str());
  return Cannot("write", path, error);
}

absl::StatusOr<std::string> LoadFile(const std::string& path, size_t bytes_at_most) {
  const Stream file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return Cannot("read", path, errno);
  std::string content;
  char buffer[64 << 10];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, file.get())) {
    content.append(buffer, n);
    if (content.size() > bytes_at_most) {
      return absl::InvalidArgumentError(path + ": longer than " +
                                        std::to_string(bytes_at_most >> 20) + " MiB");
    }
  }
  if (std::ferror(file.get()) != 0) return Cannot("read", path, errno);
  return content;
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error && !std::filesystem::is_directory(path, error)) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (!error && access(path.c_str(), W_OK) != 0) error = {errno, std::generic_category()};
  if (!error) return absl::OkStatus();
  return absl::UnavailableError("cannot write to the folder \"" + path + "\": " + error.message());
}

}  // namespace reprise
