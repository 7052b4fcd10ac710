mod create;
mod list;
mod revoke;
mod using;
