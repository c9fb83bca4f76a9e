"""What every campaign needs: judge, count, find, shrink, remember.

options.py    what the command line asks for          seeds.py      seeds and Hypothesis profiles, all explicit
oracle.py     a container judged by every expectation that applies
batches.py    several containers in one go, which is quicker
symptom.py    when two violations are one find        budget.py     how long to go on
hunt.py       the loop: generate, reproduce, shrink   coverage.py   properties and pairs of them that were judged
files.py      cases as plain JSON                     corpus.py     found cases, kept and replayed
journal.py    what survives a kill                    progress.py   lines for whoever watches
minimize.py   make a found case smaller               ahead.py      the next round, made while the runtime works
"""
