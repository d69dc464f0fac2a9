#!/bin/sh
# Is a Chromium there? Debian's is installed where that may be done; else one sentence says what to install.
set -eu

there() {
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null; then return 0; fi
    done
    return 1
}

install() {
    echo "Installing Chromium ..." >&2
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends chromium >&2
}

if there; then exit 0; fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    install || { apt-get update --quiet --quiet >&2 && install; } || true
fi
if there; then exit 0; fi
echo "No Chromium is on the PATH; install it: apt-get install chromium (as root), or your system's chromium." >&2
exit 1
