//! The order of it all: options + repository -> Report.
