#!/bin/sh
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
# One load from four nodes: sbatch slurm.sh http://server:8000 --rate 2000 --duration 60s
# Worker 1 listens on the first node. It reports, into benchmark_results of the folder from which this was submitted.
# --kill-on-bad-exit=0: workers end each other, and say why.
exec srun --kill-on-bad-exit=0 bench load "$@"
