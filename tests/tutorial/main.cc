// The command of docs/tutorial.md: `reprise`, with a protocol of one's own.

#include "counter.h"
#include "tools/command.h"

int main(int argc, char** argv) {
  reprise::Catalogue catalogue;
  catalogue.Add(CounterFamily());
  return reprise::RepriseCommand(argc, argv, catalogue);
}
