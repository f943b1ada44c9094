// The sliding window as a scenario: all that can happen to a link, and its mutants.

#include "models/spec/converges.h"
#include "models/spec/exactly_once.h"
#include "models/world/links.h"
#include "protocols/protocols.h"
#include "protocols/replication/sliding_window.h"

namespace reprise {
namespace {

using window::Decisions;
using window::Place;

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> kMutants = {
      {{"no-timer", "SW-M1", "D1", "converges",
        "frames are sent again where the standby asks for it, and for no other reason",
        "LAPB (ITU-T X.25): its timer T1 is for what no REJ tells of"},
       [](Decisions& d) {
         d.Patience = [](bool unanswered, uint64_t tries) {
           return unanswered ? Duration::max() : Decisions().Patience(false, tries);
         };
       }},
      {{"trusts-the-mark", "SW-M2", "D1", "exactly-once",
        "a frame that is not marked as sent again is taken for a new one",
        "MQTT 3.1.1, section 3.3.1.1, which warns of it"},
       [](Decisions& d) {
         d.PlaceOf = [](uint8_t awaited, uint8_t number, bool again) {
           const Place place = Decisions().PlaceOf(awaited, number, again);
           return place == Place::kOld && !again ? Place::kNext : place;
         };
       }},
      {{"payload-not-summed", "SW-M3", "D1", "exactly-once",
        "the checksum of a frame is over its header",
        "Amazon S3 availability event, July 20, 2008; Stone and Partridge, SIGCOMM 2000"},
       [](Decisions& d) {
         d.SumOf = [](std::string_view header, std::string_view) { return Crc32c(header); };
       }},
      {{"goes-on-after-sent", "SW-M4", "D1", "exactly-once",
        "a new session goes on after what was sent, though the break has lost some of it",
        "Cerf and Kahn 1974: what was sent is kept until it is acknowledged"},
       [](Decisions& d) {
         d.GoesOnAfter = [](uint64_t, uint64_t, uint64_t sent) { return sent; };
       }},
      {{"goes-on-after-acknowledged", "SW-X1", "D1", "exactly-once",
        "it goes on after what was acknowledged, though more of it may have arrived"},
       [](Decisions& d) {
         d.GoesOnAfter = [](uint64_t acknowledged, uint64_t, uint64_t) { return acknowledged; };
       }},
      {{.name = "counts-old-answers",
        .id = "SW-D1",
        .difficulty = "decoy",
        .oracle = "",
        .about =
            "answers from older sessions count: but they all come before the new one's welcome",
        .decoy = true},
       [](Decisions& d) { d.Concerns = [](uint64_t, uint64_t) { return true; }; }},
      {{"window-of-all-numbers", "SW-X2", "D1", "exactly-once",
        "as many frames are under way as there are numbers: all looks like none",
        "Stenning, Computer Networks 1976: the window must be smaller"},
       [](Decisions& d) { d.WindowOf = []() -> uint64_t { return window::kNumbers; }; }},
      {{"break-not-told", "SW-X3", "D1", "converges",
        "a standby that was told of a break leaves it to the primary to find out"},
       [](Decisions& d) { d.TellsOfBreak = [] { return false; }; }},
  };
  return kMutants;
}

// A heavy tail of a quarter of a second.
Duration SomewhatLate(uint64_t quantile) { return models::HeavyTail(quantile) / 8; }

Scenario Make(const Options& options, const std::string& mutant) {
  const auto bursts = static_cast<uint64_t>(options["bursts"]);
  const Decisions decide = DecisionsOf(Mutants(), mutant);
  Scenario s;
  s.roles = {{.name = "primary", .count = 1, .main = window::Primary(bursts, decide)},
             {.name = "standby", .count = 1, .main = window::Standby(decide)}};
  s.links = {.delay = 1ms,
             .late = OneIn(16),
             .late_by = SomewhatLate,
             .drop = OneIn(100),
             .duplicate = OneIn(50),
             .corrupt = OneIn(200),
             .truncate = OneIn(400),
             .checksum = false,
             .burst = OneIn(40),
             .burst_most = 300ms,
             .blackhole = OneIn(20),
             .bandwidth = OneIn(20),
             .queue = OneIn(20),
             .weather_slot = 250ms,
             .weather_most = 500ms,
             .connected = true,
             .reset = OneIn(20),
             .half_open = OneIn(20)};
  s.clogs = {.clog = OneIn(20), .slot = 250ms, .shortest = 20ms, .longest = 300ms};
  s.processes = {.slow = OneIn(20), .slot = 500ms, .slow_most = 1s, .slow_by = 5ms};
  // The last burst comes in the calm.
  s.storm = window::kPeriod * static_cast<int64_t>(bursts - 1);
  s.calm = 3s;
  const uint64_t records = window::RecordsOf(bursts);
  const auto reference = [records](uint64_t, uint64_t sequence) -> std::optional<uint64_t> {
    if (sequence >= records) return std::nullopt;
    return Crc32c(window::RecordOf(sequence));
  };
  s.oracles = JudgedBy(
      models::Converges<models::Progress>(2500ms, "seen all records acknowledged", {NodeId{1}}),
      models::ExactlyOnce(1, 0, reference));
  return s;
}

}  // namespace

Family SlidingWindow() {
  return {.name = "sliding-window",
          .about = "a primary that streams records to a standby over a link that does its worst",
          .source =
              "Bartlett, Scantlebury and Wilkinson, CACM 1969; Cerf and Kahn, 1974; Stenning, 1976",
          .options = {{"bursts", "how often the primary has records", 2, 1000, 30}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
