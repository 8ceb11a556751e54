"""`python -m benchmarks.mutants`: which small changes of the engine's rules would no test notice?

Written here, because the bar is not that every mutant dies but that none which changes a level lives: a survivor is
also played against the engine as it is, on recordings and made readings, and its levels are compared.
"""
