# The README's install section, run as written. To be sourced by deploy/package-test, after system.sh.

# The README's name for the server, and this test's.
name=chat.byoc.test

# readme_install: the code block of the README's section “Install” with the package.
readme_install() {
    awk '/^## / { section = $0 } section == "## Install" && /^```/ { inside = !inside && !blocks++; next } inside' "$root/README.md"
}

# stub NAME: a command of that Debian in place of one that needs a network, systemd or a certificate authority; its body
# is read from the standard input.
stub() {
    { echo '#!/bin/sh'; cat; } >"$rootfs/root/stubs/$1"
    chmod 755 "$rootfs/root/stubs/$1"
}

# Runs the four commands as root in that Debian, in the folder with the package, with the password on the standard input.
follow_readme() {
    local commands
    commands=$(readme_install)
    [ "$(grep -c '^# [1-4]\. ' <<<"$commands")" -eq 4 ] || fail "The README's install section doesn't have four commands."
    mkdir -p "$rootfs/root/stubs"
    cp "${deb[0]}" "$rootfs/root/"
    stub sudo <<<'exec "$@"'
    # nginx is there already, and certbot's stub too.
    stub apt-get <<<'shift; for file; do case $file in ./*) dpkg -i "$file" ;; esac; done'
    stub certbot <<STUB
case " \$* " in *" --domain $name "*) ;; *) echo "No name: \$*" >&2; exit 1 ;; esac
mkdir -p /etc/letsencrypt/live/$name && cd /etc/letsencrypt/live/$name &&
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$name -addext subjectAltName=DNS:$name \
        -keyout privkey.pem -out fullchain.pem 2>/dev/null
STUB
    stub systemctl <<<'echo "$*" >>/root/systemctl.log'
    commands=$(sed "s/^NAME=.*/NAME=$name/" <<<"$commands")
    echo "A long password" | inside PATH=/root/stubs:/usr/sbin:/usr/bin:/sbin:/bin \
        bash -euo pipefail -c "cd /root; $commands" || fail "The README's install section fails."
    grep -qx "BYOC_BASE_URL=https://$name" "$rootfs/etc/byoc/env" || fail "The README's commands set no public name."
    grep -qE '^BYOC_ADMIN_PASSWORD=scrypt:' "$rootfs/etc/byoc/env" || fail "The README's commands set no password."
    grep -qx "enable --now byoc.socket byoc.service" "$rootfs/root/systemctl.log" || fail "The README doesn't start byoc."
    grep -qx "reload nginx" "$rootfs/root/systemctl.log" || fail "The README doesn't reload nginx."
}

# With the packaged byoc running: the nginx that the README's commands have set up reaches it by name and https.
check_readme_nginx() {
    inside nginx || fail "nginx doesn't start with the README's configuration."
    curl -fsS --cacert "$rootfs/etc/letsencrypt/live/$name/fullchain.pem" --resolve "$name:443:127.0.0.1" \
        "https://$name/readyz" || fail "nginx with the README's configuration doesn't reach byoc."
    inside nginx -s quit
    # What the commands have made beside the package.
    rm -rf "$rootfs/root/stubs" "$rootfs/root/systemctl.log" "$rootfs"/root/byoc_*.deb "$rootfs/etc/letsencrypt"
}
