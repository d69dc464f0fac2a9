#!/bin/bash
# Gives each service a volume with its own certificate and passwords, and nobody else's. Runs as root, without a network.
#
#   credentials.sh          what is missing is made; passwords are copied from secrets/ again
#   credentials.sh renew    all certificates are made anew, of the same authority
set -euo pipefail
umask 077

nodes="elasticsearch elasticsearch-2 elasticsearch-3"
certified="$nodes kibana proxy"
host=${LINERNOTES_HOST:-localhost}
elastic=1000:0 # also Kibana's user
web=10001:10001
proxy=101:101
person=${LINERNOTES_USER:?}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

owner() { # SERVICE
  case $1 in
    elasticsearch* | kibana) echo $elastic ;;
    proxy) echo $proxy ;;
    web) echo $web ;;
    *) echo "$person" ;;
  esac
}

put() { # SERVICE FILE, its content on standard input: whole or not at all, for its owner alone
  local folder=/credentials/$1
  cat > "$folder/.$2.new"
  chown "$(owner "$1")" "$folder/.$2.new"
  chmod 400 "$folder/.$2.new"
  mv -f "$folder/.$2.new" "$folder/$2"
}

secret() { # NAME
  local value
  if ! value=$(cat "/secrets/$1" 2> /dev/null); then
    echo "There is no secrets/$1. Run make compose-env: it writes what is missing." >&2
    exit 1
  fi
  if [[ ! $value =~ ^[A-Za-z0-9_-]{16,}$ ]]; then
    echo "secrets/$1 must be one line of 16 or more letters, digits, - and _." >&2
    exit 1
  fi
  printf '%s' "$value"
}

if [ ! -f /authority/ca.key ]; then
  bin/elasticsearch-certutil ca --silent --pem --days 3650 --out "$work/ca.zip"
  unzip -q "$work/ca.zip" -d "$work"
  cp "$work/ca/ca.crt" /authority/ca.crt
  cp "$work/ca/ca.key" /authority/ca.key # last: without it all is made again
fi

missing=""
for name in $certified; do
  if [ "${1:-}" = renew ] || [ ! -f "/credentials/$name/tls.crt" ]; then missing="$missing $name"; fi
done
if [ -n "$missing" ]; then
  {
    echo "instances:"
    for name in $missing; do
      dns="$name, localhost" ip='"127.0.0.1"'
      if [ "$name" = proxy ] && [[ $host =~ ^[0-9.]+$|: ]]; then
        ip="$ip, \"$host\""
      elif [ "$name" = proxy ] && [ "$host" != localhost ]; then
        dns="$dns, \"$host\""
      fi
      printf '  - {name: %s, dns: [%s], ip: [%s]}\n' "$name" "$dns" "$ip"
    done
  } > "$work/instances.yml"
  bin/elasticsearch-certutil cert --silent --pem --days 1095 --in "$work/instances.yml" --out "$work/certs.zip" \
    --ca-cert /authority/ca.crt --ca-key /authority/ca.key
  unzip -q "$work/certs.zip" -d "$work/certs"
  for name in $missing; do
    put "$name" tls.key < "$work/certs/$name/$name.key"
    put "$name" tls.crt < "$work/certs/$name/$name.crt"
  done
fi
# A certificate of your own for the web site.
if [ -f /secrets/proxy.crt ] && [ -f /secrets/proxy.key ]; then
  put proxy tls.key < /secrets/proxy.key
  put proxy tls.crt < /secrets/proxy.crt
fi
put proxy nginx.conf < /compose/nginx.conf

password=$(secret elastic_password)
for name in $nodes; do printf '%s' "$password" | put "$name" elastic_password; done
for name in linernotes admin web; do
  password=$(secret "${name}_password")
  printf '%s' "$password" | put "$name" password
done
password=$(secret kibana_password)
key=$(secret kibana_key)
put kibana kibana.yml << END
elasticsearch.hosts: ["${ELASTICSEARCH_URLS//,/\", \"}"]
elasticsearch.username: kibana_system
elasticsearch.password: "$password"
xpack.security.encryptionKey: "$key"
xpack.encryptedSavedObjects.encryptionKey: "$key"
xpack.reporting.encryptionKey: "$key"
END

for folder in /credentials/*; do
  name=$(basename "$folder")
  put "$name" ca.crt < /authority/ca.crt
  chown "$(owner "$name")" "$folder"
  chmod 500 "$folder"
done
echo "Certificates and passwords are there."
