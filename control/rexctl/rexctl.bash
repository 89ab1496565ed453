# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion for bash: source it, or install it as bash-completion/completions/rexctl.
# The tool itself says what may come next, from its table of commands.
_rexctl() {
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	case ${COMPREPLY[0]-} in "@files "*)
		mapfile -t COMPREPLY < <(compgen -f -X "!*${COMPREPLY[0]#@files }" -- "${COMP_WORDS[COMP_CWORD]}"
			compgen -d -- "${COMP_WORDS[COMP_CWORD]}")
		compopt -o filenames 2>/dev/null ;;
	esac
}
complete -F _rexctl rexctl
