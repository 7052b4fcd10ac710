//! Rules of figures: whose rows they are about, and how long they are kept.

mod kept;
mod portfolio;
mod stats;

pub use kept::{keep_up, watch};
pub(crate) use stats::stats;

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Error, OrganizationId, Permission, Result, Role};
use bytes::Bytes;
use uuid::Uuid;

use super::{
    api::{Dash, Dashboard, LastUpdated, Platform, SystemLastUpdated, TimesDescription},
    store::{self, About, Figured, Portion},
};
use crate::{
    caller::Caller,
    features::{grades::service as grades, organizations::service as organizations},
    state::AppState,
};

/// A scope by the name that it has in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeName {
    Personal,
    Organization,
    Tenant,
    System,
}

impl ScopeName {
    const ALL: [Self; 4] = [Self::Personal, Self::Organization, Self::Tenant, Self::System];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Organization => "organization",
            Self::Tenant => "tenant",
            Self::System => "system",
        }
    }

    /// The scope of this name.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `field`.
    pub(crate) fn read(field: &str, text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text.trim()).ok_or_else(|| {
            let name = field.replace('_', " ");
            Error::field(
                field,
                format!("Invalid {name}: personal, organization, tenant or system is expected"),
            )
        })
    }
}

/// What a dashboard is asked for.
pub(crate) struct Ask {
    /// Whether with the platform's own figures.
    pub(crate) platform: bool,
    /// The scope, if it was named.
    pub(crate) scope: Option<ScopeName>,
    /// The organization, if it was named.
    pub(crate) organization: Option<Uuid>,
    /// What the request calls the organization.
    pub(crate) field: &'static str,
}

/// What a caller's dashboard is about unless they ask for something else.
fn usual(caller: &Caller) -> Portion {
    match caller.role {
        Role::SuperAdmin => Some(Portion::Everything),
        Role::TenantAdmin => caller.runs_tenant().map(|tenant| Portion::Tenant(tenant.0)),
        Role::OrgAdmin | Role::OrgMember => caller.organization_id.map(|o| Portion::Organization(o.0)),
        Role::User => None,
    }
    .unwrap_or(Portion::Personal(caller.user_id.0))
}

/// The rows that a dashboard is about, as far as the caller's role allows.
async fn portion(state: &AppState, caller: &Caller, ask: &Ask) -> Result<Portion> {
    let usual = usual(caller);
    if let Some(id) = ask.organization {
        if !matches!(usual, Portion::Everything | Portion::Tenant(_)) {
            let text = "Only tenant administrators can ask for an organization";
            return Err(Error::Forbidden(text.to_owned()));
        }
        if ask.scope.is_some_and(|scope| scope != ScopeName::Organization) {
            let name = ask.field.replace('_', " ");
            return Err(Error::field(
                ask.field,
                format!("Invalid {name}: it goes with the scope organization alone"),
            ));
        }
        let mut tx = state.db.scoped_read(caller).await?;
        organizations::find(&mut tx, caller, Permission::DashboardRead, OrganizationId(id)).await?;
        return Ok(Portion::Organization(id));
    }
    match (ask.scope, usual) {
        (None, usual)
        | (Some(ScopeName::Organization), usual @ Portion::Organization(_))
        | (Some(ScopeName::Tenant), usual @ Portion::Tenant(_))
        | (Some(ScopeName::System), usual @ Portion::Everything) => Ok(usual),
        (Some(ScopeName::Personal), _) => Ok(Portion::Personal(caller.user_id.0)),
        (Some(ScopeName::Organization), Portion::Everything | Portion::Tenant(_)) => {
            let name = ask.field.replace('_', " ");
            Err(Error::field(ask.field, format!("Invalid {name}: the organization must be named")))
        }
        (Some(scope), _) => {
            Err(Error::Forbidden(format!("Your role has no figures of the scope {}", scope.as_str())))
        }
    }
}

/// The name of a value that is kept for this caller: whose sight it is, what was asked, and how often the data in
/// that sight was changed.
fn key(caller: &Caller, what: &str) -> String {
    let place = &caller.place;
    format!(
        "dashboard|{what}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
        caller.role, caller.user_id, caller.organization_id, caller.tenant_id, place.scale, place.versions
    )
}

/// A dashboard as JSON.
///
/// # Errors
/// [`Error::Forbidden`] for a scope or an organization beyond the role, [`Error::NotFound`] for an organization that
/// is not in sight, [`Error::Invalid`] for a scope without the organization that it needs.
pub(crate) async fn dashboard(state: &AppState, caller: &Caller, ask: &Ask) -> Result<Bytes> {
    let portion = portion(state, caller, ask).await?;
    let key = key(caller, &format!("{portion:?}|{}", ask.platform));
    state.cache.get_or_make(&key, usize::MAX, made(state, caller, portion, ask.platform)).await
}

