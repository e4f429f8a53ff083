//! Slow clients and full places, with short limits.
