# Shared by the scripts that show byoc between the two doubles: the workers, nginx, the doubles, one installation.
# To be sourced after stack.sh. `work` is the folder of everything, `bin` where the programs are.

source "$root/deploy/lib/sandbox.sh"

port=$(free_port)
base_url=http://127.0.0.1:$port
# Signs in to the settings pages of this run.
BYOC_ADMIN_PASSWORD=$(head -c 12 /dev/urandom | base64 | tr '+/' '-_')
byoc_settings=(BYOC_ADMIN_PASSWORD="$BYOC_ADMIN_PASSWORD")

# start_stack OPTION...: starts all of it; the options go to the sandbox. With --playground among them, its page shows
# what byoc does.
start_stack() {
    start_byoc
    start_nginx
    wait_for "byoc behind nginx" curl -fsS "$base_url/readyz"
    if [ $# -gt 0 ]; then start_playground "$@"; else start_sandbox; fi
    control=$(about .control.url)
    connect_viber
}

tell_stack() {
    cat <<TEXT

Running:
  nginx      http://127.0.0.1:$port   (receives webhooks)
  byoc       2 workers on $work/byoc.sock, data store in $work/data
  Viber      $(about .viber.url)   (simulator)
  Freshchat  $(about .freshchat.url)   (simulator)
  control    $control   (writes as a customer and as an agent)
  installed  $(jq -r '.id + ", " + .name' "$work/installation.json")

TEXT
}
