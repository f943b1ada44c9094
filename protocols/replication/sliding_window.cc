// A primary that streams its records to a standby, which applies each once, in order, as it was.
//
// After Bartlett, Scantlebury and Wilkinson, "A Note on Reliable Full-Duplex Transmission over
// Half-Duplex Links" (CACM 12(5), 1969), whose numbers alternate between 0 and 1; Cerf and Kahn, "A
// Protocol for Packet Network Intercommunication" (IEEE Trans. Comm. 22(5), 1974), and Stenning, "A
// Data Transfer Protocol" (Computer Networks 1, 1976), who made a window of them; and HDLC (ISO
// 13239), whose REJ frame asks for what is missing, and whose timer asks and does not repeat.
//
//   Send.     At most kWindow frames are under way. They carry numbers modulo kNumbers, and wait
//             until they are acknowledged. An acknowledgement is of all before it.
//   Take.     The standby applies the frame that it waits for, and drops all others: those that it
//             has had are acknowledged again; one that comes early tells that another was lost, and
//             the standby asks for that one (Nak), once. The primary then sends all of the window
//             again.
//   Damage.   Whoever gets a frame that is not as it was sent, says so: the standby by a Nak, and
//             the primary by an Inquire, which a Nak answers. So after the last damaged frame
//             there is always a whole one, and damage needs no timer. (HDLC drops it, and waits.)
//   Silence.  A frame that was lost tells nobody. Where something is unanswered and nothing is
//             heard, the primary asks (Inquire), and waits longer each time. Where nothing is, it
//             asks now and then whether the standby is still there.
//   Break.    All that was under way is lost, and numbers of the old connection mean nothing in the
//             new one. So the primary opens a session (Hello), which the standby answers with how
//             many records it has (Welcome), and numbers begin again from there. A standby that was
//             told of a break has no session any more, and says so to the primary (Reopen), which
//             may not have been told; at once, and whenever it is sent a frame of that session.
//
// The link is a connection, as of TCP: what arrives is in the order in which it was sent, until the
// connection breaks. Only so can numbers be used again so soon. But its bits are not protected, and
// messages get lost on it: think of proxies on the way, which take whole messages, drop some, send
// some twice and damage some. That damage passes the checksums of real networks is known from Stone
// and Partridge, "When the CRC and TCP Checksum Disagree" (SIGCOMM 2000), and from a single bit
// between the servers of Amazon S3 (July 20, 2008).
//
// No crash and no partition is on this scenario's menu, deliberately. They lose messages, and end
// connections: each of the bugs below would show by them as well. Without them each bug of the link
// is found by the one class of faults that it takes to be harmless (docs/needs.md).

#include "protocols/replication/sliding_window.h"

#include <algorithm>

#include "models/spec/converges.h"
#include "models/spec/exactly_once.h"
#include "sim/connection.h"

namespace reprise::window {
namespace {

const Label kPace("pace");

uint64_t BurstOf(uint64_t burst) { return 1 + burst * 5 % 9; }

class Sender {
 public:
  Sender(Env& env, uint64_t bursts, const Decisions& decide)
      : env_(env), decide_(decide), standby_(env.nodes("standby")[0]), bursts_(bursts) {}

  void Run() {
    const Time begin = env_.Now();
    Time burst_at = begin;
    Open();
    for (;;) {
      const auto mail = env_.ReceiveUntil(std::min(burst_at, AsksAt()));
      if (mail) Obey(*mail);
      if (burst_ < bursts_ && env_.Now() >= burst_at) {
        records_ += BurstOf(burst_++);
        burst_at = burst_ == bursts_ ? kForever : BurstAt(begin);
      }
      Fill();
      if (env_.Now() >= AsksAt()) Ask();
    }
  }

 private:
  // The last one comes when the storm is over.
  Time BurstAt(Time begin) {
    const Time least = begin + static_cast<int64_t>(burst_) * kPeriod;
    return least + Share(kPeriod, env_.Random(kPace, kQuantiles));
  }

  void Obey(const Envelope& mail) {
    if (mail.As<Disconnected>()) return Open();
    Hear();
    if (!IsWhole<Welcome, Ack, Nak, Reopen>(mail, decide_)) {
      env_.Report(FoundDamaged{});
      return AskNow();
    }
    mail.Match([&](const Welcome& m) { OnWelcome(m); },
               [&](const Ack& m) {
                 if (IsOpenFor(m.session)) Advance(m.next);
               },
               [&](const Nak& m) { OnNak(m); }, [&](const Reopen& m) { OnReopen(m); });
  }

  // Sessions.

  void Open() {
    open_ = false;
    ++session_;
    Hear();
    Send(Hello{session_, 0});
  }

  void OnWelcome(const Welcome& m) {
    if (open_ || m.session != session_) return;
    open_ = true;
    first_ = decide_.GoesOnAfter(acknowledged_, std::min(m.records, records_), sent_);
    sent_ = first_;
    env_.Report(Opened{session_, first_});
    Acknowledge(first_);
  }

  void OnReopen(const Reopen& m) {
    if (m.session == session_) return Open();
    if (!open_) Send(Hello{session_, 0});  // It does not know of this one yet.
  }

  bool IsOpenFor(uint64_t session) const { return open_ && decide_.Concerns(session, session_); }

  // The window.

  uint8_t NumberOf(uint64_t record) const { return After(0, record - first_); }

  void Fill() {
    if (!open_) return;
    const uint64_t most = std::min(records_, acknowledged_ + decide_.WindowOf());
    if (sent_ == acknowledged_ && sent_ < most) Hear();  // From now on something is unanswered.
    for (; sent_ < most; ++sent_) SendRecord(sent_);
  }

