//! Looking at single predictions, scoring them again, taking them away.

use accunode_db::{Timestamp, Tx, unique_violation};
use accunode_domain::{
    AccessLevel, Belongs, Error, Flag, Kind, OrganizationId, Period, Permission, Result, UserId,
};
use accunode_sheets::Record;
use uuid::Uuid;

use super::{Owner, audited, duplicate, kind_title, score, target};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        grades::{service as grades, store as scales},
        predictions::{
            columns::not_meaningful,
            store::{self, PredictionRow, change as writes, latest::Growth},
        },
    },
    state::AppState,
};

/// One prediction in the caller's sight.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn get(state: &AppState, caller: &Caller, kind: Kind, id: Uuid) -> Result<PredictionRow> {
    let mut tx = state.db.scoped_glance(caller).await?;
    find(&mut tx, caller, kind, id).await
}

/// What a prediction is and was, newest version first.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn versions(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    id: Uuid,
) -> Result<Vec<writes::VersionRow>> {
    let mut tx = state.db.scoped_read(caller).await?;
    find(&mut tx, caller, kind, id).await?;
    Ok(writes::versions(&mut tx, kind, id).await?)
}

/// Scores a prediction again with other inputs. What is known of its company changes too where the caller may change
/// that; the company itself stays, whatever symbol the record has.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`], and [`Error::BadRequest`] in the words of a second prediction when the
/// company has another one for the period.
pub(crate) async fn update(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    id: Uuid,
    record: Record,
) -> Result<PredictionRow> {
    let (mut tx, before, company_creator) =
        open(state, caller, kind, id, Permission::PredictionUpdate).await?;
    let now = state.clock.now();
    let changed = (&record.name, &record.sector, record.market_cap)
        != (&before.name, &before.sector, before.market_cap);
    let company = Belongs { owner: company_creator.map(UserId), ..belongs(caller, &before)? };
    if changed && caller.reaches(Permission::CompanyUpdate, &company) {
        let known = (record.name.as_str(), record.sector.as_str(), record.market_cap);
        store::update_company(&mut tx, before.company_id, known, now).await?;
    }
    let record = Record { symbol: before.symbol.clone(), ..record };
    write(state, caller, kind, tx, before, record, "prediction.update", now).await
}

/// Scores a prediction again with the same inputs, by the model in use and the scale in force.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::Forbidden`].
pub(crate) async fn rescore(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    id: Uuid,
) -> Result<PredictionRow> {
    let (tx, before, _) = open(state, caller, kind, id, Permission::PredictionUpdate).await?;
    let record = as_given(kind, &before)?;
    let now = state.clock.now();
    write(state, caller, kind, tx, before, record, "prediction.rescore", now).await
}

/// Takes a prediction away, with its earlier versions. Its company stays.
///
/// # Errors
/// [`Error::NotFound`] and [`Error::Forbidden`].
pub(crate) async fn delete(state: &AppState, caller: &Caller, kind: Kind, id: Uuid) -> Result<String> {
    let (mut tx, before, _) = open(state, caller, kind, id, Permission::PredictionDelete).await?;
    let gone = writes::delete(&mut tx, kind, id).await?;
    let growth = Growth::predictions(kind, -i64::try_from(gone).map_err(Error::internal)?);
    store::latest::settle(&mut tx, &owner(&before)?, &[before.company_id], growth).await?;
    let event = Event::done("prediction.delete").on(target(kind), id).before(audited(&before));
    audit::record(&mut tx, caller, event.tenant(tenant(&before)), state.clock.now()).await?;
    tx.commit().await?;
    Ok(format!("{} prediction deleted successfully", kind_title(kind)))
}

/// The prediction, if it is in the caller's sight.
async fn find(tx: &mut Tx, caller: &Caller, kind: Kind, id: Uuid) -> Result<PredictionRow> {
    let missing = || Error::NotFound("Prediction not found".to_owned());
    let row = store::seen(tx, kind, id).await?.ok_or_else(missing)?;
    // A key may read the own rows alone.
    let of_all = row.access_level == AccessLevel::System.as_str();
    if of_all && !caller.holds(Permission::PredictionReadSystem) {
        return Err(Error::Forbidden("Not enough permissions".to_owned()));
    }
    Ok(row)
}

