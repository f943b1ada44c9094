// The command `reprise`, with the protocols we ship.

#include "protocols/protocols.h"
#include "tools/command.h"

int main(int argc, char** argv) {
  return reprise::RepriseCommand(argc, argv, reprise::AllProtocols());
}
