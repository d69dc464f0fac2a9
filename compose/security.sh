#!/bin/bash
# Gives Kibana's own user its password, and makes the roles and users of linernotes. May be run again at any time.
# No password stands on a command line: credentials are read from a file of our own, bodies from standard input.
set -euo pipefail
umask 077

url=https://elasticsearch:9200
netrc=$(mktemp)
trap 'rm -f "$netrc"' EXIT
printf 'machine elasticsearch login elastic password %s\n' "$(< /secrets/elastic_password)" > "$netrc"

request() { # METHOD PATH, the body on standard input
  curl --silent --show-error --fail-with-body --cacert /credentials/ca.crt --netrc-file "$netrc" \
    --retry 20 --retry-delay 3 --retry-all-errors --header 'Content-Type: application/json' \
    --request "$1" --data-binary @- --output /dev/null "$url$2"
}

user() { # NAME SECRET ROLES, the roles as JSON
  printf '{"password": "%s", "roles": %s}' "$(< "/secrets/$2")" "$3" | request PUT "/_security/user/$1"
}

printf '{"password": "%s"}' "$(< /secrets/kibana_password)" | request POST /_security/user/kibana_system/_password

for file in /compose/roles/*.json; do
  name=$(basename "$file" .json)
  request PUT "/_security/role/linernotes-$name" < "$file"
done
# Keys of one's own alone, which can do no more than their maker: `manage_api_key` would be about everybody's.
printf '{"cluster": ["manage_own_api_key"]}' | request PUT /_security/role/linernotes-keys

user linernotes linernotes_password '["linernotes-operator", "kibana_admin"]'
user linernotes-admin admin_password '["linernotes-operator", "linernotes-keys"]'
user linernotes-web web_password '["linernotes-reader"]'

echo "Roles and users are there."
