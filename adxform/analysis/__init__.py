"""Facts about Core, kept beside it: types, activity, aliasing, liveness."""
