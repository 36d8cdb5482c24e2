//! How far long work has come. Whoever works tells; only `cli` shows it.

/// Told by workers on any thread; must not slow them down.
pub trait Progress: Sync {
    /// So many steps are known to lie ahead in all; may be told again when more become known.
    fn set_total(&self, steps: u64);

    /// So many more steps are done.
    fn advance(&self, steps: u64);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn set_total(&self, _steps: u64) {}
    fn advance(&self, _steps: u64) {}
}
