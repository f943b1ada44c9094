#include "tools/alignment.h"

#include <algorithm>
#include <map>
#include <string>

namespace reprise {
namespace {

using Kind = Event::Kind;

constexpr size_t kDifferencesAtMost = 3000;
constexpr size_t kLookAhead = 400;

bool IsOfMessage(Kind kind) {
  switch (kind) {
    case Kind::kSend:
    case Kind::kDeliver:
    case Kind::kDuplicate:
    case Kind::kDrop:
    case Kind::kCutOff:
    case Kind::kNobodyUp:
    case Kind::kDamage:
    case Kind::kStale: return true;
    default: return false;
  }
}

bool Same(const Event& a, const Event& b) {
  return a.kind == b.kind && a.at == b.at && a.node == b.node && a.peer == b.peer && a.id == b.id &&
         a.message.type() == b.message.type() && a.message.bytes() == b.message.bytes();
}

// What an event is, but for its time and its number: equal contents get equal numbers.
class Contents {
 public:
  // Of each event of a timeline, by place.
  std::vector<size_t> Of(const Timeline& timeline) {
    std::vector<size_t> out;
    std::map<uint64_t, std::string> sent;  // What each message says, by its id.
    for (size_t i = 0; i < timeline.size(); ++i) {
      const Event e = timeline[i];
      std::string key(1, static_cast<char>(e.kind));
      key += std::to_string(Index(e.node)) + ">" + std::to_string(Index(e.peer)) + " ";
      const std::string says = std::string(e.message.name()) + " " + std::string(e.message.bytes());
      if (!IsOfMessage(e.kind)) {
        // The number of a message counts all messages; other numbers mean something.
        key += std::to_string(e.id) + " " + says;
      } else if (e.kind == Kind::kSend) {
        key += sent[e.id] = says;
      } else {
        key += sent[e.id] + (e.message.bytes().empty() ? "" : " " + says);
      }
      out.push_back(numbers_.insert({std::move(key), numbers_.size()}).first->second);
    }
    return out;
  }

 private:
  std::map<std::string, size_t> numbers_;
};

// Myers's greedy algorithm: how far the best path with d differences gets on each diagonal.
class Myers {
 public:
  Myers(const std::vector<size_t>& one, const std::vector<size_t>& other, size_t from,
        size_t to_one, size_t to_other)
      : one_(one),
        other_(other),
        from_(from),
        n_(static_cast<long>(to_one - from)),
        m_(static_cast<long>(to_other - from)) {}

