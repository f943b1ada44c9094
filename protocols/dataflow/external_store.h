// The world outside the dataflow: a store with transactions, and somebody who reads what is
// committed there.
//
// The store keeps each transaction in a file, with whether it is committed; to commit one twice is
// to commit it once. Of each sink it knows the newest epoch, and refuses what comes from older ones
// (Kafka's transactional ids and their epochs). Readers see committed results in the order in which
// they were committed, and nothing else.

#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/exactly_once.h"
#include "protocols/blocks/snapshot_store.h"
#include "protocols/dataflow/messages.h"

namespace reprise::dataflow {

class TransactionStore {
 public:
  static constexpr uint64_t kPageAtMost = 64;

  explicit TransactionStore(Env& env) : env_(env), files_(env, "transactions") {}

  [[noreturn]] void Run() {
    Recover();
    for (;;) {
      const Envelope mail = env_.Receive();
      mail.Match([&](const Fence& m) { Reply(mail.from, m.call, On(m)); },
                 [&](const PreCommit& m) { Reply(mail.from, m.call, On(m)); },
                 [&](const Commit& m) { Reply(mail.from, m.call, On(m)); },
                 [&](const AbortOlder& m) { Reply(mail.from, m.call, On(m)); },
                 [&](const Read& m) { OnRead(mail.from, m); });
    }
  }

 private:
  // As it is on disk, too.
  struct Transaction {
    uint64_t position = 0;  // Among those committed, from 1; 0 while it is not.
    std::vector<Result> results;
  };

  void Recover() {
    std::map<uint64_t, Transaction> committed;
    for (const std::string& name : files_.Names()) {
      if (name.starts_with("epoch-")) {
        auto epoch = files_.LoadAs<uint64_t>(name);
        CHECK(epoch.ok());
        epochs_[name] = *epoch;
      } else {
        auto transaction = files_.LoadAs<Transaction>(name);
        CHECK(transaction.ok());
        if (transaction->position != 0) committed[transaction->position] = *transaction;
        transactions_[name] = *std::move(transaction);
      }
    }
    for (const auto& [position, transaction] : committed) Publish(transaction);
    commits_ = committed.size();
  }

  bool IsFenced(uint64_t epoch, const TaskId& sink) { return epoch < epochs_[EpochOf(sink)]; }

  Outcome On(const Fence& m) {
    if (IsFenced(m.epoch, m.sink)) return Outcome::kFenced;
    Save(EpochOf(m.sink), m.epoch);
    epochs_[EpochOf(m.sink)] = m.epoch;
    return Outcome::kDone;
  }

  Outcome On(const PreCommit& m) {
    if (IsFenced(m.epoch, m.sink)) return Outcome::kFenced;
    const std::string name = FileOf(m.transaction, m.sink);
    if (transactions_.contains(name)) return Outcome::kAlready;
    const Transaction transaction{0, m.results};
    Save(name, transaction);
    transactions_[name] = transaction;
    return Outcome::kDone;
  }

  Outcome On(const Commit& m) {
    if (IsFenced(m.epoch, m.sink)) return Outcome::kFenced;
    const auto at = transactions_.find(FileOf(m.transaction, m.sink));
    if (at == transactions_.end()) return Outcome::kUnknown;
    if (at->second.position != 0) return Outcome::kAlready;
    Transaction committed = at->second;
    committed.position = commits_ + 1;
    Save(at->first, committed);
    at->second = std::move(committed);
    ++commits_;
    Publish(at->second);
    return Outcome::kDone;
  }

  // Those of this epoch stay, whenever the request arrives.
  Outcome On(const AbortOlder& m) {
    if (IsFenced(m.epoch, m.sink)) return Outcome::kFenced;
    const std::string first = FileOf(m.epoch * kPerAttempt, m.sink);
    const std::string its = first.substr(12);
    std::erase_if(transactions_, [&](const auto& entry) {
      const auto& [name, transaction] = entry;
      if (transaction.position != 0 || name >= first || !name.ends_with(its)) return false;
      files_.Remove(name);
      return true;
    });
    return Outcome::kDone;
  }

  void Publish(const Transaction& transaction) {
    published_.insert(published_.end(), transaction.results.begin(), transaction.results.end());
  }

  void OnRead(NodeId reader, const Read& m) {
    if (m.from >= published_.size()) return;
    const auto begin = published_.begin() + static_cast<int64_t>(m.from);
    const auto some = static_cast<int64_t>(std::min(kPageAtMost, published_.size() - m.from));
    env_.Send(reader, Page{m.from, {begin, begin + some}});
  }

  static std::string EpochOf(const TaskId& sink) { return "epoch-" + std::to_string(sink.index); }

  // Tries until it is durable; where the disk refuses for ever, so does the store.
  template <class T>
  void Save(const std::string& name, const T& value) {
    while (!files_.SaveAs(name, value).ok()) env_.Sleep(20ms);
  }

  void Reply(NodeId to, uint64_t call, Outcome outcome) {
    env_.Send(to, Answer{call, outcome, ""});
  }

  Env& env_;
  SnapshotStore files_;
  std::map<std::string, uint64_t> epochs_;
  std::map<std::string, Transaction> transactions_;
  uint64_t commits_ = 0;
  std::vector<Result> published_;
};

// Reads all that is committed, in order, and reports it: this is what is visible downstream.
[[noreturn]] inline void ReadDownstream(Env& env) {
  constexpr Duration kPoll = 40ms;
  uint64_t read = 0;
  for (;;) {
    env.Send(env.nodes("store")[0], Read{read});
    const uint64_t asked = read;
    const Time until = env.After(kPoll);
    while (read == asked) {  // After a page there may be another one.
      const auto mail = env.ReceiveUntil(until);
      if (!mail) break;
      mail->Match([&](const Page& m) {
        for (size_t i = 0; i < m.results.size(); ++i) {
          if (m.from + i != read) continue;
          ++read;
          env.Report(models::Visible{m.results[i].key, m.results[i].window, m.results[i].sum});
        }
      });
    }
  }
}

}  // namespace reprise::dataflow
