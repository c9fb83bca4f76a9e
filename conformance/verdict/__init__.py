"""From what judging came to, to what people and machines read.

outcome.py    what one (case, requirement) came to       results.py     results.jsonl, an object a line
waivers.py    known violations, kept outside the tests    scoring.py     per requirement, per level, exit code
summary.py    the terminal summary                        reproducer.py  a violation by plain runtime calls
allure.py     labels, attachments, environment            junit.py       merges JUnit files
"""
