"""What commands that lie are made of."""

DOCKER = "/usr/bin/docker"
SILENT = "exit 0"  # a docker that always succeeds and says nothing
RUN = 'if [ "$1" = run ]; then shift; set -- run {options} "$@"; fi\nexec {docker} "$@"'
