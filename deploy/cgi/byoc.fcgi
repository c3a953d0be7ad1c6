#!/bin/sh
# For shared hosting that runs FastCGI programs (Apache's mod_fcgid and the like): put this into the folder for such
# programs, make it executable, and set both paths. The web server starts as many as it needs; they share the data store.
exec /home/you/byoc/byoc serve --workers 1 --env-file /home/you/byoc/env
