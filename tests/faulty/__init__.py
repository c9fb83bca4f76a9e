"""Runtimes that are wrong on purpose, to see the suite turn red.

fault.py       what a fault is            faults/        one module per chapter: every fault, and what it reddens
wrapper.py     stands in for the real runtime and commits one fault
behaviours.py  faults of operations       install.py     makes an executable of wrapper, fault and real runtime
hopeless.py    runtimes that do nothing, always fail, or print rubbish
"""
