# Shared by the scripts that show byoc between the two doubles: the workers, nginx, the doubles, one installation.
# To be sourced after stack.sh. `work` is the folder of everything, `bin` where the programs are.

# Signs in to the settings pages of this run.
BYOC_ADMIN_PASSWORD=$(head -c 12 /dev/urandom | base64 | tr '+/' '-_')

port=$(free_port)
# Becomes byoc itself, so that the id of a process started so is byoc's own.
byoc=(env -i -C "$work" PATH="$PATH" HOME="$work" BYOC_DATA_DIR="$work/data" BYOC_BASE_URL="http://127.0.0.1:$port"
    BYOC_ADMIN_PASSWORD="$BYOC_ADMIN_PASSWORD" "$bin/byoc")
about() { jq -r "$1" "$work/about.json"; }

# start_stack OPTION...: starts all of it; the options go to the sandbox. With --playground among them, its page is told
# what the bridge does.
start_stack() {
    "${byoc[@]}" serve --socket "$work/byoc.sock" --workers 2 2>"$work/byoc.log" &
    local supervisor=$!
    pids+=("$supervisor")
    start_nginx
    wait_for "byoc behind nginx" curl -fsS "http://127.0.0.1:$port/readyz"

    local options=("$@")
    if [ $# -gt 0 ]; then
        mkfifo -m 600 "$work/steps"
        options+=(--supervisor "$supervisor" --bridge "http://127.0.0.1:$port" --steps "$work/steps")
    fi
    BYOC_ADMIN_PASSWORD="$BYOC_ADMIN_PASSWORD" "$bin/byoc-sandbox" serve --about-file "$work/about.json" \
        ${options[@]+"${options[@]}"} 2>"$work/sandbox.log" &
    pids+=($!)
    wait_for "The sandbox" test -s "$work/about.json"
    control=$(about .control.url)
    if [ $# -gt 0 ]; then
        "${byoc[@]}" tail --json --text >"$work/steps" 2>"$work/tail.log" &
        pids+=($!)
    fi

    jq -r '"auth_token=\(.viber.token)", "freshchat_token=\(.freshchat.token)",
           "webhook_key=\(.freshchat.webhookPublicKey | gsub("\n"; "\\n"))"' "$work/about.json" >"$work/secrets"
    "${byoc[@]}" install viber --json --secrets "$work/secrets" \
        --set "api_base_url=$(about .viber.url)" --set "welcome_message=Welcome! Write to us, a person answers." \
        --freshchat-url "$(about .freshchat.url)" --topic "$(about '.freshchat.topics[0].name')" >"$work/installation.json"
    rm "$work/secrets"
    curl -fsS -X PUT "$control/freshchat/webhook" \
        -d "{\"url\": $(jq .freshchatWebhookURL "$work/installation.json")}" >/dev/null
}

tell_stack() {
    cat <<TEXT

What runs:
  nginx      http://127.0.0.1:$port   (webhooks come in here)
  byoc       2 workers on $work/byoc.sock, data store in $work/data
  Viber      $(about .viber.url)   (a double)
  Freshchat  $(about .freshchat.url)   (a double)
  control    $control   (writes as the customer and as the agent)
  installed  $(jq -r '.id + ", " + .name' "$work/installation.json")

TEXT
}
