//! The picture of the machine.

use super::order::Orders;
use ringmain::pattern::process_manager::{dot, mermaid};

/// 19.d15: Mermaid of the machine equals the golden file.
#[test]
fn process_manager_15_mermaid() {
    assert_eq!(mermaid::<Orders>().to_string(), include_str!("order.mmd"));
}

/// 19.d15: DOT of the machine equals the golden file.
#[test]
fn process_manager_15_dot() {
    assert_eq!(dot::<Orders>().to_string(), include_str!("order.dot"));
}
