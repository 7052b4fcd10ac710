mod access;
mod create;
mod delete;
mod list;
mod members;
mod people;
mod update;
mod whitelist;
