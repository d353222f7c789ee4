"""Clearances: permission to delete named paths, bound to all that the gate's word rests on."""
