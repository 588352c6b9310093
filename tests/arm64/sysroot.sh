#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Unpacks Debian's arm64 libraries ([arm64-sysroot] of packaging/dependencies and what those depend on) into a folder, for
# cmake/arm64-linux-gnu.cmake. apt works on lists of its own in that folder: no package of this machine is touched, no
# rights are needed. Argument: the folder.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$1"
sysroot=$(cd "$1" && pwd)

mapfile -t packages < <(awk '/^\[/ { inside = ($1 == "[arm64-sysroot]"); next } inside && NF && $1 !~ /^#/ { print $1 }' "$root/packaging/dependencies")
wanted="${packages[*]}"
[ "$(cat "$sysroot/packages" 2>/dev/null || true)" != "$wanted" ] || exit 0

apt=$sysroot/.apt
mkdir -p "$apt/state/lists/partial" "$apt/archives/partial"
: >"$apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${HT_DEBIAN_MIRROR:-http://deb.debian.org/debian} bookworm main" >"$apt/sources.list"
options=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Debug::NoLocking=1 -o Acquire::Languages=none
    -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives"
    -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null)
echo "Fetching ${#packages[@]} arm64 packages and their dependencies into $sysroot" >&2
apt-get "${options[@]}" update >&2
apt-get "${options[@]}" install -y --download-only --no-install-recommends "${packages[@]}" >&2
for file in "$apt"/archives/*.deb; do dpkg -x "$file" "$sysroot"; done

# Links that begin at the root would lead out of the folder.
find "$sysroot" -path "$apt" -prune -o -type l -lname '/*' -print | while read -r link; do
    ln -snf "$(realpath -ms --relative-to="$(dirname "$link")" "$sysroot$(readlink "$link")")" "$link"
done
echo "$wanted" >"$sysroot/packages"
