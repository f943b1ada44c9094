// reprise list: what can be run.

#include <algorithm>
#include <cstdio>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"

namespace reprise {
namespace {

Json FamilyJson(const Family& family) {
  Json out;
  out["schema"] = "reprise.list/1";
  out["name"] = family.name;
  out["about"] = family.about;
  out["source"] = family.source;
  out["options"] = Json::array();
  for (const OptionInfo& o : family.options) {
    out["options"].push_back({{"name", o.name},
                              {"about", o.about},
                              {"least", o.least},
                              {"most", o.most},
                              {"default", o.otherwise}});
  }
  out["mutants"] = Json::array();
  for (const MutantInfo& m : family.mutants) {
    out["mutants"].push_back({{"name", m.name},
                              {"id", m.id},
                              {"class", m.difficulty},
                              {"oracle", m.oracle},
                              {"about", m.about},
                              {"origin", m.origin},
                              {"decoy", m.decoy}});
  }
  return out;
}

Json FaultJson(Fault fault) {
  const FaultInfo& info = Info(fault);
  return {{"schema", "reprise.list/1"},
          {"name", std::string(info.name)},
          {"area", std::string(info.area)},
          {"about", std::string(info.about)}};
}

void PrintFaults() {
  std::printf("%s\n", Styled(Style::kBold, "FAULT       STRIKES  WHAT IT IS").c_str());
  for (size_t i = 0; i < kFaults; ++i) {
    const FaultInfo& info = Info(static_cast<Fault>(i));
    std::printf("%s%s%s\n", Padded(std::string(info.name), 12).c_str(),
                Padded(std::string(info.area), 9).c_str(), std::string(info.about).c_str());
  }
}

void PrintFamily(const Family& family) {
  std::printf("%s   %s\n    %s\n", Styled(Style::kBold, family.name).c_str(), family.about.c_str(),
              Styled(Style::kDim, family.source).c_str());
  for (const OptionInfo& o : family.options) {
    std::printf("    --option %s=%lld..%lld (%lld)   %s\n", o.name.c_str(),
                static_cast<long long>(o.least), static_cast<long long>(o.most),
                static_cast<long long>(o.otherwise), o.about.c_str());
  }
  size_t width = 0;
  for (const MutantInfo& m : family.mutants) width = std::max(width, m.name.size());
  for (const MutantInfo& m : family.mutants) {
    std::printf("    :%s  %s %s  %s  %s\n", Padded(m.name, width).c_str(), Padded(m.id, 7).c_str(),
                m.decoy ? "decoy" : m.difficulty.c_str(), Padded(m.oracle, 15).c_str(),
                m.about.c_str());
  }
}

}  // namespace

int ListCommand(const Catalogue& catalogue, const ListArgs& args) {
  if (args.faults) {
    Json out = Json::array();
    for (size_t i = 0; i < kFaults; ++i) out.push_back(FaultJson(static_cast<Fault>(i)));
    args.json ? void(std::printf("%s\n", Dump(out, 2).c_str())) : PrintFaults();
    return kOk;
  }
  std::vector<const Family*> families;
  for (const Family& f : catalogue.families()) {
    if (args.family.empty() || f.name == args.family) families.push_back(&f);
  }
  if (families.empty()) {
    const auto made = catalogue.Make(args.family);
    return Complain("list", made.ok() ? absl::NotFoundError("give a family, not a mutant of it")
                                      : made.status());
  }
  if (args.json) {
    Json out = Json::array();
    for (const Family* f : families) out.push_back(FamilyJson(*f));
    std::printf("%s\n", Dump(out, 2).c_str());
    return kOk;
  }
  for (const Family* f : families) {
    PrintFamily(*f);
    std::printf("\n");
  }
  if (args.family.empty()) {
    for (const auto& [name, why] : catalogue.left_out()) {
      std::printf("%s is left out of this program: %s\n", name.c_str(), why.c_str());
    }
  }
  std::printf("%s\n", Styled(Style::kDim,
                             "reprise fuzz SCENARIO or SCENARIO:MUTANT; faults: "
                             "reprise list --faults")
                          .c_str());
  return kOk;
}

}  // namespace reprise
