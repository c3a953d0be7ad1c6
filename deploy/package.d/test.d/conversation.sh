# The packaged byoc and the simulators around it. To be sourced by deploy/package-test, after deploy/lib/sandbox.sh.

# byoc's commands as the README writes them.
exec_byoc() { exec_as_user byoc byoc "$@" --env-file /etc/byoc/env; }

# Where byoc finds the doubles: not by address and http, but by name and https.
about() {
    jq -r "$1" "$work/about.json" |
        sed -e "s|^$viber|https://viber.byoc.test|" -e "s|^$freshchat|https://freshchat.byoc.test|"
}

# The doubles behind an nginx with TLS, a name server that knows them, and an authority that this Debian doesn't trust yet.
start_far_sides() {
    start_sandbox
    viber=$(jq -r .viber.url "$work/about.json" | grep -oE '^http://[^/]+')
    freshchat=$(jq -r .freshchat.url "$work/about.json" | grep -oE '^http://[^/]+')
    dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --address=/byoc.test/127.0.0.1 \
        --listen-address=127.0.0.1 --bind-interfaces --user=root --pid-file= 2>"$work/dnsmasq.log" &
    pids+=($!)
    echo "nameserver 127.0.0.1" >"$rootfs/etc/resolv.conf"
    (
        cd "$work"
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test of byoc's package" -keyout ca.key -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj "/CN=byoc.test" -keyout far.key -out far.csr
        openssl x509 -req -in far.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out far.pem \
            -extfile <(echo "subjectAltName=DNS:viber.byoc.test,DNS:freshchat.byoc.test")
    ) 2>"$work/openssl.log" || fail "openssl failed: $(tail -n 3 "$work/openssl.log")"
    sed -e "s|@DIR@|$work|g; s|@VIBER@|$viber|; s|@FRESHCHAT@|$freshchat|" \
        "$root/deploy/package.d/test.d/far-sides.conf" >"$work/far.conf"
    nginx -p "$work" -c "$work/far.conf" -e "$work/far.error.log" 2>>"$work/far.error.log" &
    pids+=($!)
    wait_for "The doubles behind https" \
        curl -sS --cacert "$work/ca.pem" --resolve viber.byoc.test:443:127.0.0.1 https://viber.byoc.test/
}

# What systemd would do for byoc.socket and byoc.service.
start_packaged_byoc() {
    local unit=$rootfs/usr/lib/systemd/system command settings uid gid
    port=$(free_port) base_url=http://127.0.0.1:$port
    sed -i "s|^BYOC_BASE_URL=.*|BYOC_BASE_URL=$base_url|" "$rootfs/etc/byoc/env"
    read -ra command < <(sed -n 's/^ExecStart=//p' "$unit/byoc.service")
    mapfile -t settings < <(grep -E '^[A-Z_]+=' "$rootfs/etc/byoc/env")
    uid=$(inside id -u byoc) gid=$(inside id -g byoc)
    [ "$(sed -n 's/^User=//p' "$unit/byoc.service")" = byoc ] || fail "The unit runs byoc as another user."
    mkdir -p "$rootfs/run/byoc"
    env -i PATH=/usr/bin:/bin "${settings[@]}" "$(command -v spawn-fcgi)" -n -c "$rootfs" -u "$uid" -g "$gid" \
        -s /run/byoc/byoc.sock -U "$uid" -G "$(inside getent group www-data | cut -d : -f 3)" -M 0660 \
        -- "${command[@]}" 2>"$work/byoc.log" &
    supervisor=$!
    pids+=("$supervisor")
    ln -s "$rootfs/run/byoc/byoc.sock" "$work/byoc.sock"
    start_nginx
    wait_for "byoc behind nginx" curl -fsS "$base_url/readyz"
}

# Until the authority is among the system's, byoc must not trust the simulators.
check_certificates() {
    local said
    if said=$(connect_viber 2>&1); then fail "byoc trusts a certificate of an unknown authority."; fi
    grep -q CERTIFICATE_VERIFY_FAILED <<<"$said" || fail "byoc rejected the simulators for another reason: $said"
    cp "$work/ca.pem" "$rootfs/usr/local/share/ca-certificates/byoc-test.crt"
    inside update-ca-certificates >/dev/null 2>&1
}
