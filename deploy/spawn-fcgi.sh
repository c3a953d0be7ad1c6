#!/bin/sh
# Without systemd: four workers on one socket, started by spawn-fcgi. A worker that dies is not started again, so prefer
# `byoc serve --socket /run/byoc/byoc.sock --workers 4` under whatever keeps programs running on your machine.
exec spawn-fcgi -s /run/byoc/byoc.sock -M 0660 -u byoc -g www-data -F 4 -- /usr/local/bin/byoc serve --workers 1 --env-file /etc/byoc/env
