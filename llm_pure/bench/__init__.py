"""Measure what reading, building and counting cost, on recorded traffic: `llm-pure bench`, and the benches of the repository.

`timing` is the method, `recordings` reads cassettes into samples, `contests` pairs each with its floor and its peers,
`measurement` times them; `baseline` compares the ratios of two runs.
"""
