#!/bin/sh
# For shared hosting that runs CGI programs: put this into cgi-bin, make it executable, and set both paths.
# BYOC_BASE_URL in the settings file is then the URL of this script, such as https://example.com/cgi-bin/byoc.cgi.
# Each request's process answers and then relays for BYOC_CGI_RELAY_SECONDS; a cron job relays what waits longer:
#   * * * * *  /home/you/byoc/byoc relay --for 50 --env-file /home/you/byoc/env
exec /home/you/byoc/byoc serve --env-file /home/you/byoc/env