/// A dashboard as it is now.
async fn made(state: &AppState, caller: &Caller, portion: Portion, with_platform: bool) -> Result<Bytes> {
    let mut tx = state.db.scoped_read(caller).await?;
    let fresh = kept::fresh(state, &mut tx, portion).await?;
    let figured = store::figures(&mut tx, portion, &fresh).await?;
    let about = store::about(&mut tx, portion, &fresh).await?;
    let platform = if with_platform {
        Some(platform(&mut tx, &fresh, about.system_last_updated()).await?)
    } else {
        None
    };
    drop(tx);
    let scale = grades::by_id(state, caller.place.scale).await?;
    let dash = dash(portion, &about, &figured);
    let answer = Dashboard {
        scope: dash.scope.clone(),
        user_dashboard: dash,
        portfolio: portfolio::portfolio(&scale.master, figured),
        platform_statistics: platform,
        timestamp: state.clock.now(),
        description: TimesDescription {
            user_last_updated: "When your own predictions were last made or changed".to_owned(),
            system_last_updated: "When the platform's predictions were last made or changed".to_owned(),
        },
    };
    Ok(Bytes::from(serde_json::to_vec(&answer).map_err(Error::internal)?))
}

async fn platform(tx: &mut Tx, fresh: &str, last: Option<Timestamp>) -> Result<Platform> {
    let totals = Totals::of(&store::figures(tx, Portion::System, fresh).await?);
    Ok(Platform {
        total_companies: totals.companies,
        total_predictions: totals.annual + totals.quarterly,
        annual_predictions: totals.annual,
        quarterly_predictions: totals.quarterly,
        average_default_rate: totals.rate,
        high_risk_companies: totals.high,
        sectors_covered: totals.sectors,
        last_updated_times: SystemLastUpdated { system_last_updated: last },
    })
}

/// The figures that a dashboard of any portion has.
#[derive(Default)]
struct Totals {
    companies: i64,
    annual: i64,
    quarterly: i64,
    rate: f64,
    high: i64,
    sectors: i64,
}

impl Totals {
    fn of(Figured { companies, trend, .. }: &Figured) -> Self {
        let all = companies.iter().find(|row| row.part == "all");
        let rows: i64 = trend.iter().map(|t| t.predictions).sum();
        let rates: f64 = trend.iter().map(|t| t.rate).sum();
        let of = |kind: &str| trend.iter().filter(|t| t.kind == kind).map(|t| t.predictions).sum();
        Self {
            companies: all.map_or(0, |a| a.companies),
            annual: of("annual"),
            quarterly: of("quarterly"),
            rate: (portfolio::mean(rates, rows) * 1e4).round() / 1e4,
            high: all.map_or(0, |a| a.high),
            sectors: all.map_or(0, |a| a.sectors),
        }
    }
}

fn dash(portion: Portion, about: &About, figured: &Figured) -> Dash {
    let totals = Totals::of(figured);
    let named = |name: &Option<String>| name.clone().unwrap_or_default();
    let (scope, name, words) = match portion {
        Portion::Personal(_) => {
            (ScopeName::Personal, "Personal Data".to_owned(), "Your own companies and predictions")
        }
        Portion::Organization(_) => (
            ScopeName::Organization,
            named(&about.organization_name),
            "Companies and predictions of the organization",
        ),
        Portion::Tenant(_) => (
            ScopeName::Tenant,
            named(&about.tenant_name),
            "Companies and predictions of the tenant's organizations",
        ),
        Portion::System | Portion::Everything => (
            ScopeName::System,
            "System Administrator".to_owned(),
            "All companies and predictions of the platform",
        ),
    };
    Dash {
        scope: scope.as_str().to_owned(),
        user_name: about.user_name.clone(),
        organization_name: name,
        total_companies: totals.companies,
        total_predictions: totals.annual + totals.quarterly,
        annual_predictions: totals.annual,
        quarterly_predictions: totals.quarterly,
        average_default_rate: totals.rate,
        high_risk_companies: totals.high,
        sectors_covered: totals.sectors,
        data_scope: words.to_owned(),
        last_updated_times: LastUpdated {
            user_last_updated: about.user_last_updated(),
            system_last_updated: about.system_last_updated(),
        },
    }
}
