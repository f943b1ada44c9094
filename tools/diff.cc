// reprise diff: two runs side by side, or a run that fails beside the nearest one that passes.

#include <cstdio>
#include <utility>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/diff_text.h"
#include "tools/draw_diff.h"
#include "tools/render.h"
#include "tools/reporter.h"

namespace reprise {
namespace {

absl::StatusOr<Remade> OtherSide(const Catalogue& catalogue, const Remade& failing,
                                 const DiffArgs& args) {
  if (!failing.run.verdict.failed()) {
    return absl::InvalidArgumentError(args.one +
                                      ": does not fail, so which run passes nearby is "
                                      "no question; name a second trace");
  }
  const Explanation explanation =
      Explain(failing.scenario, failing.run,
              {.runs_at_most = args.runs, .jobs = args.jobs, .values = true, .curve = false});
  return NearestPassing(catalogue, failing, explanation);
}

absl::Status Write(const DiffArgs& args, const Remade& one, const Remade& other,
                   const Alignment& alignment) {
  const auto format = FormatOf(args.out);
  if (!format.ok()) return format.status();
  if (*format == Format::kText) {
    return SaveFile(args.out, DiffText(one, other, alignment, args.events));
  }
  return Render(DrawDiff(one, other, alignment, args.messages), args.out);
}

}  // namespace

int DiffCommand(const Catalogue& catalogue, const DiffArgs& args) {
  const bool draw = !args.out.empty() && args.out != "-";
  if (draw) {
    if (const auto format = FormatOf(args.out); !format.ok()) {
      return Complain("diff", format.status());
    }
  }
  auto one = Remake(catalogue, args.one, args.lenient);
  if (!one.ok()) return Complain("diff", one.status());
  auto other = args.other.empty() ? OtherSide(catalogue, *one, args)
                                  : Remake(catalogue, args.other, args.lenient);
  if (!other.ok()) return Complain("diff", other.status());
  // What passes comes first, as nobody asks why it passed.
  if (args.other.empty()) std::swap(*one, *other);
  const Alignment alignment = Align(one->run, other->run);
  if (args.json) {
    PrintJson(DiffJson(*one, *other, alignment, args.events));
  } else if (!draw) {
    std::printf("%s", DiffText(*one, *other, alignment, args.events).c_str());
  }
  if (draw) {
    const absl::Status written = Write(args, *one, *other, alignment);
    if (!written.ok()) return Complain("diff", written);
    std::fprintf(stderr, "wrote %s\n", args.out.c_str());
  }
  return alignment.first == 0 ? kOk : kDiverged;
}

}  // namespace reprise
