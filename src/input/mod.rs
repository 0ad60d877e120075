//! Floor 1: keys, commands and the map between them. Our own key type; no terminal library.
