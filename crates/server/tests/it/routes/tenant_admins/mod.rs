mod assign_admin;
mod assign_to_organization;
mod create;
mod look_and_remove;
