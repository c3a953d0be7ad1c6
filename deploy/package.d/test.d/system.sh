# What the package does to a system. To be sourced by deploy/package-test; `rootfs` is the Debian's folder.

# inside COMMAND...: in that Debian, as root; as_user USER COMMAND...: as another user there.
inside() { chroot "$rootfs" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
as_user() { (exec_as_user "$@"); }
exec_as_user() {
    local user=$1
    shift
    exec chroot --userspec="$user:$(chroot "$rootfs" id -gn "$user")" "$rootfs" /usr/bin/env -i PATH=/usr/bin:/bin "$@"
}

# All files of that Debian, but what dpkg notes down about every package, and what lasts until the machine's next start.
list_files() {
    (
        cd "$rootfs"
        find . -xdev \( -path ./proc -o -path ./run -o -path ./var/lib/dpkg -o -path ./var/log \) -prune -o -print | sort
    )
}

# expect_mode FILE MODE USER:GROUP
expect_mode() {
    local got
    got=$(inside stat -c '%a %U:%G' "$1") || fail "$1 is missing."
    [ "$got" = "$2 $3" ] || fail "$1 is $got instead of $2 $3."
}

check_installed() {
    local said
    expect_mode /usr/bin/byoc 755 root:root
    expect_mode /etc/byoc/env 640 root:byoc
    expect_mode /var/lib/byoc 700 byoc:byoc
    inside getent passwd byoc | grep -q ':/usr/sbin/nologin$' || fail "byoc's user may log in."
    ! as_user nobody cat /etc/byoc/env 2>/dev/null || fail "Everybody may read the settings."
    ! as_user nobody ls /var/lib/byoc 2>/dev/null || fail "Everybody may look into the data store."
    # The README's commands have changed the settings.
    said=$(inside dpkg --verify byoc | grep -v ' c /etc/byoc/env$') || true
    [ -z "$said" ] || fail "Installed files aren't those of the package: $said"
    said=$(inside ldd /usr/bin/byoc)
    echo "$said"
    if grep -E 'not found|swift|sqlite|stdc' <<<"$said"; then fail "The program needs more than the C library."; fi
    if grep -rE '/usr/local/bin/byoc|/home/you/byoc/byoc' \
        "$rootfs/usr/share/doc/byoc/examples" "$rootfs"/usr/lib/systemd/system/byoc.*; then
        fail "These files have another path of the program than the package."
    fi
    check_units
}

# With the units that they refer to, which that Debian has from its own systemd.
check_units() {
    local said
    said=$(systemd-analyze verify --man=no --root="$rootfs" byoc.service byoc.socket 2>&1) || true
    if grep -E '^(/.*)?byoc\.' <<<"$said"; then fail "systemd has objections to the units."; fi
}

# As at an update: the administrator's settings and the data stay, modes too.
check_update() {
    local settings
    settings=$(sha256sum <"$rootfs/etc/byoc/env")
    inside dpkg -i /tmp/byoc.deb
    [ "$(sha256sum <"$rootfs/etc/byoc/env")" = "$settings" ] || fail "The update has changed the settings."
    expect_mode /etc/byoc/env 640 root:byoc
    run_byoc installations --json | jq -e 'length == 1' >/dev/null || fail "The update has lost the installation."
}

check_removal() {
    local left
    rm "$rootfs/tmp/byoc.deb"
    inside dpkg -r byoc | tee "$work/said"
    grep -q "are kept" "$work/said" || fail "Removing doesn't say what is kept."
    [ ! -e "$rootfs/usr/bin/byoc" ] && [ -s "$rootfs/var/lib/byoc/byoc.sqlite" ] && [ -s "$rootfs/etc/byoc/env" ] ||
        fail "Removing didn't delete just the program."
    inside dpkg -P byoc | tee "$work/said"
    grep -q "Removing byoc's data store" "$work/said" || fail "Purging doesn't say that it removes the data."
    ! inside getent passwd byoc || fail "The user has stayed."
    [ ! -e "$rootfs/run/byoc" ] || fail "/run/byoc has stayed."
    # The certificates are the test's own; adding a user and starting nginx make the others.
    list_files >"$work/after"
    left=$(comm -3 "$work/before" "$work/after" |
        grep -vE 'byoc-test|/etc/ssl/certs|/var/lib/nginx/|/etc/(passwd|group|shadow|gshadow)-$') || true
    [ -z "$left" ] || fail "These files were left or lost: $left"
}

# The .tar.gz as on shared hosting: unpacked in a user's home, called as a CGI program with an empty store.
check_archive() {
    local home=$rootfs/home/you answer
    mkdir -p "$home"
    tar -C "$home" --no-same-owner -xzf "${archive[0]}"
    mv "$home"/byoc-* "$home/byoc"
    [ -z "$(find "$home/byoc" -perm /022)" ] || fail "Others may write to the archive's files."
    install -m 600 "$home/byoc/env.example" "$home/byoc/env"
    sed -i -e 's|^BYOC_DATA_DIR=.*|BYOC_DATA_DIR=/home/you/data|' -e '/^BYOC_SOCKET=/d' "$home/byoc/env"
    echo "BYOC_CGI_RELAY_SECONDS=0" >>"$home/byoc/env"
    chown -R nobody "$home"
    answer=$(as_user nobody GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET SERVER_PROTOCOL=HTTP/1.1 SCRIPT_NAME= \
        PATH_INFO=/healthz REQUEST_URI=/healthz QUERY_STRING= BYOC_LOG_FILE=/home/you/log /home/you/byoc/cgi/byoc.cgi </dev/null)
    grep -qE '^Status: 200' <<<"$answer" || fail "The CGI script answered: $answer"
}
