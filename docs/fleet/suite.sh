#!/bin/sh
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
# The benchmarks of one suite, a part on each of four nodes: sbatch suite.sh ./target/release/deps/suite-*
# Each node measures the cases of its part and adds them to one history, where the parts are one run; BENCH_STORE names it,
# such as postgres://bench@history/bench. A case is always measured by the same task of the job.
set -eu
: "${BENCH_STORE:?set it to the address of the history}"
exec srun --kill-on-bad-exit=0 sh -c '
    results=benchmark_results/$SLURM_JOB_ID-$SLURM_PROCID
    bench run "$@" --output-dir "$results" && code=0 || code=$?
    # A part that could not begin has no run.
    if [ -e "$results/latest" ]; then bench store add "$results/latest"; fi
    exit "$code"
' bench "$@"
