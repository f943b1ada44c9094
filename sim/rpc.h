// Requests and their answers, on top of messages.
//
//   Rpc rpc(env);
//   rpc.Serve<Get>([&](NodeId from, const Get& m) { return Got{store[m.key]}; });
//   env.Spawn([&] { rpc.Run(); });
//   if (auto got = rpc.Call<Got>(server, Get{"x"}, 100ms)) ...
//
// Every request is served on a fiber of its own, so a handler may block. A call is made once: where
// an answer is lost, the caller does not know whether the request took effect. Numbers are drawn
// afresh for each boot, so that no answer to an earlier life is taken for one to this.

#pragma once

#include <map>
#include <string>
#include <utility>

#include "sim/sync.h"

namespace reprise {

struct RpcRequest {
  uint64_t boot = 0, number = 0;
  std::string name, body;
};
struct RpcAnswer {
  uint64_t boot = 0, number = 0;
  std::string body;
};

class Rpc {
 public:
  explicit Rpc(Env& env) : env_(env) {}

  // Handles requests of type Request with `handler(from, request)`, whose result is the answer.
  template <class Request, class Handler>
  void Serve(Handler handler) {
    handlers_[std::string(TypeName<Request>())] =
        [handler](NodeId from, const std::string& body) -> std::optional<std::string> {
      const auto request = Decode<Request>(body);
      if (!request) return std::nullopt;
      return Encode(handler(from, *request));
    };
  }

  // The answer; nothing where none came in time.
  template <class Answer, class Request>
  std::optional<Answer> Call(NodeId to, const Request& request, Duration timeout) {
    const uint64_t number = ++number_;
    Future<std::string> answer(env_);
    waiting_.emplace(number, answer);
    env_.Send(to,
              RpcRequest{env_.boot(), number, std::string(TypeName<Request>()), Encode(request)});
    const auto body = answer.Wait(env_.After(timeout));
    waiting_.erase(number);
    return body ? Decode<Answer>(*body) : std::nullopt;
  }

  // Takes a message that belongs to it; false where it does not. For nodes that Receive themselves.
  bool Handle(const Envelope& mail) {
    return mail.Match([&](const RpcRequest& m) { OnRequest(mail.from, m); },
                      [&](const RpcAnswer& m) { OnAnswer(m); });
  }

  // Receives and handles for ever, and ignores all other messages.
  void Run() {
    for (;;) Handle(env_.Receive());
  }

 private:
  using Handler = std::function<std::optional<std::string>(NodeId, const std::string&)>;

  void OnRequest(NodeId from, const RpcRequest& m) {
    const auto at = handlers_.find(m.name);
    if (at == handlers_.end()) return;
    env_.Spawn([this, from, m, handler = at->second] {
      if (auto body = handler(from, m.body)) {
        env_.Send(from, RpcAnswer{m.boot, m.number, std::move(*body)});
      }
    });
  }

  void OnAnswer(const RpcAnswer& m) {
    if (m.boot != env_.boot()) return;
    if (const auto at = waiting_.find(m.number); at != waiting_.end()) at->second.Set(m.body);
  }

  Env& env_;
  uint64_t number_ = 0;
  std::map<uint64_t, Future<std::string>> waiting_;
  std::map<std::string, Handler> handlers_;
};

}  // namespace reprise
