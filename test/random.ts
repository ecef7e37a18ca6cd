/**
 * Random inputs are the same in every run, so that a run says of a change what the change did. `RANDOM_SEED=N` takes others; what
 * they find becomes a written case.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.RANDOM_SEED ?? 20250101) });
