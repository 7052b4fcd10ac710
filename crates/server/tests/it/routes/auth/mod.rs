mod change_password;
mod forgot_password;
mod join;
mod lockout;
mod login;
mod logout;
mod refresh;
mod register;
