#!/bin/sh
# Stands between cargo and rustc while bench targets are linked again: rustc calls linker.sh in place of the linker. Whatever
# else is compiled, rustc compiles as it is told to.
linker=cc crate='' suffix='' previous=''
for argument do
    case "$previous $argument" in
        "--crate-name "*) crate=$argument ;;
        "-C extra-filename="*) suffix=${argument#extra-filename=} ;;
        "-C linker="* | "--codegen linker="*) linker=${argument#linker=} ;;
        *" -Clinker="*) linker=${argument#-Clinker=} ;;
        *" --codegen=linker="*) linker=${argument#--codegen=linker=} ;;
    esac
    previous=$argument
done
[ -z "$BENCH_LAYOUTS_WRAPPER" ] || set -- "$BENCH_LAYOUTS_WRAPPER" "$@"
grep -qxF -e "$crate$suffix" "$BENCH_LAYOUTS/outputs" || exec "$@"
# Under the name of the linker, from which rustc guesses how it is to be spoken to.
stand_in=$BENCH_LAYOUTS/${linker##*/}
ln -s linker.sh "$stand_in" 2>/dev/null
export BENCH_LAYOUTS_LINKER="$linker" BENCH_LAYOUTS_OUTPUT="$crate$suffix"
exec "$@" -C "linker=$stand_in"
