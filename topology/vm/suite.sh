# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Suites of another Debian release than the host's: their package lists, and a
# root to build in. Part of topology/vm/kernel, which has $build and die().

# suite_release SUITE: the Debian release that it belongs to
suite_release() {
	echo "${1%-backports}"
}

# suite_codename SUITE: what the mirrors call it
suite_codename() {
	case $(suite_release "$1") in
	12) code=bookworm ;;
	13) code=trixie ;;
	esac
	echo "$code${1#"$(suite_release "$1")"}"
}

suite_is_ours() {
	[ "$(suite_release "$1")" = "$(sed -n 's/^VERSION_ID="*\([0-9]*\)"*$/\1/p' /etc/os-release)" ]
}

# mirror LABEL: where the host gets that archive from
mirror() {
	apt-get indextargets --format '$(ORIGIN)/$(LABEL) $(REPO_URI)' 'Identifier: Packages' |
		sed -n "s,^Debian/$1 ,,p" | head -n 1
}

# suite_apt SUITE: from here on, apt looks at this suite only, in lists of its own.
suite_apt() {
	main=$(mirror Debian)
	security=$(mirror Debian-Security)
	[ -n "$main" ] && [ -n "$security" ] ||
		die "apt has no lists of Debian and Debian-Security: name both in its sources and run 'apt-get update'"
	apt=$build/kernel/.apt/$1
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	code=$(suite_codename "$1")
	key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	{
		echo "deb $key $main $code main"
		case $1 in
		*-backports) ;;
		*) echo "deb $key $security $code-security main" ;;
		esac
	} >"$apt/sources.list.new"
	cat >"$apt/apt.conf" <<-END
	Dir::State "$apt/state";
	Dir::State::status "/dev/null";
	Dir::Cache "$apt/cache";
	Dir::Etc::SourceList "$apt/sources.list";
	Dir::Etc::SourceParts "/dev/null";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "/dev/null";
	APT::Sandbox::User "root";
	END
	cmp -s "$apt/sources.list.new" "$apt/sources.list" || rm -rf "$apt/state/lists"
	mv "$apt/sources.list.new" "$apt/sources.list"
	export APT_CONFIG="$apt/apt.conf"
}

# suite_root SUITE PACKAGE...: a root of that release with these packages, made if need be; prints its name
suite_root() {
	release=$(suite_release "$1")
	shift
	packages=$(printf '%s\n' "$@" | sort -u | paste -s -d ,)
	root_name=$release-$(echo "$packages" | cksum | cut -d ' ' -f 1)
	roots=$build/kernel/.root
	if [ -d "$roots/$root_name" ]; then
		echo "$root_name"
		return
	fi
	command -v debootstrap >/dev/null || die "no 'debootstrap': run 'make deps' first"
	case $build/ in
	/usr/* | /etc/*) die "$build: a root of Debian $release would hide it; build outside of /usr and /etc" ;;
	esac
	echo "topology/vm/kernel: making a root of Debian $release to build in (once, some minutes)" >&2
	mkdir -p "$roots"
	rm -rf "$roots"/.new.* # of one that was interrupted: the lock is ours
	new=$(mktemp -d "$roots/.new.XXXXXX")
	log=$roots/$root_name.log
	# What it mounts there goes with it.
	if ! unshare --mount debootstrap --variant=minbase --include="$packages" \
		"$(suite_codename "$release")" "$new" "$main" >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -rf "$new"
		die "debootstrap failed (all of it: $log)"
	fi
	mv -T "$new" "$roots/$root_name"
	echo "$root_name"
}

# suite_enter MAKEFILE ROOT: what make does with this Makefile of kernel headers, it does in that
# root. The host's files are seen there, but for /usr and /etc.
suite_enter() {
	{
		cat <<'END'
ifndef REX_ENTERED
.PHONY: entered $(MAKECMDGOALS)
$(or $(MAKECMDGOALS),all): entered ;
END
		printf 'ROOT := $(dir $(realpath $(lastword $(MAKEFILE_LIST))))../../../../../.root/%s\n' "$2"
		cat <<'END'
entered:
	@REX_ENTERED=1 MAKEFLAGS='$(filter-out -j% --jobserver%,$(MAKEFLAGS))' unshare --mount sh -c \
		'mount --bind $(ROOT)/etc /etc && mount --bind $(ROOT)/usr /usr && exec "$$@"' sh \
		make -C $(CURDIR) -j$(shell nproc) $(MAKECMDGOALS)
else
END
		cat "$1"
		echo endif
	} >"$1.new"
	mv "$1.new" "$1"
}
