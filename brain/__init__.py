"""The redesigned dunning engine: gather, assess, plan, perform."""