  void SendRecord(uint64_t record) {
    const bool again = record < most_sent_;
    most_sent_ = std::max(most_sent_, record + 1);
    Send(Data{session_, NumberOf(record), again, RecordOf(record), 0});
  }

  void Advance(uint8_t next) {
    const uint8_t by = Distance(NumberOf(acknowledged_), next);
    if (by == 0 || by > sent_ - acknowledged_) return;  // An older one.
    Acknowledge(acknowledged_ + by);
  }

  void Acknowledge(uint64_t records) {
    acknowledged_ = records;
    if (records == RecordsOf(bursts_)) env_.Report(models::Progress{});
  }

  void OnNak(const Nak& m) {
    if (!open_) return Send(Hello{session_, 0});  // It does not, or we do not know that it does.
    if (!IsOpenFor(m.session)) return;
    Advance(m.next);
    if (sent_ == acknowledged_) return;
    env_.Report(SentAgain{sent_ - acknowledged_});
    for (uint64_t record = acknowledged_; record < sent_; ++record) SendRecord(record);
  }

  // Silence.

  bool IsUnanswered() const { return !open_ || acknowledged_ < sent_; }
  Time AsksAt() const {
    const Duration patience = decide_.Patience(IsUnanswered(), tries_);
    return patience > kForever - heard_ ? kForever : heard_ + patience;
  }
  void Hear() {
    heard_ = env_.Now();
    tries_ = 0;
  }
  void Ask() {
    heard_ = env_.Now();
    ++tries_;
    AskNow();
  }
  void AskNow() { open_ ? Send(Inquire{session_, 0}) : Send(Hello{session_, 0}); }

  template <class F>
  void Send(F frame) {
    env_.Send(standby_, Sealed(std::move(frame), decide_));
  }

  Env& env_;
  const Decisions decide_;
  const NodeId standby_;
  const uint64_t bursts_;
  uint64_t burst_ = 0;    // The next one,
  uint64_t records_ = 0;  // and how many there are of those before it.

  uint64_t session_ = 0;
  bool open_ = false;          // Whether the session was welcomed.
  uint64_t first_ = 0;         // How many records there were before it,
  uint64_t acknowledged_ = 0;  // how many are acknowledged,
  uint64_t sent_ = 0;          // how many sent in it or before it,
  uint64_t most_sent_ = 0;     // and in any.

  Time heard_{};        // When something was heard, asked, or first to be answered,
  uint64_t tries_ = 0;  // and how many questions were in vain since.
};

class Receiver {
 public:
  Receiver(Env& env, const Decisions& decide)
      : env_(env), decide_(decide), primary_(env.nodes("primary")[0]) {}

  void Run() {
    for (;;) Obey(env_.Receive());
  }

 private:
  void Obey(const Envelope& mail) {
    if (mail.As<Disconnected>()) return OnBreak();
    if (!IsWhole<Hello, Data, Inquire>(mail, decide_)) {
      env_.Report(FoundDamaged{});
      return Tell();
    }
    mail.Match([&](const Hello& m) { OnHello(m); },
               [&](const Data& m) { open_ ? OnData(m) : Tell(); }, [&](const Inquire&) { Tell(); });
  }

  void OnBreak() {
    open_ = false;
    Tell();
  }

  void OnHello(const Hello& m) {
    if (m.session > session_) {
      session_ = m.session;
      open_ = true;
      next_ = 0;
      asked_ = false;
    }
    open_ ? Send(Welcome{session_, applied_, 0}) : Tell();
  }

  void OnData(const Data& m) {
    if (m.session != session_) return;
    switch (decide_.PlaceOf(next_, m.number, m.again)) {
      case Place::kNext:
        Apply(m.payload);
        next_ = After(m.number);
        asked_ = false;
        [[fallthrough]];
      case Place::kOld: return Send(Ack{session_, next_, 0});
      case Place::kEarly:
        if (!std::exchange(asked_, true)) Tell();
    }
  }

  void Apply(const std::string& payload) {
    ++applied_;
    const auto sequence = Decode<uint64_t>(std::string_view(payload).substr(0, 8));
    env_.Report(models::Visible{0, sequence.value_or(UINT64_MAX), Crc32c(payload)});
  }

  // How far it is; or that it has no session.
  void Tell() {
    if (open_) {
      Send(Nak{session_, next_, 0});
    } else if (session_ == 0 || decide_.TellsOfBreak()) {
      Send(Reopen{session_, 0});
    }
  }

  template <class F>
  void Send(F frame) {
    env_.Send(primary_, Sealed(std::move(frame), decide_));
  }

  Env& env_;
  const Decisions decide_;
  const NodeId primary_;
  uint64_t session_ = 0;  // The newest that it was asked to open,
  bool open_ = false;     // and whether its connection still is.
  uint8_t next_ = 0;      // The number that it waits for,
  bool asked_ = false;    // and whether it has asked for it.
  uint64_t applied_ = 0;
};

}  // namespace

uint64_t RecordsOf(uint64_t bursts) {
  uint64_t records = 0;
  for (uint64_t burst = 0; burst < bursts; ++burst) records += BurstOf(burst);
  return records;
}

std::string RecordOf(uint64_t sequence) {
  const size_t bytes = 4 + sequence * 37 % 100;
  return Encode(sequence) + std::string(bytes, static_cast<char>('a' + sequence % 26));
}

NodeMain Primary(uint64_t bursts, Decisions decide) {
  return [=](Env& env) { Sender(env, bursts, decide).Run(); };
}

NodeMain Standby(Decisions decide) {
  return [=](Env& env) { Receiver(env, decide).Run(); };
}

}  // namespace reprise::window
