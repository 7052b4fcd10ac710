//! What the Application Security Verification Standard asks for and no other test shows. `docs/security.md` names for
//! each of its points the test that shows it.

mod answers;
mod input;
mod logs;
mod sessions;
mod table;
