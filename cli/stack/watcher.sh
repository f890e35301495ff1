#!/bin/sh
# Ends the parts of the stack when their supervisor is gone, even by kill -9: its death closes this script's input.
# It is told "+pid" when a part starts and "-pid" when one has ended. It is in a session of its own and ignores Ctrl-C.
trap '' INT TERM HUP
grace_seconds=3
pids=' '
while read -r line; do
  case $line in
    +*) pids="$pids${line#+} " ;;
    -*)
      kept=' '
      for pid in $pids; do [ "$pid" = "${line#-}" ] || kept="$kept$pid "; done
      pids=$kept
      ;;
  esac
done
any_alive() {
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && return 0; done
  return 1
}
for pid in $pids; do kill -TERM "$pid" 2>/dev/null; done
waited=0
while [ "$waited" -lt $((grace_seconds * 5)) ] && any_alive; do
  sleep 0.2
  waited=$((waited + 1))
done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
exit 0
