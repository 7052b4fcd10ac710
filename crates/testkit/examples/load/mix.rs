//! What people do, how often, and what each request counts as.

use rand::{RngExt as _, rngs::StdRng};

macro_rules! operations {
    ($($name:ident = $text:literal in $class:literal;)*) => {
        /// A request, as it is told in the report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Operation { $($name,)* }

        impl Operation {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            pub(crate) const fn class(self) -> &'static str {
                match self { $(Self::$name => $class,)* }
            }
        }
    };
}

operations! {
    SignIn = "sign in" in "authentication";
    Renew = "renew the access token" in "authentication";
    Companies = "page of companies" in "companies";
    Search = "companies by part of a name" in "companies";
    Company = "one company" in "companies";
    Annual = "page of annual predictions" in "predictions";
    Narrowed = "predictions of one risk level" in "predictions";
    Quarterly = "page of quarterly predictions" in "predictions";
    Prediction = "one prediction" in "predictions";
    Dashboard = "dashboard" in "dashboards";
    Score = "score a row" in "single scores";
    Create = "create a prediction" in "single scores";
    HandIn = "hand a file in" in "uploads";
    Status = "status of an upload" in "status of uploads";
    Users = "list of people" in "administration";
    Organizations = "list of organizations" in "administration";
    Members = "people of an organization" in "administration";
    Audit = "audit log" in "administration";
    NewUser = "make an account" in "administration";
    Rename = "rename a person" in "administration";
}

/// What everybody does, in thousandths of all actions; signing in is followed by renewing, handing in by looking at
/// the status until the upload has ended.
const EVERYBODY: &[(Operation, u32)] = &[
    (Operation::Companies, 150),
    (Operation::Search, 100),
    (Operation::Company, 100),
    (Operation::Annual, 120),
    (Operation::Narrowed, 30),
    (Operation::Quarterly, 50),
    (Operation::Prediction, 50),
    (Operation::Dashboard, 100),
    (Operation::Score, 90),
    (Operation::Create, 60),
    (Operation::SignIn, 50),
    (Operation::HandIn, 50),
];
/// What only those do who run an organization or a tenant, in thousandths of all actions.
const ADMINS: &[(Operation, u32)] = &[
    (Operation::Users, 12),
    (Operation::Organizations, 10),
    (Operation::Members, 8),
    (Operation::Audit, 10),
    (Operation::NewUser, 3),
    (Operation::Rename, 7),
];

/// How likely an administrator's next action is one of administration, so that it makes its share of all actions:
/// the fewer administrators, the more of it each has.
pub(crate) fn administering(admins: usize, people: usize) -> f64 {
    let share = f64::from(ADMINS.iter().map(|(_, weight)| weight).sum::<u32>()) / 1_000.0;
    #[allow(clippy::cast_precision_loss)] // small numbers
    let of_people = admins.max(1) as f64 / people.max(1) as f64;
    (share / of_people).min(0.9)
}

/// The next action of somebody who administers with this likelihood.
pub(crate) fn draw(administering: f64, random: &mut StdRng) -> Operation {
    let list = if random.random_bool(administering) { ADMINS } else { EVERYBODY };
    let mut left = random.random_range(0..list.iter().map(|(_, weight)| weight).sum::<u32>());
    for (operation, weight) in list {
        if left < *weight {
            return *operation;
        }
        left -= weight;
    }
    Operation::Companies
}
