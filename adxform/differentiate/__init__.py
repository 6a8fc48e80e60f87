"""Forward (tangent) and reverse (adjoint) transformations of Core."""
