#include "tools/departures.h"

#include <algorithm>
#include <optional>

namespace reprise {
namespace {

using Kind = Event::Kind;

class Finder {
 public:
  Finder(const Scenario& scenario, const RunResult& result)
      : scenario_(scenario), timeline_(result.timeline) {
    for (size_t i = 0; i < timeline_.size(); ++i) {
      Event event = timeline_[i];
      const Kind kind = event.kind;
      if (kind == Kind::kCrash || kind == Kind::kCut || kind == Kind::kRot ||
          kind == Kind::kClock || kind == Kind::kStrike) {
        event.message = {};
        faults_.push_back(event);
      }
    }
  }

  Place Find(const Taken& taken) const {
    const Address& address = taken.departure.address;
    const Site& site = address.site;
    Place place{std::min<size_t>(taken.event, timeline_.size()), site.node, site.peer};
    const std::string& label = site.label.name();
    const size_t spell = site.node == kNobody ? Spell(label, address.ordinal) : 0;
    if (spell != 0) {
      place.event = spell;
    } else if (label == "crash-at") {
      place.event = First([&](const Event& e) {
        return e.kind == Kind::kCrash && e.node == site.node && e.index >= taken.event;
      });
    } else if (taken.event == 0) {
      place.event = Planned(taken.departure, label);
    }
    return place;
  }

 private:
  // Where the spell began that "clog #3" or "clog-node #3" is of. Its text begins with the fault's
  // name, but for a cut, which needs none.
  size_t Spell(const std::string& label, uint64_t ordinal) const {
    return First([&](const Event& e) {
      if ((e.kind != Kind::kCut && e.kind != Kind::kStrike) || e.id != ordinal) return false;
      const std::string_view text = timeline_[e.index - 1].message.bytes();
      std::string name(text.substr(0, text.find(' ')));
      const bool shaped = name == "groups" || name == "bridge" || name == "ring" || name == "flap";
      if (e.kind == Kind::kCut && !shaped) name = "cut";
      return label == name || label.starts_with(name + "-");
    });
  }

  // The event of a fault that was drawn before the run, for a slot of time.
  size_t Planned(const Departure& departure, const std::string& label) const {
    const Site& site = departure.address.site;
    if (label == "offset" || label == "drift") {
      return First([&](const Event& e) { return e.kind == Kind::kClock && e.node == site.node; });
    }
    if (label == "full") {
      return First([&](const Event& e) {
        return e.kind == Kind::kStrike && e.node == site.node && e.id == departure.address.ordinal;
      });
    }
    const bool crash = label == "crash";
    if (!crash && label != "rot") return 0;
    const Duration slot = crash ? scenario_.crashes.slot : scenario_.disks.rot_slot;
    const Duration at = slot * static_cast<int64_t>(departure.address.ordinal - 1) +
                        Share(slot, departure.value % kQuantiles);
    return First([&](const Event& e) {
      return e.kind == (crash ? Kind::kCrash : Kind::kRot) && e.node == site.node &&
             e.at == Time(at);
    });
  }

  template <class Test>
  size_t First(Test test) const {
    const auto at = std::ranges::find_if(faults_, test);
    return at == faults_.end() ? 0 : at->index;
  }

  const Scenario& scenario_;
  const Timeline& timeline_;
  std::vector<Event> faults_;
};

}  // namespace

std::vector<Place> PlacesOf(const Scenario& scenario, const RunResult& result) {
  const Finder finder(scenario, result);
  std::vector<Place> places;
  for (const Taken& taken : result.taken) places.push_back(finder.Find(taken));
  return places;
}

}  // namespace reprise
