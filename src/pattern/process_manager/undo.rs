//! What has been done and may have to be undone.

/// A step that was done: what undoes it, and for what. To the library it is a number and 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Undo {
    /// Which step.
    pub step: u8,
    /// What the user needs to undo it.
    pub args: [u8; 16],
}

impl Undo {
    /// A step that is undone by a number.
    #[must_use]
    pub const fn of(step: u8, arg: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = arg.to_le_bytes();
        Self { step, args: [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0] }
    }
    /// The number.
    #[must_use]
    pub const fn arg(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.args;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// What an event says about the step that is being undone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Says {
    /// This step is undone.
    Undone(u8),
    /// This step could not be undone, this time.
    Failed(u8),
    /// An operator: try again what is stuck.
    Retry,
}

/// What becomes of an event that came too late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Late {
    /// It is undone, before all others.
    Undo(Undo),
    /// It is of no account; booked as filtered.
    Ignore,
    /// It is rejected with [`Reason::Late`](crate::contract::Reason::Late).
    Error,
}

/// The steps that are done, the last on top.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    steps: [Undo; MAX_STEPS],
    len: u8,
}

/// How many steps of one instance can be remembered.
pub const MAX_STEPS: usize = 16;

impl Done {
    pub(super) const fn new() -> Self {
        Self { steps: [Undo { step: 0, args: [0; 16] }; MAX_STEPS], len: 0 }
    }
    pub(super) fn as_slice(&self) -> &[Undo] {
        &self.steps[..self.len.into()]
    }
    /// How many more there is room for.
    pub(super) fn room(&self) -> usize {
        MAX_STEPS - usize::from(self.len)
    }
    /// Only where there is room.
    pub(super) fn push(&mut self, undo: Undo) {
        self.steps[usize::from(self.len)] = undo;
        self.len += 1;
    }
    pub(super) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
    }
}
