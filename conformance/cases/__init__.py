"""Cases: bundle recipes worth running. `case.py` says what a case is; `all.py` lists every one; `defects.py` has
valid configs with exactly one named defect.
"""
