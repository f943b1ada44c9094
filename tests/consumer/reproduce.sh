#!/bin/sh
# Runs the test that must fail, then each command that it prints, as a user would: by copying it.
#
#   sh reproduce.sh COMMAND      in the build directory; COMMAND is the project's own `reprise`
set -eu

complain() { printf 'reproduce.sh: %s\n' "$*" >&2; exit 1; }

# must_fail SHELL-COMMAND WORDS: it fails, and says the words.
must_fail() {
  printf '+ %s\n' "$1"
  if said=$(eval "$1" 2>&1); then complain "this should have failed: $1"; fi
  printf '%s\n' "$said"
  case "$said" in
    *"$2"*) ;;
    *) complain "this should have said \"$2\": $1" ;;
  esac
}

must_fail "ctest -R '^LockServerWithABug.IsFenced$' --output-on-failure" 'FAIL  fenced: '
first=$said

commands=$(printf '%s\n' "$first" | sed -n 's/.*\(REPRISE_[A-Z]*=.*\)/\1/p')
[ -n "$commands" ] || complain "no command was printed"
complaint=$(printf '%s\n' "$first" | sed -n 's/.*\(FAIL  fenced: .*\)/\1/p')
printf '%s\n' "$commands" | while IFS= read -r command; do
  case "$command" in
    REPRISE_TRACE=*) must_fail "$command" 'the same run as recorded, bit for bit' ;;
  esac
  must_fail "$command" "$complaint"
done

# The same file is a trace for the command.
trace=$(printf '%s\n' "$commands" | sed -n "s/.*REPRISE_TRACE='\([^']*\)'.*/\1/p" | head -n 1)
"$1" replay "$trace" --expect fenced
