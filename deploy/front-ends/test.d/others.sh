# lighttpd, Caddy, and nginx with fcgiwrap. To be sourced by deploy/front-ends-test.

packages_of_lighttpd() { echo lighttpd; }
packages_of_caddy() { echo caddy; }
packages_of_fcgiwrap() { echo fcgiwrap; }

start_lighttpd() {
    start_byoc
    fill lighttpd.conf "s|/run/byoc/byoc.sock|$work/byoc.sock|; s|/var/log/lighttpd/|$work/logs/|"
    cat >"$work/lighttpd-main.conf" <<CONF
server.modules = ()
server.document-root = "$work/docs"
server.bind = "127.0.0.1"
server.port = $port
server.upload-dirs = ( "$work" )
include "$work/lighttpd.conf"
CONF
    "${as_byoc[@]}" lighttpd -D -f "$work/lighttpd-main.conf" >"$work/front-end.log" 2>&1 &
    pids+=($!)
}
stop_byoc_of_lighttpd() { stop_byoc; }
start_byoc_of_lighttpd() { start_byoc; wait_for "byoc" test -S "$work/byoc.sock"; }

start_caddy() {
    start_byoc
    fill Caddyfile "s|/run/byoc/byoc.sock|$work/byoc.sock|; s|^chat.example.com|$base_url|; 0,/^\{/s//{\n\tadmin off/"
    "${as_byoc[@]}" env HOME="$work" caddy run --config "$work/Caddyfile" --adapter caddyfile >"$work/front-end.log" 2>&1 &
    pids+=($!)
}
stop_byoc_of_caddy() { stop_byoc; }
start_byoc_of_caddy() { start_byoc; wait_for "byoc" test -S "$work/byoc.sock"; }

start_fcgiwrap() {
    base_url+=/cgi-bin/byoc.cgi
    start_program byoc.cgi cgi-bin
    fill nginx-fcgiwrap.conf -e "s|/home/you/byoc/|$work/|; s|/run/fcgiwrap.socket|$work/wrap.sock|" \
        -e "s|include fastcgi_params|include /etc/nginx/fastcgi_params|"
    cat >"$work/nginx.conf" <<CONF
daemon off;
pid $work/nginx.pid;
error_log $work/logs/error.log;
events { worker_connections 256; }
http {
    access_log $work/logs/access.log;
    client_body_temp_path $work/nginx-body;
    proxy_temp_path $work/nginx-proxy;
    fastcgi_temp_path $work/nginx-fastcgi;
    uwsgi_temp_path $work/nginx-uwsgi;
    scgi_temp_path $work/nginx-scgi;
    server {
        listen 127.0.0.1:$port;
        include $work/nginx-fcgiwrap.conf;
    }
}
CONF
    (
        # It and its children have no ear for SIGTERM while they wait for a request.
        trap 'kill -KILL "$!" $(pgrep -P "$!"); exit' TERM
        "${as_byoc[@]}" env -i PATH="$PATH" fcgiwrap -c 6 -s "unix:$work/wrap.sock" 2>"$work/fcgiwrap.log" &
        wait "$!"
    ) &
    pids+=($!)
    "${as_byoc[@]}" nginx -p "$work" -c "$work/nginx.conf" -e "$work/logs/error.log" >"$work/front-end.log" 2>&1 &
    pids+=($!)
}
