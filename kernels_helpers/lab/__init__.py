"""A throw-away private Docker host: its life, disks, cgroups and root."""
