# One front end: starts everything, connects, plays, and looks at the sore points. To be sourced by deploy/front-ends-test.

run_front_end() {
    local name=$1 started=$SECONDS verdict
    work=$(mktemp -d "${TMPDIR:-/tmp}/byoc-front-end.XXXXXX")
    stop_at_exit byoc.log front-end.log
    port=$(free_port $((20000 + RANDOM % 10000)))
    base_url=http://127.0.0.1:$port
    byoc_settings=(BYOC_ADMIN_PASSWORD="$(head -c 12 /dev/urandom | base64)")
    mkdir "$work/logs" "$work/docs" "$work/data"
    chmod 700 "$work/data"
    # Apache never serves as root, so there all of it but the doubles runs as the user that Debian's web servers have.
    # Our programs may lie where that user doesn't come.
    byoc=$bin/byoc
    if [ "$(id -u)" -eq 0 ]; then
        as_byoc=(setpriv --reuid www-data --regid www-data --init-groups)
        byoc=$work/byoc
        cp --reflink=auto "$bin/byoc" "$byoc"
        chown -R www-data:www-data "$work"
    fi

    start_sandbox
    "start_$name"
    wait_for "$name" curl -fsS "$base_url/readyz"
    connect_viber
    "$bin/byoc-sandbox" play --about-file "$work/about.json" --patience 120 >"$work/play.log" || { cat "$work/play.log"; return 1; }
    verdict=$(tail -n 1 "$work/play.log")

    check_bodies "$name"
    check_pages
    if declare -F "stop_byoc_of_$name" >/dev/null; then check_absence "$name"; fi
    check_logs
    echo "front-end $name $verdict seconds=$((SECONDS - started))"
}

# fill FILE SED...: our example with this run's values in it, into the folder under the same name.
fill() {
    local file=$1
    shift
    sed -E "$@" "$root/deploy/front-ends/$file" >"$work/$file"
}

# The target URL as this installation has it; what follows it is a secret.
target() { jq -r .targetURL "$work/installation.json"; }

# status OF-CURL...: the status of an answer; 000 without one.
status() { curl -s -o "$work/answer" -w '%{http_code}' --max-time 30 "$@" || true; }

# expect WHAT STATUS OF-CURL...
expect() {
    local what=$1 wanted=$2 got
    shift 2
    got=$(status "$@")
    [ "$got" = "$wanted" ] || fail "$what: $got instead of $wanted; $(head -c 300 "$work/answer" 2>/dev/null)"
}

# Every webhook's signature is over the very bytes, so the play has shown that bodies come as they were sent. Here: how
# large they may be, and that what is refused is refused by byoc and not by the web server.
check_bodies() {
    expect "An unknown target" 404 "$base_url/hook/x%20y"
    grep -q "There is no such installation" "$work/answer" || fail "The 404 isn't byoc's: $(head -c 300 "$work/answer")"
    head -c 3000000 /dev/zero >"$work/large"
    expect "An unsigned body of 3 MB" 403 --data-binary "@$work/large" "$(target)"
    if [ "$1" != apache-cgi ]; then
        expect "The same in chunks" 403 -H 'Transfer-Encoding: chunked' --data-binary "@$work/large" "$(target)"
    fi
    head -c 5000000 /dev/zero >"$work/large"
    expect "A body of 5 MB" 413 --data-binary "@$work/large" "$(target)"
    rm "$work/large"
}

# The settings pages with what they bring along, all below the base URL.
check_pages() {
    local style
    expect "The settings pages" 200 -L "$base_url/admin"
    grep -q 'id="password"' "$work/answer" || fail "That isn't the sign-in: $(head -c 300 "$work/answer")"
    style=$(grep -oE 'href="[^"]+\.css"' "$work/answer" | cut -d'"' -f2)
    expect "Their style sheet, $style" 200 "http://127.0.0.1:$port$style"
}

# While byoc is away a webhook gets an answer that makes its sender try again, and soon after it is back they are taken.
check_absence() {
    local away
    "stop_byoc_of_$1"
    case "$(status --data-binary '{}' "$(target)")" in
        502 | 503 | 504) ;;
        *) fail "While byoc was away a webhook got: $(cat "$work/answer")" ;;
    esac
    "start_byoc_of_$1"
    away=$SECONDS
    until [ "$(status --data-binary '{}' "$(target)")" = 403 ]; do
        [ $((SECONDS - away)) -le 3 ] || fail "Seconds after byoc's return a webhook gets: $(cat "$work/answer")"
    done
}

check_logs() {
    local secret
    for secret in "$(target)" "$(jq -r .freshchatWebhookURL "$work/installation.json")"; do
        secret=${secret##*/}
        [ ${#secret} -ge 16 ] || fail "Not a secret: $secret"
        if grep -r -F -e "$secret" "$work/logs" "$work/front-end.log"; then fail "The logs have a secret in them."; fi
    done
}
