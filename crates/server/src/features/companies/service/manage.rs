//! Adding, changing and deleting companies.

use accunode_domain::{Error, Permission, Result, Role, UserId};
use serde_json::json;
use uuid::Uuid;

use super::{
    super::store::{self, Change, CompanyRow, New},
    audited, belongs, find, nowhere, owner, told,
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::predictions::{
        service::Owner,
        store::latest::{self, Growth},
    },
    state::AppState,
};

/// Adds a company at the caller's own level.
///
/// # Errors
/// [`Error::BadRequest`] for an analyst without an organization, and where there is a company of this symbol.
pub(crate) async fn create(state: &AppState, caller: &Caller, new: &New) -> Result<CompanyRow> {
    if matches!(caller.role, Role::OrgMember | Role::OrgAdmin) && caller.organization_id.is_none() {
        return Err(Error::BadRequest("Who adds companies must belong to an organization".to_owned()));
    }
    let owner = Owner::of(caller);
    let (id, now) = (Uuid::now_v7(), state.clock.now());
    let mut tx = state.db.scoped(caller).await?;
    if !store::insert(&mut tx, id, new, &owner, now).await? {
        return Err(Error::BadRequest(format!(
            "Company with symbol {} already exists in your {} scope",
            new.symbol, owner.level
        )));
    }
    let row = find(&mut tx, caller, id).await?;
    latest::touch(&mut tx, owner.id(), Growth { companies: 1, ..Growth::NONE }).await?;
    let event = Event::done("company.create").on("company", id).after(audited(&row));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(row)
}

/// Changes a company's own fields.
///
/// # Errors
/// [`Error::NotFound`] for a company out of sight, [`Error::Forbidden`] for another's, [`Error::Invalid`] for another
/// `symbol` than it has.
pub(crate) async fn update(
    state: &AppState,
    caller: &Caller,
    id: Uuid,
    symbol: Option<&str>,
    change: &Change,
) -> Result<CompanyRow> {
    let mut tx = state.db.scoped(caller).await?;
    let row = find(&mut tx, caller, id).await?;
    let belongs = belongs(&mut tx, caller, &row).await?;
    if !caller.reaches(Permission::CompanyUpdate, &belongs) {
        return Err(Error::Forbidden(
            "Only who added a company, or who runs its organization, can change it".to_owned(),
        ));
    }
    let before = store::locked(&mut tx, id).await?.ok_or_else(nowhere)?;
    if symbol.is_some_and(|symbol| symbol != before.symbol) {
        return Err(Error::field("symbol", "Invalid symbol: the symbol of a company cannot be changed"));
    }
    let now = state.clock.now();
    store::change(&mut tx, id, change, now).await?;
    let after = find(&mut tx, caller, id).await?;
    latest::touch(&mut tx, owner(&after)?.id(), Growth::NONE).await?;
    let event = Event::done("company.update").tenant(belongs.tenant).on("company", id);
    audit::record(&mut tx, caller, event.before(audited(&before)).after(audited(&after)), now).await?;
    tx.commit().await?;
    Ok(told(caller, after))
}

/// Deletes a company; gives its symbol and how many predictions went with it.
///
/// # Errors
/// [`Error::NotFound`] for a company out of sight; [`Error::Forbidden`] for another's, and where it has predictions that
/// the caller may not delete; [`Error::Conflict`] where it has any and `with_predictions` is not said.
pub(crate) async fn delete(
    state: &AppState,
    caller: &Caller,
    id: Uuid,
    with_predictions: bool,
) -> Result<(String, i64)> {
    let mut tx = state.db.scoped(caller).await?;
    let row = find(&mut tx, caller, id).await?;
    let belongs = belongs(&mut tx, caller, &row).await?;
    if !caller.reaches(Permission::CompanyDelete, &belongs) {
        return Err(Error::Forbidden(
            "Only who added a company, or who runs its organization, can delete it".to_owned(),
        ));
    }
    let row = store::locked(&mut tx, id).await?.ok_or_else(nowhere)?;
    let predictions = store::predictions(&mut tx, id).await?;
    let count: i64 = predictions.iter().map(|(_, n)| n).sum();
    if count > 0 && !with_predictions {
        return Err(Error::Conflict(format!(
            "The company has {count} predictions: say with_predictions=true to delete them with it"
        )));
    }
    let may_delete = |creator: &Uuid| {
        let theirs = accunode_domain::Belongs { owner: Some(UserId(*creator)), ..belongs };
        caller.reaches(Permission::PredictionDelete, &theirs)
    };
    if !predictions.iter().all(|(creator, _)| may_delete(creator)) {
        return Err(Error::Forbidden("The company has predictions that only others can delete".to_owned()));
    }
    store::delete(&mut tx, id).await?;
    // Whoever adds a prediction holds its company first, so these are all.
    let growth = Growth { companies: -1, annual: -row.annual_count, quarterly: -row.quarterly_count };
    latest::touch(&mut tx, owner(&row)?.id(), growth).await?;
    let mut before = audited(&row);
    before["predictions"] = json!(count);
    let event = Event::done("company.delete").tenant(belongs.tenant).on("company", id).before(before);
    audit::record(&mut tx, caller, event, state.clock.now()).await?;
    tx.commit().await?;
    Ok((row.symbol, count))
}
