//! Process manager.

mod all_of;
mod compensation;
mod diagram;
mod instance;
mod instances;
mod machine;
mod manager;
mod policy;
mod then;
mod undo;
mod waiting;

pub use all_of::AllOf;
pub use diagram::{Dot, Mermaid, dot, mermaid};
pub use instance::{Instance, MAX_TIMERS, Phase, SOURCES};
pub use machine::{Handler, Listed, Machine, Next, Rule};
pub use manager::ProcessManager;
pub use policy::{Full, Missing, Policy, Unbuildable};
pub use then::{TOO_MUCH, Then, UNDECLARED};
pub use undo::{Late, MAX_STEPS, Says, Undo};
