# shellcheck shell=bash
# The servers that tests start by themselves, from the system's packages. To be sourced after common.sh.

readonly OLDEST_POSTGRES=14

# Whether a PostgreSQL that the tests can use is here: the same places as tests/support/postgres/binaries.rs.
have_postgres() {
    local program version
    for program in /usr/lib/postgresql/*/bin/initdb $(type -ap initdb || true); do
        [ -x "$program" ] || continue
        version=$("$program" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        if [ "$version" -ge "$OLDEST_POSTGRES" ]; then
            return 0
        fi
    done
    return 1
}

missing_packages() {
    have_postgres || printf 'postgresql\n'
    have redis-server || printf 'redis-server\n'
}

# Runs a command as root, by sudo where we are not.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo --non-interactive "$@"
    else
        fail "installing packages needs root or sudo; run as root: apt-get install $(missing_packages | tr '\n' ' ')"
    fi
}

# Debian starts what it installs; a policy of 101 (forbidden) keeps it from that, for as long as we install.
install_packages() {
    local policy=/usr/sbin/policy-rc.d
    local ours=false
    if [ ! -e "$policy" ]; then
        ours=true
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    local status=0
    { step as_root apt-get update -q && step as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@"; } >&2 || status=$?
    if $ours; then
        as_root rm -f "$policy"
    fi
    return "$status"
}

# Installs what is missing, and nothing where all is here.
ensure_servers() {
    local packages
    mapfile -t packages < <(missing_packages)
    if [ "${#packages[@]}" -eq 0 ]; then
        return 0
    fi
    have apt-get || fail "please install: ${packages[*]} (only Debian's apt-get is known here)"
    install_packages "${packages[@]}" || fail "apt-get could not install: ${packages[*]}"
}