/// A writing transaction with the prediction that the caller may change, and who made its company. The company is
/// held until the end: nobody else changes any of its predictions meanwhile.
async fn open(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    id: Uuid,
    permission: Permission,
) -> Result<(Tx, PredictionRow, Option<Uuid>)> {
    let mut tx = state.db.scoped(caller).await?;
    let company_creator = writes::hold(&mut tx, kind, id).await?;
    let row = find(&mut tx, caller, kind, id).await?;
    if !caller.reaches(permission, &belongs(caller, &row)?) {
        return Err(Error::Forbidden("Not enough permissions".to_owned()));
    }
    Ok((tx, row, company_creator))
}

/// To whom a prediction belongs, see [`Owner::belongs`].
fn belongs(caller: &Caller, row: &PredictionRow) -> Result<Belongs> {
    Ok(owner(row)?.belongs(caller, tenant(row)))
}

fn tenant(row: &PredictionRow) -> Option<accunode_domain::TenantId> {
    row.tenant_id.map(accunode_domain::TenantId)
}

fn owner(row: &PredictionRow) -> Result<Owner> {
    Ok(Owner {
        level: row.access_level.parse().map_err(Error::internal)?,
        organization_id: row.organization_id.map(OrganizationId),
        created_by: UserId(row.created_by),
    })
}

/// What was given when the prediction was scored.
fn as_given(kind: Kind, row: &PredictionRow) -> Result<Record> {
    let flags = row.flags();
    let sentinel = |name: &str| flags.iter().any(|f| f.code == Flag::Sentinel && f.field == name);
    Ok(Record {
        kind,
        symbol: row.symbol.clone(),
        name: row.name.clone(),
        market_cap: row.market_cap,
        sector: row.sector.clone(),
        period: Period {
            year: u16::try_from(row.reporting_year).map_err(Error::internal)?,
            quarter: row.reporting_quarter.as_deref().map(str::parse).transpose().map_err(Error::internal)?,
        },
        ratios: row.ratios(kind),
        sentinel: kind.ratios().iter().map(|spec| sentinel(spec.name)).collect(),
    })
}

/// The scale in force where a prediction belongs, whoever scores it again.
async fn scale_of(tx: &mut Tx, caller: &Caller, row: &PredictionRow) -> Result<Option<Uuid>> {
    let owner = owner(row)?;
    Ok(match (owner.level, row.tenant_id) {
        (AccessLevel::Organization, tenant) if tenant != caller.tenant_id.map(|t| t.0) => {
            scales::active(tx, tenant).await?
        }
        (AccessLevel::Personal, _) if owner.created_by != caller.user_id => {
            scales::active_for(tx, row.created_by).await?
        }
        _ => caller.place.scale,
    })
}

/// Keeps the numbers of before as a version, and puts those of the record in their place.
#[allow(clippy::too_many_arguments)] // the two callers differ in the record and the name alone
async fn write(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    mut tx: Tx,
    before: PredictionRow,
    record: Record,
    action: &'static str,
    now: Timestamp,
) -> Result<PredictionRow> {
    let bundle = state.models.get(kind);
    let scale = scale_of(&mut tx, caller, &before).await?;
    let scale = grades::within(state, &mut tx, scale).await?;
    let quality = record.quality(&bundle.training_ranges());
    let rows = [(None, record)];
    let scores = score(&bundle, &rows)?;
    let (Some(score), [(_, record)]) = (scores.first(), &rows) else {
        return Err(Error::internal("a row without a score"));
    };
    let written = writes::Written {
        period: record.period,
        ratios: &record.ratios,
        not_meaningful: not_meaningful(&record.ratios),
        score,
        grade: scale.master.grade(score.probability),
        scale: scale.id,
        model: (bundle.name(), bundle.version(), bundle.hash()),
        quality: serde_json::to_string(&quality).map_err(Error::internal)?,
        by: caller.user_id.0,
        at: now,
    };
    writes::keep(&mut tx, kind, before.id).await?;
    if let Err(error) = writes::rewrite(&mut tx, kind, before.id, &written).await {
        let index = match kind {
            Kind::Annual => "annual_predictions_period",
            Kind::Quarterly => "quarterly_predictions_period",
        };
        if unique_violation(&error, index) {
            return Err(duplicate(kind, &before.symbol, record.period, &before.access_level));
        }
        return Err(error.into());
    }
    store::latest::settle(&mut tx, &owner(&before)?, &[before.company_id], Growth::NONE).await?;
    let after = store::by_id(&mut tx, kind, before.id).await?;
    let event =
        Event::done(action).on(target(kind), before.id).before(audited(&before)).after(audited(&after));
    audit::record(&mut tx, caller, event.tenant(tenant(&before)), now).await?;
    tx.commit().await?;
    Ok(after)
}
