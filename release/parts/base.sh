# The container image below the bundle: the C library, a shell for probes, and accounts. Scanners of images without dpkg
# look for each package's control file in var/lib/dpkg/status.d/.
set -euxo pipefail
base=/out/base
rm -rf /src/debs $base && mkdir -p /src/debs $base/var/lib/dpkg/status.d && cd /src/debs
apt-get update
apt-get download base-files dash libc6 libgcc-s1
for package in *.deb; do
    dpkg -x "$package" $base
    dpkg-deb -f "$package" > "$base/var/lib/dpkg/status.d/$(dpkg-deb -f "$package" Package)"
done
cd $base
find usr/share -mindepth 1 -maxdepth 1 ! -name doc ! -name common-licenses -exec rm -rf {} +
find usr/share/doc -type f ! -name copyright -delete
rm -rf usr/lib/*/gconv usr/lib/systemd etc/default etc/profile.d etc/update-motd.d
ln -sf dash usr/bin/sh
cat > etc/passwd <<EOF
root:x:0:0:root:/root:/bin/sh
aeron:x:10000:10000:Aeron media driver:/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
EOF
cat > etc/group <<EOF
root:x:0:
aeron:x:10000:
nogroup:x:65534:
EOF
printf 'passwd: files\ngroup: files\nhosts: files dns\n' > etc/nsswitch.conf
chroot $base /bin/sh -c 'exit 0'
