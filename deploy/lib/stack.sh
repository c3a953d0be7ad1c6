# Shared by the scripts that run byoc behind an nginx of their own: starting, waiting, ending.
# To be sourced after common.sh. `work` is the folder of everything, `port` where nginx listens.

# What is to be ended, the last first.
pids=()

# stop_at_exit LOG...: ends what runs when the script ends, and removes the folder, or keeps it where `keep` is true. After a
# failure it shows the ends of these logs first.
stop_at_exit() {
    logs=("$@")
    trap stop EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

stop() {
    local status=$? index log
    trap - EXIT INT TERM
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        kill -TERM "${pids[index]}" 2>/dev/null || true
        wait "${pids[index]}" 2>/dev/null || true
    done
    if [ "$status" -ne 0 ] && [ "$status" -ne 130 ]; then
        for log in "${logs[@]}"; do
            echo "--- $log, the end:" >&2
            tail -n 20 "$work/$log" >&2 2>/dev/null || true
        done
    fi
    if ${keep:-false}; then echo "Everything of the run is in $work" >&2; else rm -rf "$work"; fi
    exit "$status"
}

# wait_for WHAT COMMAND...: until the command succeeds, 30 seconds at most.
wait_for() {
    local what=$1 deadline=$((SECONDS + 30))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "$what wasn't ready within 30 seconds."
        read -rt 0.1 <> <(:) || true
    done
}

# free_port [FROM]: the first of a hundred that nobody listens on.
free_port() {
    local port from=${1:-8080}
    for port in $(seq "$from" $((from + 100))); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    fail "No port from $from to $((from + 100)) is free."
}

# Starts nginx on the port, in front of the socket byoc.sock in the folder.
start_nginx() {
    local params=/etc/nginx/fastcgi_params user=""
    [ -f "$params" ] || fail "nginx's $params is missing; reinstall the package nginx-common."
    [ "$(id -u)" -ne 0 ] || user="user $(id -un) $(id -gn);"
    sed -e "s|@USER@|$user|; s|@DIR@|$work|g; s|@PORT@|$port|; s|@FASTCGI_PARAMS@|$params|" \
        "$root/deploy/lib/nginx-local.conf" >"$work/nginx.conf"
    nginx -p "$work" -c "$work/nginx.conf" -e "$work/nginx.error.log" 2>>"$work/nginx.error.log" &
    pids+=($!)
}

# build_programs CONFIGURATION: byoc and the doubles; `bin` is where they are then.
build_programs() {
    # With Swift's libraries inside, so that the program runs where Swift isn't installed.
    local build=(swift build -c "$1" --static-swift-stdlib --package-path "$root")
    echo "Building ($1); the first time takes some minutes."
    "${build[@]}" --product byoc
    "${build[@]}" --product byoc-sandbox
    bin=$("${build[@]}" --show-bin-path)
}