  // False where there are too many differences.
  bool Run(std::vector<size_t>& matched) {
    const long most = std::min<long>(n_ + m_, static_cast<long>(kDifferencesAtMost));
    std::vector<long> reach(static_cast<size_t>(2 * most + 3), 0);
    const auto at = [&](long k) -> long& { return reach[static_cast<size_t>(k + most + 1)]; };
    for (long d = 0; d <= most; ++d) {
      steps_.emplace_back();
      for (long k = -d; k <= d; k += 2) {
        long x = k == -d || (k != d && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
        while (x < n_ && x - k < m_ && Equal(x, x - k)) ++x;
        at(k) = x;
        steps_.back().push_back(static_cast<int>(x));
        if (k == n_ - m_ && x >= n_) {
          GoBack(d, matched);
          return true;
        }
      }
    }
    return false;
  }

 private:
  bool Equal(long x, long y) const {
    return one_[from_ + static_cast<size_t>(x)] == other_[from_ + static_cast<size_t>(y)];
  }
  int Reach(long d, long k) const {
    return steps_[static_cast<size_t>(d)][static_cast<size_t>((k + d) / 2)];
  }

  void GoBack(long d, std::vector<size_t>& matched) const {
    long x = n_, y = m_;
    for (; d > 0; --d) {
      const long k = x - y;
      const bool down = k == -d || (k != d && Within(d - 1, k - 1) < Within(d - 1, k + 1));
      const long before = down ? k + 1 : k - 1;
      const long x_before = Reach(d - 1, before), y_before = x_before - before;
      while (x > x_before && y > y_before) {
        matched[from_ + static_cast<size_t>(--x)] = from_ + static_cast<size_t>(--y);
      }
      x = x_before, y = y_before;
    }
    while (x > 0 && y > 0) {
      matched[from_ + static_cast<size_t>(--x)] = from_ + static_cast<size_t>(--y);
    }
  }
  int Within(long d, long k) const { return k < -d || k > d ? -1 : Reach(d, k); }

  const std::vector<size_t>& one_;
  const std::vector<size_t>& other_;
  const size_t from_;
  const long n_, m_;
  std::vector<std::vector<int>> steps_;
};

// The next equal one, not far ahead.
void MatchGreedily(const std::vector<size_t>& one, const std::vector<size_t>& other, size_t from,
                   size_t to_one, size_t to_other, std::vector<size_t>& matched) {
  size_t next = from;
  for (size_t i = from; i < to_one && next < to_other; ++i) {
    const size_t limit = std::min(to_other, next + kLookAhead);
    size_t j = next;
    while (j < limit && other[j] != one[i]) ++j;
    if (j < limit) matched[i] = j, next = j + 1;
  }
}

struct Lane {
  std::vector<size_t> events, contents;
};

std::map<NodeId, Lane> LanesOf(const Timeline& timeline, const std::vector<size_t>& contents,
                               Time until = kForever) {
  std::map<NodeId, Lane> lanes;
  for (size_t i = 0; i < timeline.size() && timeline[i].at <= until; ++i) {
    Lane& lane = lanes[timeline[i].node];
    lane.events.push_back(i + 1);
    lane.contents.push_back(contents[i]);
  }
  return lanes;
}

}  // namespace

std::vector<size_t> Match(const std::vector<size_t>& one, const std::vector<size_t>& other) {
  std::vector<size_t> matched(one.size(), kUnmatched);
  size_t from = 0, to_one = one.size(), to_other = other.size();
  for (; from < to_one && from < to_other && one[from] == other[from]; ++from) matched[from] = from;
  while (to_one > from && to_other > from && one[to_one - 1] == other[to_other - 1]) {
    matched[--to_one] = --to_other;
  }
  if (!Myers(one, other, from, to_one, to_other).Run(matched)) {
    MatchGreedily(one, other, from, to_one, to_other, matched);
  }
  return matched;
}

Alignment Align(const RunResult& one, const RunResult& other) {
  return Align(one.timeline, other.timeline, other.verdict.failed() ? other.verdict.at : kForever);
}

Alignment Align(const Timeline& one, const Timeline& other, Time until) {
  Alignment out;
  out.until = until;
  out.of_one.assign(one.size() + 1, 0);
  out.of_other.assign(other.size() + 1, 0);
  Contents contents;
  const auto lanes = LanesOf(one, contents.Of(one), until);
  auto others = LanesOf(other, contents.Of(other));
  for (const auto& [node, lane] : lanes) {
    const Lane& its = others[node];
    const std::vector<size_t> matched = Match(lane.contents, its.contents);
    for (size_t i = 0; i < matched.size(); ++i) {
      if (matched[i] == kUnmatched) continue;
      const size_t a = lane.events[i], b = its.events[matched[i]];
      out.of_one[a] = b;
      out.of_other[b] = a;
      ++out.same;
      out.moved += one[a - 1].at != other[b - 1].at ? 1 : 0;
    }
  }
  for (size_t i = one.size(); i > 0 && one[i - 1].at > until; --i) ++out.later;
  out.only_one = one.size() - out.later - out.same;
  out.only_other = other.size() - out.same;
  size_t i = 0;
  while (i < one.size() && i < other.size() && Same(one[i], other[i])) ++i;
  if (i < one.size() || i < other.size()) out.first = i + 1;
  return out;
}

}  // namespace reprise
