"""Core: the small language that every stage of the compiler takes and gives."""
