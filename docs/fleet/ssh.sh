#!/bin/sh
# One load from several machines that ssh reaches: ssh.sh "host1 host2 host3" http://server:8000 --rate 2000 --duration 60s
# Worker 1 is on the first of them: there it listens, and reports into benchmark_results of the home folder.
set -eu
hosts=$1
shift
first=${hosts%% *}
count=$(echo "$hosts" | wc -w)
# Quoted once more: ssh hands one line to the shell of the other machine.
line="--rendezvous $first:${PORT:-7400}$(printf " '%s'" "$@")"
number=1
for host in ${hosts#"$first"}; do
    number=$((number + 1))
    "${SSH:-ssh}" -n "$host" "bench load --share $number/$count $line" &
done
# Its terminal takes Ctrl-C, which ends all workers.
"${SSH:-ssh}" -t "$first" "bench load --share 1/$count $line" && code=0 || code=$?
wait
exit "$code"
