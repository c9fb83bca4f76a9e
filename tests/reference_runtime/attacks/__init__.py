"""Public attacks on container runtimes, performed on the reference runtime and on copies of it that lack one defence each.

weakening.py     copies of the runtime with one named change
ground.py        a bundle, an attacker and calls of one build of the runtime
on_*.py          the attacks, by what they aim at
test_attacks.py  each in a session jail of its own, by way of __main__.py
"""
