#!/bin/bash
# Makes an authority of this installation's own and a certificate for each service, once. Runs without a network.
set -euo pipefail
umask 027

names="elasticsearch elasticsearch-2 elasticsearch-3 kibana"

if [ ! -f /certs/ca.crt ]; then
  work=$(mktemp -d)
  {
    echo "instances:"
    for name in $names; do
      printf '  - {name: %s, dns: [%s, localhost], ip: ["127.0.0.1"]}\n' "$name" "$name"
    done
  } > "$work/instances.yml"
  bin/elasticsearch-certutil ca --silent --pem --days 3650 --out "$work/ca.zip"
  unzip -q "$work/ca.zip" -d "$work"
  bin/elasticsearch-certutil cert --silent --pem --days 1095 --in "$work/instances.yml" --out "$work/certs.zip" \
    --ca-cert "$work/ca/ca.crt" --ca-key "$work/ca/ca.key"
  unzip -q "$work/certs.zip" -d /certs
  # The authority's key stays here, for root alone: whoever has it can pose as any of the services.
  install -m 600 "$work/ca/ca.key" /certs/ca.key
  install -m 640 "$work/ca/ca.crt" /certs/ca.crt
  rm -rf "$work"
fi

# Elasticsearch and Kibana run as user 1000 of the group 0.
chown -R root:root /certs
find /certs -type d -exec chmod 750 {} +
find /certs -name '*.key' ! -path /certs/ca.key -exec chmod 640 {} +
chmod 600 /certs/ca.key
chmod 755 /authority
install -m 644 /certs/ca.crt /authority/ca.crt
echo "Certificates are there."
