#!/bin/bash
# Gives Kibana's own user its password, and makes the roles and the user of linernotes. May be run again at any time.
# No password stands on a command line: credentials are read from a file of our own, bodies from standard input.
set -euo pipefail
umask 077

url=https://elasticsearch:9200
netrc=$(mktemp)
trap 'rm -f "$netrc"' EXIT
printf 'machine elasticsearch login elastic password %s\n' "$ELASTIC_PASSWORD" > "$netrc"

ask() { # METHOD PATH, the body on standard input
  curl --silent --show-error --fail-with-body --cacert /authority/ca.crt --netrc-file "$netrc" \
    --retry 20 --retry-delay 3 --retry-all-errors --header 'Content-Type: application/json' \
    --request "$1" --data-binary @- --output /dev/null "$url$2"
}

printf '{"password": "%s"}' "$KIBANA_PASSWORD" | ask POST /_security/user/kibana_system/_password

for file in /compose/roles/*.json; do
  name=$(basename "$file" .json)
  ask PUT "/_security/role/linernotes-$name" < "$file"
done

printf '{"password": "%s", "roles": ["linernotes-operator", "kibana_admin"], "full_name": "linernotes"}' \
  "$LINERNOTES_PASSWORD" | ask PUT /_security/user/linernotes

echo "Roles and users are there."
