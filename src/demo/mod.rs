//! A leaf: a sample system to watch. It imports nothing of the house.
