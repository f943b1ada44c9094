#include "tests/browser.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

extern char** environ;

namespace reprise {
namespace {

using Json = nlohmann::json;

// Starts it in a process group of its own, with its standard output in that file, and no other.
int Start(const std::vector<std::string>& command, const std::string& out) {
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : 0;
}

void Kill(int pid) {
  kill(-pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

std::vector<std::string> Switches(const TemporaryFolder& folder) {
  return {"--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-dev-shm-usage",
          "--window-size=1400,900",
          "--user-data-dir=" + folder / "profile"};
}

// The body of the answer. HTTP/1.0, so that it ends where the connection does.
std::string Exchange(int port, const std::string& request) {
  const int to = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience = {100, 0};
  setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string answer;
  if (connect(to, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      write(to, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    char block[1 << 16];
    size_t wanted = std::string::npos;  // The whole answer, once its length is known.
    while (answer.size() < wanted) {
      const ssize_t n = read(to, block, sizeof block);
      if (n <= 0) break;
      answer.append(block, static_cast<size_t>(n));
      const size_t head = answer.find("\r\n\r\n");
      const size_t length = answer.find("Content-Length:");
      if (head != std::string::npos && length < head) {
        wanted = head + 4 + std::strtoul(answer.c_str() + length + 15, nullptr, 10);
      }
    }
  }
  close(to);
  const size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "" : answer.substr(head + 4);
}

}  // namespace

bool IsInstalled(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string OutputOf(const std::vector<std::string>& command, int seconds_at_most) {
  const TemporaryFolder folder;
  const int pid = Start(command, folder / "out");
  if (pid == 0) return "";
  for (int i = 0; i < 50 * seconds_at_most; ++i) {
    if (waitpid(pid, nullptr, WNOHANG) == pid) return Contents(folder / "out");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  Kill(pid);
  return "";
}

std::string DumpDom(const TemporaryFolder& folder, const std::string& page,
                    const std::string& fragment) {
  std::vector<std::string> command = {"chromium"};
  for (const std::string& word : Switches(folder)) command.push_back(word);
  command.push_back("--dump-dom");
  command.push_back("file://" + page + "#" + fragment);
  return OutputOf(command);
}

Browser::Browser(const TemporaryFolder& folder) {
  pid_ = Start({"chromedriver", "--port=0"}, folder / "driver");
  const std::string told = "successfully on port ";
  for (int i = 0; i < 1000 && port_ == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::string text = Contents(folder / "driver");
    const size_t at = text.find(told);
    if (at != std::string::npos && text.find('\n', at) != std::string::npos) {
      port_ = std::atoi(text.c_str() + at + told.size());
    }
  }
  const Json options = {{"args", Switches(folder)}};
  const Json wanted = {{"capabilities", {{"alwaysMatch", {{"goog:chromeOptions", options}}}}}};
  const Json answer = Ask("POST", "/session", wanted);
  if (answer.contains("sessionId")) session_ = answer["sessionId"];
}

Browser::~Browser() {
  if (!session_.empty()) Ask("DELETE", "/session/" + session_);
  if (pid_ != 0) Kill(pid_);
}

Json Browser::Ask(const std::string& method, const std::string& path, const Json& body) {
  const std::string text = body.is_null() ? "" : body.dump();
  const std::string answer = Exchange(
      port_, method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                 "Content-Type: application/json\r\nContent-Length: " +
                 std::to_string(text.size()) + "\r\n\r\n" + text);
  const Json parsed = Json::parse(answer, nullptr, false);
  return parsed.is_object() && parsed.contains("value") ? parsed["value"] : Json();
}

void Browser::Open(const std::string& url) {
  Ask("POST", "/session/" + session_ + "/url", {{"url", url}});
}

Json Browser::Run(const std::string& script) {
  return Ask("POST", "/session/" + session_ + "/execute/sync",
             {{"script", script}, {"args", Json::array()}});
}

void Browser::Press(const std::string& keys) {
  const Json active = Ask("GET", "/session/" + session_ + "/element/active");
  for (const auto& [name, id] : active.items()) {
    Ask("POST", "/session/" + session_ + "/element/" + id.get<std::string>() + "/value",
        {{"text", keys}});
  }
}

void Browser::Click(double x, double y) {
  const Json move = {{"type", "pointerMove"}, {"duration", 0}, {"x", x}, {"y", y}};
  const Json pointer = {
      {"type", "pointer"},
      {"id", "mouse"},
      {"parameters", {{"pointerType", "mouse"}}},
      {"actions",
       {move, {{"type", "pointerDown"}, {"button", 0}}, {{"type", "pointerUp"}, {"button", 0}}}}};
  Ask("POST", "/session/" + session_ + "/actions", {{"actions", Json::array({pointer})}});
}

std::string Browser::Element(const std::string& css) {
  const Json found =
      Ask("POST", "/session/" + session_ + "/element", {{"using", "css selector"}, {"value", css}});
  return found.is_object() && found.size() == 1 ? found.begin()->get<std::string>() : "";
}

void Browser::ClickOn(const std::string& css) {
  Ask("POST", "/session/" + session_ + "/element/" + Element(css) + "/click", Json::object());
}

void Browser::TypeInto(const std::string& css, const std::string& text) {
  Ask("POST", "/session/" + session_ + "/element/" + Element(css) + "/value", {{"text", text}});
}

}  // namespace reprise
