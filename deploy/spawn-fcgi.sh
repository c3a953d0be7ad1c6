#!/bin/sh
# Without systemd: four workers on one socket, started by spawn-fcgi. A dead worker isn't restarted, so prefer
# `byoc serve --socket /run/byoc/byoc.sock --workers 4` under your process manager.
exec spawn-fcgi -s /run/byoc/byoc.sock -M 0660 -u byoc -g www-data -F 4 -- /usr/local/bin/byoc serve --workers 1 --env-file /etc/byoc/env
