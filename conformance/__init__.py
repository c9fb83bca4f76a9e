"""Drive a runtime, observe its containers from the host side, judge what was seen."""
