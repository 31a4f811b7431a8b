#!/bin/sh
# Stands in for the linker: links as it is told to, and then once for each layout, while the object files are there.
"$BENCH_LAYOUTS_LINKER" "$@" || exit
for argument do
    [ "${previous:-}" != -o ] || output=$argument
    previous=$argument
done
# A command line that is too long is passed in a file, and holds no -o.
refusal=$BENCH_LAYOUTS/$BENCH_LAYOUTS_OUTPUT.refusal
if [ -z "${output:-}" ]; then
    echo "found no -o in its command line" >"$refusal"
    exit 0
fi
case ${BENCH_LAYOUTS_LINKER##*/} in
    ld | ld.* | *-ld | *lld* | mold) pass='' ;;
    *) pass=-Wl, ;;
esac
number=1
while [ "$number" -le "$BENCH_LAYOUTS_NUMBER" ]; do
    layout=$output-layout-$number
    shuffle=$pass--shuffle-sections
    # LLVM's lld is given patterns; mold, which has no such thing, shuffles all code and data.
    "$BENCH_LAYOUTS_LINKER" "$@" "$shuffle=.text*=$number" "$shuffle=.rodata*=$number" "$shuffle=.data*=$number" \
        "$shuffle=.bss*=$number" -o "$layout" >/dev/null 2>"$refusal" ||
        "$BENCH_LAYOUTS_LINKER" "$@" "$shuffle=$number" -o "$layout" >/dev/null 2>&1 ||
        exit 0
    number=$((number + 1))
done
rm -f "$refusal"
