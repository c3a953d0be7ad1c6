# Shared by the scripts that run byoc against the doubles of Viber and Freshchat. To be sourced after stack.sh.
# `bin` is the folder of the programs, `work` the folder of everything, `base_url` where byoc is reached from outside.

# What byoc's commands and workers are started with, such as another user.
as_byoc=()
# More of their settings, as KEY=value.
byoc_settings=()

# start_sandbox OPTION...: starts the doubles; what there is to know of them is in about.json then.
start_sandbox() {
    env "${byoc_settings[@]}" "$bin/byoc-sandbox" serve --about-file "$work/about.json" "$@" 2>"$work/sandbox.log" &
    pids+=($!)
    wait_for "The sandbox" test -s "$work/about.json"
}

# start_playground OPTION...: the same with their page (--playground), which shows what byoc does. Call it after
# start_byoc.
start_playground() {
    mkfifo -m 600 "$work/steps"
    start_sandbox --supervisor "$supervisor" --bridge "$base_url" --steps "$work/steps" "$@"
    exec_byoc tail --json --text >"$work/steps" 2>"$work/tail.log" &
    pids+=($!)
}

about() { jq -r "$1" "$work/about.json"; }

# exec_byoc ARGUMENT...: byoc in the place of this shell, with nothing in the environment but what it needs.
exec_byoc() {
    cd "$work"
    exec "${as_byoc[@]}" env -i PATH="$PATH" HOME="$work" BYOC_DATA_DIR="$work/data" BYOC_BASE_URL="$base_url" \
        "${byoc_settings[@]}" "${byoc:-$bin/byoc}" "$@"
}

run_byoc() { (exec_byoc "$@"); }

# Starts byoc's workers on the socket byoc.sock in the folder; their supervisor's process id is in `supervisor`.
start_byoc() {
    exec_byoc serve --socket "$work/byoc.sock" --workers 2 "$@" 2>>"$work/byoc.log" &
    supervisor=$!
    pids+=("$supervisor")
}

# Connects the doubles by the command line; its output is in installation.json then.
connect_viber() {
    jq -r '"auth_token=\(.viber.token)", "freshchat_token=\(.freshchat.token)",
           "webhook_key=\(.freshchat.webhookPublicKey | gsub("\n"; "\\n"))"' "$work/about.json" |
        run_byoc install viber --json --secrets - \
            --set "api_base_url=$(about .viber.url)" --set "welcome_message=Welcome! Write to us, a person answers." \
            --freshchat-url "$(about .freshchat.url)" --topic "$(about '.freshchat.topics[0].name')" \
            >"$work/installation.json"
    curl -fsS -X PUT "$(about .control.url)/freshchat/webhook" \
        -d "{\"url\": $(jq .freshchatWebhookURL "$work/installation.json")}" >/dev/null
}

# Ends byoc's workers, and waits until they have.
stop_byoc() {
    kill -TERM "$supervisor"
    wait "$supervisor" || true
}
