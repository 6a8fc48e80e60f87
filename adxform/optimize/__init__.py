"""Passes from Core to Core that keep what a program computes."""
