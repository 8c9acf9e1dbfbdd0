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
    # No server, but what pages are looked at with.
    have chromium || printf 'chromium\n'
    have git || printf 'git\n'
    # They look at the pages of `serve`, with the browser above.
    have node || printf 'nodejs\n'
    have npm || printf 'npm\n'
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

readonly PLAYWRIGHT_CORE=1.65.1
readonly AXE_CORE=4.14.1

# What drives the browser and judges how accessible its pages are; tests/browser/script.rs looks for it there.
ensure_browser_tools() {
    local folder=$TOOLS/browser-$PLAYWRIGHT_CORE-$AXE_CORE
    [ ! -e "$folder/complete" ] || return 0
    rm -rf "$folder"
    mkdir -p "$folder"
    # Their scripts would bring browsers: Debian's is there.
    step npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-save --loglevel=error \
        "playwright-core@$PLAYWRIGHT_CORE" "axe-core@$AXE_CORE"
    touch "$folder/complete"
}

# What reads exports back: pyarrow, and an S3 by moto. tests/versions/fleet/warehouse.rs looks for it there; the name
# changes with any of the versions.
readonly WAREHOUSE=pyarrow-26.0.1-moto-5.2.5

ensure_warehouse() {
    local folder=$TOOLS/warehouse-$WAREHOUSE
    [ ! -e "$folder/ready" ] || return 0
    step python3 -m venv --clear "$folder"
    step "$folder/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 'moto[server,s3]==5.2.5'
    touch "$folder/ready"
}

readonly PYTHON_SNOWPLOW_TRACKER=1.1.0
readonly PYTHON_JSONSCHEMA=4.25.1
readonly NODE_SNOWPLOW_TRACKER=4.8.0

# Snowplow's own trackers, and a validator that is not ours; tests/snowplow/peers.rs looks for them there.
ensure_snowplow_trackers() {
    local python=$TOOLS/snowplow-tracker-$PYTHON_SNOWPLOW_TRACKER node=$TOOLS/node-tracker-$NODE_SNOWPLOW_TRACKER
    if [ ! -e "$python/ready" ]; then
        step python3 -m venv --clear "$python"
        step "$python/bin/pip" install --quiet --disable-pip-version-check \
            "snowplow-tracker==$PYTHON_SNOWPLOW_TRACKER" "jsonschema==$PYTHON_JSONSCHEMA"
        touch "$python/ready"
    fi
    if [ ! -e "$node/ready" ]; then
        mkdir -p "$node"
        step npm install --silent --no-audit --no-fund --prefix "$node" "@snowplow/node-tracker@$NODE_SNOWPLOW_TRACKER"
        touch "$node/ready"
    fi
}

readonly ROTEL=0.0.1a15
readonly CHDB_CORE_LITE=26.5.0
readonly PYTHON_OPENTELEMETRY_PROTO=1.45.2
# Of all three together: renew it with any of them.
readonly OTEL_PEERS=1

# A collector of OpenTelemetry, ClickHouse's engine, and a reader of OTLP that is not ours; tests/job_telemetry/peers.rs looks
# for them there.
ensure_otel_peers() {
    local folder=$TOOLS/otel-peers-$OTEL_PEERS
    [ ! -e "$folder/ready" ] || return 0
    step python3 -m venv --clear "$folder"
    step "$folder/bin/pip" install --quiet --disable-pip-version-check --pre "rotel==$ROTEL"
    step "$folder/bin/pip" install --quiet --disable-pip-version-check \
        "chdb-core-lite==$CHDB_CORE_LITE" "opentelemetry-proto==$PYTHON_OPENTELEMETRY_PROTO"
    touch "$folder/ready"
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

readonly SCHEMATHESIS=4.32.5

# It makes requests of an OpenAPI document; tests/server/schemathesis.rs looks for it there.
ensure_schemathesis() {
    local folder=$TOOLS/schemathesis-$SCHEMATHESIS
    [ ! -x "$folder/bin/schemathesis" ] || return 0
    step python3 -m venv --clear "$folder"
    step "$folder/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$SCHEMATHESIS"
}
