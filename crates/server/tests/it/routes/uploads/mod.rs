mod list;
mod results;
mod status;
mod submit;
