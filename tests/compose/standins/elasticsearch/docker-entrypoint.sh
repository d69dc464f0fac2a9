#!/bin/bash
# What docker-compose.yml relies on of the official entry point: a password from a private file becomes the bootstrap
# password, and any other command is run as it is.
set -e
umask 0002

if [ "$1" != eswrapper ]; then exec "$@"; fi
if [ -n "$ELASTIC_PASSWORD_FILE" ]; then
  mode=$(stat -L -c %a "$ELASTIC_PASSWORD_FILE")
  if [ "$mode" != 400 ] && [ "$mode" != 600 ]; then
    echo "ELASTIC_PASSWORD_FILE must have mode 400 or 600, and has $mode." >&2
    exit 1
  fi
  [ -f config/elasticsearch.keystore ] || elasticsearch-keystore create
  elasticsearch-keystore add -x -f bootstrap.password < "$ELASTIC_PASSWORD_FILE"
  unset ELASTIC_PASSWORD_FILE
fi
# Where no process may raise its limits: see limits.c.
if [ -s /usr/lib/limits.so ]; then export LD_PRELOAD=/usr/lib/limits.so; fi
exec elasticsearch
