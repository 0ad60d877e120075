//! What a mouse did, in cells. Only what the program has a use for: a press of the first button and the wheel.

/// What it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAction {
    /// The first button was pressed.
    Press,
    /// The wheel was turned away from the person.
    WheelUp,
    /// The wheel was turned towards the person.
    WheelDown,
}

/// An action and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What it did.
    pub action: MouseAction,
    /// Column, from 0. It may lie outside of the screen: whoever reports it is not to be trusted.
    pub x: u16,
    /// Row, from 0.
    pub y: u16,
}
