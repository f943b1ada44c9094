// The command `reprise`, with the protocols we ship and the tables that they give.

#include "protocols/protocols.h"
#include "tools/command.h"
#include "tools/tables/all.h"

int main(int argc, char** argv) {
  return reprise::RepriseCommand(argc, argv, reprise::AllProtocols(), reprise::AllTables());
}
