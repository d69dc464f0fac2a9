#!/bin/bash
# Makes new certificates of the same authority, and restarts what has one, a service after the other, each until it is
# healthy: make compose-certificates
set -euo pipefail
cd "$(dirname "$0")/.."

compose() { docker compose --profile cluster --profile web "$@"; }

compose run --rm --no-deps -T credentials bash /compose/credentials.sh renew
running=" $(compose ps --services --status running | tr '\n' ' ')"
for service in elasticsearch elasticsearch-2 elasticsearch-3 kibana proxy; do
  if [[ $running == *" $service "* ]]; then
    compose restart --no-deps "$service"
    compose up -d --no-recreate --no-deps --wait "$service"
  fi
done
