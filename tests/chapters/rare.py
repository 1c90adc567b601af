"""What a copy of Docker's data loses most easily: how it is made, what is seen of it.

Opaque directories and whiteouts, shown by the image that has them; in the volume
``kept`` a socket, and a file with a capability and an access list.
"""

MAKE = """
docker run --name low busybox sh -c 'mkdir /dir; touch /dir/old /gone'
docker commit low low
docker run --name hides low sh -c 'rm -r /dir /gone; mkdir /dir; touch /dir/new'
docker commit hides hidden
cd "$(docker volume inspect --format '{{.Mountpoint}}' kept)"
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1)'
cp /bin/true able && setfacl -m u:65534:r able
setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 able
"""  # CAP_NET_RAW, effective
SHOW = """
docker run --rm hidden sh -c 'ls /dir; ! ls /gone 2>/dev/null'
cd "$(docker volume inspect --format '{{.Mountpoint}}' kept)"
stat -c '%n %F %a %u:%g %y' socket able
getfattr -d -m security able | sed 1d
getfacl -cn able
cd "$(docker info --format '{{.DockerRootDir}}')/overlay2"
find . -path '*/diff/*' -type c -printf '%p %D\\n' | wc -l
getfattr -RPh -m trusted.overlay.opaque -d . | grep -c opaque
"""
