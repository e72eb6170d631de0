# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
#
# What quickstart and check share: packages, users, devices. Sourced, not run.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Whether a command can be run as root: we are, or sudo lets us (asking for a password only at a terminal).
can_become_root() {
    is_root && return 0
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

as_root() {
    if is_root; then "$@"; else sudo "$@"; fi
}

# Prints those of the named packages that are not installed. "a|b": the first that the distribution knows will do.
missing_packages() {
    local alternatives name found
    for alternatives; do
        found=
        for name in ${alternatives//|/ }; do
            [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ] || { found=1 && break; }
        done
        [ -n "$found" ] || printf '%s\n' "$alternatives"
    done
}

# Of "a|b" the first name that the distribution has; the first where it has none, so that apt names it in its error.
known_package() {
    local name
    for name in ${1//|/ }; do
        if apt-cache show --no-all-versions "$name" >/dev/null 2>&1; then
            printf '%s\n' "$name"
            return
        fi
    done
    printf '%s\n' "${1%%|*}"
}

# ensure_packages PACKAGE...: installs what is missing, or names it and fails when we may not.
ensure_packages() {
    local missing=() names=() name
    command -v dpkg-query >/dev/null || die "this is no Debian or Ubuntu; install the likes of: $*"
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ -n "${NO_INSTALL:-}" ] || ! can_become_root; then
        die "these packages are missing; as root: apt-get install ${missing[*]%%|*}"
    fi
    say "installing: ${missing[*]}"
    as_root apt-get update -qq </dev/null || die "apt-get update failed"
    for name in "${missing[@]}"; do names+=("$(known_package "$name")"); done
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${names[@]}" \
        </dev/null >/dev/null || die "apt-get install failed: ${names[*]}"
}

# has_subids USER: a range in both files, by name or by number.
has_subids() {
    local user=$1 uid file
    uid=$(id -u "$user") || return 1
    for file in /etc/subuid /etc/subgid; do
        grep -qsE "^($user|$uid):" "$file" || return 1
    done
}

# ensure_user NAME with|without: a normal user with or without a subordinate ID range. By root only.
ensure_user() {
    local name=$1 range=$2 counts=()
    [ "$range" = with ] || counts=(-K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0)
    id "$name" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "${counts[@]}" "$name" ||
        die "cannot create the user $name"
    if [ "$range" = with ] && ! has_subids "$name"; then
        add_subids "$name"
    elif [ "$range" = without ]; then
        sed -i "/^$name:/d" /etc/subuid /etc/subgid
    fi
}

# The first 65536 IDs above all ranges of both files.
add_subids() {
    local name=$1 first
    first=$(cat /etc/subuid /etc/subgid 2>/dev/null |
        awk -F: 'BEGIN { n = 100000 } NF == 3 && $2 + $3 > n { n = $2 + $3 } END { print n }')
    as_root usermod --add-subuids "$first-$((first + 65535))" --add-subgids "$first-$((first + 65535))" "$name" ||
        die "cannot give $name a subordinate ID range"
}

# as_user NAME COMMAND...: the way a login would start it: own HOME and XDG_RUNTIME_DIR, a clean environment. By root.
as_user() {
    local name=$1 uid home
    shift
    uid=$(id -u "$name")
    home=$(getent passwd "$name" | cut -d: -f6)
    install -d -m 0700 -o "$name" -g "$(id -g "$name")" "/run/user/$uid"
    setpriv --reuid "$uid" --regid "$(id -g "$name")" --init-groups env -i \
        HOME="$home" USER="$name" LOGNAME="$name" SHELL=/bin/bash PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
        XDG_RUNTIME_DIR="/run/user/$uid" LANG=C.UTF-8 TERM="${TERM:-dumb}" ${CI:+CI="$CI"} "$@"
}

# udev makes these two usable by everyone; a container or a bare CI machine has no udev. By root only.
open_devices() {
    local device
    for device in /dev/fuse /dev/net/tun; do
        if [ ! -e "$device" ]; then
            say "note: there is no $device here"
        elif [ "$(stat -c %a "$device")" != 666 ]; then
            chmod 0666 "$device" && say "set the mode of $device to 0666, as udev would"
        fi
    done
}
