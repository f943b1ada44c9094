#include "tools/render.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "sim/files.h"
#include "tools/draw_dot.h"
#include "tools/draw_text.h"
#include "tools/page.h"

extern char** environ;

namespace reprise {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Stream = std::unique_ptr<std::FILE, Close>;

std::string LowerCase(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

const char* NameOf(Format format) {
  static constexpr const char* kNames[] = {"dot", "svg", "png", "pdf", "txt", "html"};
  return kNames[static_cast<size_t>(format)];
}

std::string UpperName(Format format) {
  std::string name = NameOf(format);
  for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
  return name;
}

absl::StatusOr<std::string> ReadAll(std::FILE* file) {
  std::rewind(file);
  std::string out;
  char block[1 << 16];
  while (const size_t n = std::fread(block, 1, sizeof block, file)) out.append(block, n);
  if (std::ferror(file)) return absl::InternalError("cannot read what neato wrote");
  return out;
}

// Runs neato with these files as its standard streams. No name of a file is ever an argument, so
// none can be taken for an option, and no shell sees any. Returns its exit status.
absl::StatusOr<int> RunNeato(Format format, std::FILE* in, std::FILE* out, std::FILE* err) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  std::FILE* const streams[] = {in, out, err};
  for (int i = 0; i < 3; ++i) posix_spawn_file_actions_adddup2(&files, fileno(streams[i]), i);
  std::string program = "neato", engine = "-n2", type = std::string("-T") + NameOf(format);
  char* arguments[] = {program.data(), engine.data(), type.data(), nullptr};
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, "neato", &files, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  if (error == ENOENT) {
    return absl::UnavailableError(UpperName(format) +
                                  " needs Graphviz (neato), which is not "
                                  "installed: apt-get install graphviz");
  }
  if (error != 0) {
    return absl::UnavailableError(std::string("cannot run neato: ") + std::strerror(error));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return absl::InternalError("lost sight of neato");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool WriteTo(std::FILE* file, const std::string& bytes) {
  const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  return std::fflush(file) == 0 && whole;
}

}  // namespace

absl::StatusOr<Format> FormatOf(const std::string& path) {
  if (path == "-") return Format::kText;
  const size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  const size_t point = path.rfind('.');
  const bool some = point != std::string::npos && point > name;
  const std::string extension = some ? LowerCase(path.substr(point + 1)) : "";
  for (Format format :
       {Format::kDot, Format::kSvg, Format::kPng, Format::kPdf, Format::kText, Format::kHtml}) {
    if (extension == NameOf(format)) return format;
  }
  return absl::InvalidArgumentError(
      (some ? "unknown format \"" + extension + "\" of " + path : "no format in the name " + path) +
      "; want .html, .svg, .png, .pdf, .dot or .txt, or - for text");
}

absl::StatusOr<std::string> RenderDot(const std::string& dot, Format format) {
  if (format == Format::kDot) return dot;
  if (format == Format::kText || format == Format::kHtml) {
    return absl::InvalidArgumentError(std::string(format == Format::kText ? "text" : "a page") +
                                      " is not made from DOT");
  }
  const Stream in(std::tmpfile()), out(std::tmpfile()), err(std::tmpfile());
  if (in == nullptr || out == nullptr || err == nullptr) {
    return absl::InternalError(std::string("no temporary file: ") + std::strerror(errno));
  }
  if (!WriteTo(in.get(), dot)) {
    return absl::InternalError(std::string("temporary file: ") + std::strerror(errno));
  }
  std::rewind(in.get());  // The child shares the place in the file.
  const auto status = RunNeato(format, in.get(), out.get(), err.get());
  if (!status.ok()) return status.status();
  auto bytes = ReadAll(out.get());
  if (!bytes.ok()) return bytes.status();
  if (*status != 0 || bytes->empty()) {
    const auto words = ReadAll(err.get());
    const std::string first = words.ok() ? words->substr(0, words->find('\n')) : "";
    return absl::InternalError("neato failed with status " + std::to_string(*status) +
                               (first.empty() ? "" : ": " + first));
  }
  return bytes;
}

absl::Status Render(const std::string& dot, const std::string& path) {
  const auto format = FormatOf(path);
  if (!format.ok()) return format.status();
  const auto bytes = RenderDot(dot, *format);
  return bytes.ok() ? SaveFile(path, *bytes) : bytes.status();
}

absl::Status Draw(const Scenario& scenario, const RunResult& result, const DrawOptions& options,
                  const std::string& path) {
  const auto format = FormatOf(path);
  if (!format.ok()) return format.status();
  if (*format == Format::kHtml) {
    const PageOptions page{.title = options.title, .subtitle = options.subtitle, .trace = ""};
    return SaveFile(path, MakePage(scenario, result, page));
  }
  const Picture picture = MakePicture(scenario, result, options);
  if (*format == Format::kText) return SaveFile(path, DrawText(picture));
  return Render(DrawDot(picture), path);
}

}  // namespace reprise
