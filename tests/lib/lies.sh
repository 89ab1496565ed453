# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Which column must show which lie of bench-liar (bench/unit/liar.c), for each generator.
# A test sources it, runs told() for each lie in its first test and compares with caught()
# (tap_table with TAP_COMPARES=1).

# shellcheck disable=SC2034 # for those who source it
LIES='honest nosum value last swap flags key longer shorter truncated extra seq count reserved
	error ended tiny end empty id old srcport dstport srcaddr dstaddr dstmac srcmac udpsum ipsum
	fragment udplen lost mixed late latewrong lateend second secondwrong secondend'

# The lies about a GET of several keys, for the generators that send it.
PART_LIES='parts whole partlost parttwice partkey partorder earlyend endtwice partlate'

# These leave the request without a reply in time. mcload's kernel drops what is broken.
loses() { # LIE TOOL
	case $1 in
	empty | id | old | srcport | dstport | srcaddr | dstaddr | lost | mixed | late* | partlate) true ;;
	dstmac | udpsum | ipsum | fragment | udplen) [ "$2" = mcload ] ;;
	*) false ;;
	esac
}

# The columns, beside lost, that are not 0.
columns() { # LIE TOOL
	case $1:$2 in
	honest:* | nosum:* | lost:* | parts:* | whole:*) ;;
	# replies may take another way back, through other machines; live frames do not
	srcmac:rexgen | srcmac:mcload) ;;
	dstport:mcload | dstaddr:mcload | dstmac:mcload | udpsum:mcload | ipsum:mcload) ;;
	fragment:mcload | udplen:mcload) ;;
	end:* | partlost:*) echo missing ;;
	# what follows END is of another reply
	earlyend:*) echo missing duplicate ;;
	endtwice:*) echo duplicate duplicate_wrong ;;
	empty:* | id:*) echo stray ;;
	old:* | secondwrong:* | secondend:*) echo duplicate duplicate_wrong ;;
	second:* | mixed:* | parttwice:*) echo duplicate ;;
	srcport:* | dstport:*) echo stray stray_port ;;
	srcaddr:* | dstaddr:*) echo stray stray_address ;;
	late:* | partlate:*) echo late ;;
	latewrong:* | lateend:*) echo late late_wrong ;;
	*) echo wrong ;;
	esac
}

# told DIR TOOL LIE FIRST LIES DELAY_MS RUN...: what RUN --json FILE reports while the liar
# (started with the words of $LIAR) tells this lie. Files DIR/TOOL-LIE.{json,text,status,told}
told() {
	local base=$1/$2-$3 lie=$3 first=$4 lies=$5 delay=$6 liar status=0
	shift 6
	# shellcheck disable=SC2086 # words
	$LIAR "$lie" "$first" "$lies" "$delay" >"$base.told" &
	liar=$!
	wait_for 20 grep -q ready "$base.told"
	"$@" --json "$base.json" >"$base.text" 2>&1 || status=$?
	echo $status >"$base.status"
	kill $liar
	wait $liar || :
}

# caught LIE TOOL: the lies stand in their columns, all of them, and nothing stands elsewhere.
caught() {
	local base=$TAP_DIR/$2-$1 told name want lost late
	[ -s "$base.json" ] || fail "no report: $(cat "$base".*)"
	cat "$base.text"
	column() { sed -n "s/^[^{]*{[^{]*\"$1\":\([0-9.]*\)[,}].*/\1/p" "$base.json"; }
	told=$(sed -n 's/^told //p' "$base.told")
	[ "$told" -gt 0 ] || fail "the liar told no lie"
	# every other one is lost, the rest is doubled
	[ "$1" != mixed ] || told=$((told / 2))
	for name in wrong missing duplicate duplicate_wrong stray stray_port stray_address late_wrong; do
		want=0
		case " $(columns "$1" "$2") " in *" $name "*) want=$told ;; esac
		eq "$name $(column $name)" "$name $want"
	done
	# a busy machine may delay an honest reply, too: then it is late, and right
	lost=$(column lost) late=$(column late)
	case $1:$2 in
	late* | partlate:*) [ "$late" -ge "$told" ]; eq "lost $lost" "lost $late" ;;
	*) eq "never came: $((lost - late))" "never came: $(loses "$1" "$2" && echo "$told" || echo 0)" ;;
	esac
	eq "sent $(column sent)" "sent $(column due)"
	eq "sent $(column sent)" "sent $(($(column received) + lost))"
	eq "received $(column received)" \
		"received $(($(column verified) + $(column wrong) + $(column missing)))"
	want=2
	case $1:$2 in honest:* | nosum:* | parts:* | whole:* | srcmac:rexgen | srcmac:mcload) [ "$lost" -gt 0 ] || want=0 ;; esac
	# a flood loses by design
	[ "$2" != livegen ] || [ -n "$(columns "$1" "$2" | sed 's/^late$//')" ] || want=0
	eq "exit status $(cat "$base.status")" "exit status $want"
}
