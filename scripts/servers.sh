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
    have redis-cli || printf 'redis-tools\n'
    have prometheus || printf 'prometheus\n'
    have prometheus-node-exporter || printf 'prometheus-node-exporter\n'
    have openssl || printf 'openssl\n'
    # No server, but what the site of the dictionary is looked at with.
    have chromium || printf 'chromium\n'
    have git || printf 'git\n'
    # For what brings Kubernetes' own schemas.
    python3 -c 'import ensurepip, venv' 2>/dev/null || printf 'python3-venv\n'
    # It renders the manual pages.
    have groff || printf 'groff-base\n'
    # Its parser of OpenMetrics is not ours.
    /usr/bin/python3 -c 'import prometheus_client.openmetrics' 2>/dev/null || printf 'python3-prometheus-client\n'
    # Its systemd-analyze judges the units.
    have systemd-analyze || printf 'systemd\n'
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

readonly POLICY=/usr/sbin/policy-rc.d

# Debian starts what it installs; a policy of 101 (forbidden) keeps it from that, for as long as we install. A policy
# that is there already is its administrator's, and stays.
forbid_services() {
    [ ! -e "$POLICY" ] || return 0
    trap allow_services EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
}

allow_services() {
    as_root rm -f "$POLICY"
}

# In a subshell, so that the policy goes with it, however it ends.
install_packages() (
    forbid_services
    step as_root apt-get update -q
    step as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
)

readonly KUBERNETES_VALIDATE=1.37.0

# Kubernetes' own schemas with a program that holds a file against them; tests/packaging/kubernetes.rs looks for it there.
ensure_kubernetes_validate() {
    local folder=$TOOLS/kubernetes-validate-$KUBERNETES_VALIDATE
    [ ! -x "$folder/bin/kubernetes-validate" ] || return 0
    step python3 -m venv --clear "$folder"
    step "$folder/bin/pip" install --quiet --disable-pip-version-check "kubernetes-validate==$KUBERNETES_VALIDATE"
}

# Installs what is missing, and nothing where all is here.
ensure_servers() {
    local packages
    mapfile -t packages < <(missing_packages)
    if [ "${#packages[@]}" -eq 0 ]; then
        return 0
    fi
    have apt-get || fail "please install: ${packages[*]} (only Debian's apt-get is known here)"
    # Not as a condition: that would switch `set -e` off inside.
    install_packages "${packages[@]}"
}
