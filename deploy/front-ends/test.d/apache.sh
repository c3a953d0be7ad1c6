# Apache: by mod_proxy_fcgi, by mod_fcgid, and as CGI. To be sourced by deploy/front-ends-test.

packages_of_apache-proxy() { echo apache2; }
packages_of_apache-fcgid() { printf '%s\n' apache2 libapache2-mod-fcgid; }
packages_of_apache-cgi() { echo apache2; }

# start_apache FILE MODULE...: Apache with our example in a virtual host of its own.
start_apache() {
    local file=$1 module user=''
    shift
    [ "$(id -u)" -ne 0 ] || user=$'User www-data\nGroup www-data'
    {
        cat <<CONF
ServerRoot /etc/apache2
ServerName 127.0.0.1
PidFile $work/apache.pid
DefaultRuntimeDir $work
Mutex file:$work default
ErrorLog $work/logs/error.log
LogLevel info
$user
CONF
        for module in mpm_event authz_core authz_host reqtimeout setenvif "$@"; do
            echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
        done
        cat <<CONF
<IfModule fcgid_module>
    FcgidIPCDir $work/fcgid
    FcgidProcessTableFile $work/fcgid.table
</IfModule>
<IfModule cgid_module>
    ScriptSock $work/cgid.sock
</IfModule>
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    DocumentRoot $work/docs
    Include $work/$file
</VirtualHost>
CONF
    } >"$work/apache.conf"
    APACHE_LOG_DIR=$work/logs apache2 -f "$work/apache.conf" -DFOREGROUND >"$work/front-end.log" 2>&1 &
    pids+=($!)
}

# start_program FILE FOLDER LINE...: a wrapper of deploy/cgi in the folder, with lines for its settings besides the usual.
start_program() {
    local file=$1 folder=$2
    shift 2
    mkdir "$work/$folder"
    sed "s|/home/you/byoc/byoc|$byoc|; s|/home/you/byoc/env|$work/env|" "$root/deploy/cgi/$file" >"$work/$folder/$file"
    chmod 755 "$work/$folder/$file"
    printf '%s\n' "BYOC_BASE_URL=$base_url" "BYOC_DATA_DIR=$work/data" "BYOC_LOG_FILE=$work/data/byoc.log" \
        "${byoc_settings[@]}" "$@" >"$work/env"
    ln -s data/byoc.log "$work/byoc.log"
}

start_apache-proxy() {
    start_byoc
    wait_for "byoc" test -S "$work/byoc.sock"
    fill apache-proxy.conf "s|/run/byoc/byoc.sock|$work/byoc.sock|"
    start_apache apache-proxy.conf proxy proxy_fcgi
}
stop_byoc_of_apache-proxy() { stop_byoc; }
start_byoc_of_apache-proxy() { start_byoc; wait_for "byoc" test -S "$work/byoc.sock"; }

start_apache-fcgid() {
    base_url+=/byoc.fcgi
    start_program byoc.fcgi fcgi-bin
    fill apache-fcgid.conf "s|/home/you/byoc/|$work/|"
    start_apache apache-fcgid.conf alias fcgid
}

start_apache-cgi() {
    base_url+=/cgi-bin/byoc.cgi
    start_program byoc.cgi cgi-bin BYOC_CGI_RELAY_SECONDS=2
    fill apache-cgi.conf "s|/home/you/byoc/|$work/|"
    start_apache apache-cgi.conf alias cgid
    start_cron
}

# In cron's place.
start_cron() {
    (
        trap 'kill "$!" 2>/dev/null; exit' TERM
        while true; do
            exec_byoc relay --for 50 2>>"$work/cron.log" &
            wait "$!" || sleep 1
        done
    ) &
    pids+=($!)
}
