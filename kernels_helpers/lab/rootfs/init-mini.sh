#!/bin/bash
# pid 1 of a lab of a normal user, where systemd cannot run: reap, nothing else.
if [ -e /sys/fs/cgroup/cgroup.controllers ] && mkdir -p /sys/fs/cgroup/init 2>/dev/null; then
  # v2: a group with children holds no process
  while read -r pid; do echo "$pid" >/sys/fs/cgroup/init/cgroup.procs; done </sys/fs/cgroup/cgroup.procs 2>/dev/null
  read -r -a controllers </sys/fs/cgroup/cgroup.controllers
  for c in "${controllers[@]}"; do
    echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control
  done 2>/dev/null
fi
unset LAB_USERNS LAB_CGROUP_NAMESPACE
touch /run/lab.ready
trap : TERM INT HUP
while :; do
  sleep infinity &
  wait
done
