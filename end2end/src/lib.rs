//! Browser tests; everything is in tests/.
