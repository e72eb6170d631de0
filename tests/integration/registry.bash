# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
#
# Registries for tests: Debian's docker-registry and servers of our own, on loopback, as the user of the tests.
# shellcheck shell=bash disable=SC2034

# own_settings: what the machine says about registries and logins is none of the tests' business. For setup_file.
own_settings() {
    export HOME=$BATS_FILE_TMPDIR/home XDG_CONFIG_HOME=$BATS_FILE_TMPDIR/home/.config DOCKER_CONFIG=$BATS_FILE_TMPDIR/home/.docker
    export XDG_RUNTIME_DIR=$BATS_FILE_TMPDIR/run CONTAINERS_REGISTRIES_CONF=$BATS_FILE_TMPDIR/registries.conf
    mkdir -p "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"
    chmod 700 "$XDG_RUNTIME_DIR"
}

# free_port: one that nobody listens on now.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_registry NAME [EXTRA-YAML-BELOW-ROOT]: sets REGISTRY_NAME (host:port) and REGISTRY_PID. With $REGISTRY_TLS_CERT
# and $REGISTRY_TLS_KEY it speaks TLS.
start_registry() {
    local name=$1 extra=${2:-} port dir tls='' scheme=http
    dir=$BATS_FILE_TMPDIR/registry-$name
    port=$(free_port)
    mkdir -p "$dir/data"
    if [ -n "${REGISTRY_TLS_CERT:-}" ]; then
        scheme=https
        tls=$(printf '  tls:\n    certificate: %s\n    key: %s\n' "$REGISTRY_TLS_CERT" "$REGISTRY_TLS_KEY")
    fi
    cat >"$dir/config.yml" <<EOF
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: $dir/data}
  delete: {enabled: true}
http:
  addr: 127.0.0.1:$port
$tls
$extra
EOF
    docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 3>&- &
    REGISTRY_PID=$!
    echo "$REGISTRY_PID" >>"$BATS_FILE_TMPDIR/pids"
    REGISTRY_NAME=127.0.0.1:$port
    REGISTRY_DATA=$dir/data
    wait_for 10 curl_up "$scheme" "$port" || { cat "$dir/log" >&2 && return 1; }
}

curl_up() { python3 "$BATS_TEST_DIRNAME/registry_servers.py" up "$1" "$2"; }

# start_server KIND ARG...: a server of registry_servers.py; sets SERVER_NAME (host:port).
start_server() {
    local kind=$1 port
    shift
    port=$(free_port)
    python3 "$BATS_TEST_DIRNAME/registry_servers.py" "$kind" "$port" "$@" >"$BATS_FILE_TMPDIR/$kind-$port.log" 2>&1 3>&- &
    echo "$!" >>"$BATS_FILE_TMPDIR/pids"
    SERVER_PID=$!
    SERVER_NAME=127.0.0.1:$port
    SERVER_LOG=$BATS_FILE_TMPDIR/$kind-$port.log
    wait_for 10 curl_up http "$port"
}

stop_servers() {
    local pid
    [ -e "$BATS_FILE_TMPDIR/pids" ] || return 0
    while read -r pid; do kill "$pid" 2>/dev/null || :; done <"$BATS_FILE_TMPDIR/pids"
}
