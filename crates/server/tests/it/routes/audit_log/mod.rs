mod chain;
mod denials;
mod export;
mod list;
mod verify;

use accunode_db::{Db, Timestamp};
use accunode_domain::{Actor, TenantId};
use accunode_server::{
    audit::{self, Event},
    caller::{Caller, Origin},
};

/// When the entries of these tests are written.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A person as requests bring them.
fn caller(name: &str, actor: &Actor) -> Caller {
    Caller {
        actor: actor.clone(),
        email: format!("{name}@example.com"),
        session: None,
        api_key: None,
        must_change_password: false,
        place: accunode_server::caller::Place::default(),
        origin: Origin { request_id: Some("request-1".to_owned()), address: Some("203.0.113.7".to_owned()) },
    }
}

/// Writes entries one after the other.
async fn record(db: &Db, caller: &Caller, events: Vec<Event>) {
    let mut tx = db.scoped(caller).await.unwrap();
    for event in events {
        audit::record(&mut tx, caller, event, NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// A tenant's chain of five entries, `test.1` to `test.5`. Entries name tenants without referring to them, so any
/// will do.
async fn chain_of_five(db: &Db) -> TenantId {
    let tenant = TenantId::new();
    let mut tx = db.system("entries of a test").await.unwrap();
    for action in ["test.1", "test.2", "test.3", "test.4", "test.5"] {
        let event = Event::done(action).tenant(Some(tenant));
        audit::record_background(&mut tx, None, event, NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
    tenant
}
