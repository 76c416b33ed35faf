# Sourced by ./run, test/run and test/fuzz/run: what they need of a bare Debian or Ubuntu machine. Nothing is installed when nothing is missing.

# need PROBE PACKAGE: PACKAGE is installed by install_missing unless the command PROBE succeeds.
missing=()
need() {
    sh -c "$1" >/dev/null 2>&1 || missing+=("$2")
}

need_to_build() {
    need 'command -v meson' meson
    need 'command -v ninja' ninja-build
    need 'command -v cc && command -v gcc' gcc
    need 'echo "#include <stdio.h>" | gcc -E -' libc6-dev
    need 'command -v pkg-config' pkg-config
    need 'pkg-config --exists libevent_core' libevent-dev
    need 'pkg-config --exists libutf8proc' libutf8proc-dev
    need 'pkg-config --exists libpcre2-8' libpcre2-dev
    need 'pkg-config --exists openblas' libopenblas-dev
    need 'python3 -m pip --version' python3-pip
}

install_missing() {
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "installing ${missing[*]} ..." >&2
    command -v apt-get >/dev/null || { echo "no apt-get here: please install these yourself" >&2; return 1; }
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    missing=()
}
