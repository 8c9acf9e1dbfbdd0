# shellcheck shell=bash
# What the scripts share: to be sourced, with `set -euo pipefail` on.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# Says what comes, then does it.
step() {
    printf '\n==> %s\n' "$*" >&2
    "$@"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Tools of other package managers, kept over clones and builds.
readonly TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/service-ping

lint() {
    step cargo fmt --check
    step cargo clippy --all-targets -- -D warnings
}

document() {
    RUSTDOCFLAGS="-D warnings" step cargo doc --no-deps
}

audit() {
    if have cargo-deny; then
        step cargo deny check
    else
        printf '\n==> cargo deny check: not run, cargo-deny is not installed\n' >&2
    fi
}
