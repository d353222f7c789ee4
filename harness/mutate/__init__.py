"""Mutants of an engine's code: does the comparison see a change that is known to be there?"""
